// Package pagetest holds what the explorer's pages answer to a real Prometheus. It
// has tests only.
package pagetest
