// Package naming judges the names of metrics and labels. The same rules serve
// definitions, one metric at a time, and parsed expositions, all metrics of a
// program at once; so they look at a neutral description, Metric.
//
// A rule is one function in a file of its own, beside its examples. Some look at
// one metric, and some at a whole set, such as the one that finds names which
// should be one name and a label. A Waiver takes a metric out of a rule and says
// why.
package naming
