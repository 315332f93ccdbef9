// Package live is a tree.Source over the metrics of the running program, with a
// short history in memory, so that rates, plots and comparisons with a while ago
// work without a server.
//
// Nothing is guessed: kinds, units, the folds of gauges, roles, axes and ratios are
// those declared at the instruments. A gauge declared to fold by its last value has
// no common value here, because a collection does not tell which series was set
// last.
//
// # When it works
//
// Sampling begins at the first question and ends, with the history forgotten,
// when nobody has asked for a while; until then the source holds nothing and runs
// nothing. The second sample follows the first after a second, or Options.Interval
// if that is shorter, and the others at that interval: who opens a page and asks
// again a second later sees rates. A sample is a collection like a scrape, so that
// it counts towards the idle collections after which a registry forgets a series.
//
// # Bounds
//
// Options.MaxSeries bounds the series of one sample. Where there are more, the
// metrics with the most series are left out, largest first, until the rest fits;
// asking for one says so. Options.MaxBytes bounds the history: the newest samples
// stay and the oldest go, however short the history becomes. [Source.Notices]
// tells of both.
//
// # Rates
//
// A rate is the increase between the first and the last sample within
// Options.RateWindow, or the length asked for, divided by the time between them,
// and nothing is extrapolated. Every series is compared at the same instants, so
// branches add up to their parent exactly. A fall of a sum is a restart: what it
// shows is what was counted since. A series that began after the sample before
// counted from zero, so nothing of it is lost. A series that ended within the time
// is in the rate, as a branch with no series if it was alone in it. With one sample
// only, totals are given, and marked so.
//
// # Moments
//
// A moment of the past is answered with the last sample until then, as it was
// answered then. Moments before the history are errors that wrap
// tree.ErrNoHistory and say how far back it reaches. Rates over a length that
// began before it are over the part there is.
package live
