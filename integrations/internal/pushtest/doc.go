// Package pushtest is what the tests of exporters that push by HTTP have in
// common: batches, a backend that answers as it is told, and checks of what all
// such exporters do alike.
package pushtest
