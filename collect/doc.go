// Package collect maps what a program knows about itself to instruments, and
// keeps the values of those that must be asked fresh.
//
// A source knows the business and nothing of metrics: it is a function, mostly
// a method of something that exists already. There are four kinds, and a
// collector for each:
//
//	source            tells                                    collector   becomes
//	EventSource       what happened, when it happens           Events      counters, histograms
//	StateSource       how things are now, as often as asked    State       gauges
//	StatisticsSource  totals that the domain keeps by itself   Statistics  counters, gauges
//	ProbeSource       whether something works                  Probe       a gauge of 0 or 1, a duration
//
// A collector maps and never serves. It is added to a Refresher, which reads
// the source before a collection of the registry, unless what is known is still
// fresh, and ends the collector's series when the last user releases it.
//
// # Refreshing
//
// A collection first refreshes the collectors that are due, then reads the
// registry. Several run at once, up to Options.Concurrency. A collection that
// finds a run under way joins it. Each run has a timeout, and a collection waits
// for a bounded time only: what is not ready by then goes on in the background,
// and its earlier values are shown meanwhile. A run's values are taken over
// together when it ends in time and without an error, and otherwise not at all.
// A source that ignores its context keeps its one goroutine; it is not asked
// again until it returned.
//
// # Meters
//
// All names are below "metertree" in Options.Scope; the key is collector, the
// name under which a collector was added.
//
//	name                                      kind       what
//	collector_duration_seconds                histogram  runs, those included that failed
//	collector_failures_total                  counter    runs that failed, by reason: error, timeout or panic
//	collector_last_success_timestamp_seconds  gauge      end of the last run without a failure, Unix time; 0 before
//	collector_up                              gauge      1 if the last run did not fail, otherwise 0; 0 before the first
//	collector_resets_total                    counter    totals of a source that went backwards
//
// A run fails at its timeout, whether or not its source returns later. Values
// that a source must not give, such as NaN or a negative total, are dropped and
// counted by the registry as every such update is.
package collect
