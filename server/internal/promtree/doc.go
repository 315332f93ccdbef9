// Package promtree is a tree.Source over anything that answers PromQL: the
// engine that runs in the server, or another server behind its HTTP API. It
// writes the expressions and makes sense of the answers; who evaluates them is a
// [Backend].
//
// Expressions are built from matchers and names, each quoted where it is
// written, so that a label value cannot become part of a query.
package promtree
