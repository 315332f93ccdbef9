// Package tree turns a flat set of metric families into a tree a person can walk.
//
// Above a metric the tree is structural: a trie of the segments of the names
// (http_server_ → requests_total). Below a metric it is arithmetic: a metric is
// expanded along one of its labels into the values of that label, and so on, so
// that a node is a metric together with matchers. The series without the label
// form a branch of their own, shown as [Unset], so the branches of a node always
// partition it.
//
// A parent is defined by its children. Each kind says how: counters and the
// observations of histograms add up, histograms merge their buckets before any
// quantile is taken, and a gauge is folded as declared or, for a metric that
// declares nothing, as inferred from its name and marked as inferred.
//
// Where the numbers come from is a [Source]. The package holds one, [Snapshot],
// over samples held in memory; others read a time series database.
//
// # JSON
//
// [Node], [Plot] and what they contain marshal to JSON with the field names in
// their tags; these names are stable. Numbers that JSON cannot express are null
// (not a number, no data) or the strings "+Inf" and "-Inf". Times are Unix
// milliseconds. Every list has a deterministic order.
package tree
