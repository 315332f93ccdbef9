// Package normalise makes label values few: a normaliser maps what a program
// knows, such as a request's path or a provider's name for a model, to a value
// that is fit to be a label.
//
// Every normaliser is a pure function that may be called from any goroutine. It
// is idempotent, takes any string at all, gives valid UTF-8 for valid UTF-8, and
// passes the reserved values of package policy as they are, so that what an
// earlier bound has merged stays merged. On values that are already as they
// should be it allocates nothing.
package normalise
