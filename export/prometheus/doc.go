// Package prometheus writes collected families in the formats that Prometheus
// scrapes, and serves them over HTTP: the text format, version 0.0.4,
// OpenMetrics 1.0, and protobuf, which alone carries native histograms.
//
// Families come in the order of the collection and series in the order of
// their labels, so two scrapes of the same state are equal byte for byte. A
// family without a series is left out altogether, its HELP and TYPE too.
//
// # What becomes of the kinds
//
// An up-down counter is a gauge, because the formats have no such type. A
// histogram is one if it has buckets; with exponential ones it has, in protobuf,
// native buckets beside the explicit ones, unless they are wider than native
// ones may be. A histogram of which the sum and count are kept is a summary
// without quantiles. Its extremes are gauges of their own, NAME_min and NAME_max,
// and so are the quantiles of one that keeps every value, NAME_quantile, if
// Exposition asks for them and no value was missed.
//
// # OpenMetrics
//
// A family's unit is told only if its name ends with it. A counter whose name
// does not end in _total, or whose name without it is that of a family before,
// has the type unknown.
//
// The format forbids counters below zero and sums that can fall, and a strict
// reader refuses the whole scrape for one. Counters below zero are left out. A
// histogram that declares bounds below zero, and a summary of which a sum may
// fall, keep their samples, but each of their names is a family of its own:
// NAME_bucket of the type unknown, NAME_count and NAME_sum gauges. Of any other
// histogram, a series that has values below zero in spite of its bounds, or
// exponential buckets for them, has neither sum nor count. Text and protobuf
// have none of these rules.
//
// # Protobuf
//
// A message stands behind its length and so must be held in memory; a family
// that outgrows 1 MiB goes on in another message of the same name.
//
// # Label values that are not UTF-8
//
// The formats are UTF-8, while a label value may hold any bytes. A byte that is
// part of no valid encoding is written as U+FFFD followed by its two lower-case
// hexadecimal digits: the bytes "caf\xe9" read "caf\uFFFDe9". Plain replacement
// by U+FFFD would give "a\xe8" and "a\xe9" the same name, and a scrape that holds
// one series twice is refused as a whole. For the same reason a genuine U+FFFD
// that two such digits follow has each of its own three bytes written this way;
// every other genuine U+FFFD is written as it is. Different label sets therefore
// always stay different, and the series' identity in the registry is not
// touched. Help texts identify nothing, so there U+FFFD alone takes the place of
// what is invalid.
package prometheus
