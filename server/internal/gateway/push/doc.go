// Package push turns what is pushed to the gateway, in any of the protocols it
// understands, into one form: a Batch of cumulative and delta points, each with
// the identity of the stream it belongs to.
//
// Decoding is a pure function of the request and the limits, so that a journal
// may hold requests as they came. Whatever the body says of its own size, the
// memory that decoding takes is bounded by the limits.
package push
