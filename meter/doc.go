// Package meter is what application code imports: scopes, the instruments they
// make, and bound handles.
//
// A Scope names a part of a program and carries constant labels; it makes
// counters, up-down counters, gauges and histograms. An instrument is updated
// directly, by giving label values with every call, or bound, through a handle
// on one series, which is the fastest. The typed forms (CounterOf and its
// siblings) take label values as the fields of a struct, so that a forgotten or
// misspelt label does not compile.
//
// Handles are small values: copy them freely. The zero value of every handle
// and of Scope is a no-op, so metrics are off wherever none were set up. All
// methods may be called at any time from any goroutine, and no update blocks,
// allocates once its series exists, panics or logs per call.
//
// In a build with the tag metertree_off metrics are off everywhere: updates
// compile to nothing, Enabled is the constant false, callbacks never run, and
// definitions are checked only for what they say by themselves.
package meter
