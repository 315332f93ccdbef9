// Package merge is the state of the gateway: what each stream said last, and the
// totals of the series that streams are merged into by dropping the labels that
// tell instances apart.
//
// A State is a deterministic machine. What it holds follows from the batches
// applied to it and the times given with them alone, so that a journal of
// batches rebuilds it. It is not safe for concurrent use.
//
// Totals count every increment once:
//
//   - Cumulative points are differentiated by stream and start time. A new start
//     time is a new process, whose value counts as a whole; so does a value that
//     fell where the start is the same or unknown. A point that is repeated or
//     late adds nothing, because the latest one includes it.
//   - Delta points are added if the period they cover was not yet. A period that
//     was covered as a whole is a repetition, and one that was in part is refused.
//
// Gauges and up-down counters have no total: a series shows what its live streams
// said last, folded.
package merge
