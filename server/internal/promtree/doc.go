// Package promtree is a tree.Source over anything that answers PromQL: the
// engine that runs in the server, or another server behind its HTTP API. It
// writes the expressions and makes sense of the answers; who evaluates them is a
// [Backend].
//
// Expressions are built from matchers and names, each quoted where it is
// written, so that a label value cannot become part of a query. What is shown is
// what an expression gives, so that people can go on with it elsewhere: see
// [Source.Expression].
//
// # Where PromQL differs from a fold
//
// A series that is not a number makes a sum no number. Where an answer is none, it
// is asked for again without those series, and the result says so.
//
// Histograms of unlike bounds are added up bound by bound, which makes quantiles
// rougher than a merge that knows the bounds. The result says so; the quantile is
// the one PromQL gives.
//
// rate() drops names, so that parts of different names are aggregated by
// themselves and told apart by a label before they are added up.
//
// # Cost
//
// Node and branches are separate queries, so that one can be held against the
// other. What does not depend on one another is asked for at the same time. Label
// sets are listed up to a bound, beyond which the values of each label are counted
// where the series are; leaves are counted before they are read.
package promtree
