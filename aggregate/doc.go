// Package aggregate turns many updates into few numbers. There are six
// aggregators:
//
//   - IntSum and FloatSum add up;
//   - LastValue keeps the last value and its time;
//   - MinMaxSumCount keeps those four;
//   - Sketch keeps a distribution in exponential buckets, with a bound on the
//     relative error of its quantiles;
//   - Explicit keeps a distribution over buckets with given bounds;
//   - Exact keeps every value.
//
// An update may run at any time in any goroutine, and once an aggregator has
// seen the range of its values it allocates nothing, but for an Exact, which
// makes room as values come, until its limit. Checkpoint reads what an
// aggregator holds into a state, whose memory is reused from call to call; it
// may run at any time too. It resets nothing: an aggregator only grows, so a
// reader that wants what is new since its last report subtracts the state that
// it reported (Sub), and a report that failed is made up for by the next one.
// A checkpoint that runs beside an update may have the one word of it and not
// yet the other, such as the sum and not the count; the next checkpoint has
// both.
//
// States merge: the order and grouping in which states are merged make no
// difference, except that sums of floats are rounded in the order in which they
// are added. The zero value of every state is empty, and merging it changes
// nothing. A state belongs to one goroutine at a time.
//
// Updates expect finite values. One that is not is ignored and counted in
// Dropped, because a single NaN would make a sum useless for good. Finite
// values whose sum exceeds what a float64 holds make the sum infinite; counts
// stay right.
package aggregate
