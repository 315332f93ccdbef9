// Package queryapi is a tree.Source over the HTTP query API of Prometheus and of
// the servers that speak it: VictoriaMetrics, Mimir, Thanos. Nothing is stored;
// every number is the remote's answer to a query.
//
// # What differs between servers
//
// Kind, unit and help come from the metadata API. Where a server has none, as
// VictoriaMetrics 1.79, they are inferred from names and marked as inferred.
//
// VictoriaMetrics takes a rate over the samples in the window and the one before
// it, without extrapolating to the window's ends: its rates are Prometheus' for
// counters that grow evenly, and differ for others. Unless set otherwise it
// answers for the moment 30 s ago when asked about the present, and takes a sample
// as current for as long as the gaps between a series' samples suggest, not for
// five minutes. Version 1.79 refuses label names beyond letters, digits and
// underscores, so a metric cannot be expanded along them there.
//
// VictoriaMetrics stores nothing that is not a number and leaves such results out of
// an answer: the sum of opposite infinities is absent there, as are the quantiles of
// no observations.
//
// Prometheus 2 takes a range to include its left end, Prometheus 3 does not: the
// rates of counters with a sample exactly there differ.
//
// Thanos and VictoriaMetrics clusters may answer in part and say so; see
// [Source.Notices].
package queryapi
