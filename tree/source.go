package tree

import (
	"context"
	"errors"
	"time"
)

// ErrUnknownMetric is returned, wrapped, for a metric the source does not hold.
var ErrUnknownMetric = errors.New("no such metric")

// ErrNoHistory is returned, wrapped, by Range when the source holds one instant only.
var ErrNoHistory = errors.New("the source has no history")

// ErrRequest is wrapped by the errors of requests that no source could answer.
var ErrRequest = errors.New("invalid request")

// Source is where the numbers of a tree come from. Implementations are safe for
// concurrent use, honour the context, and bound what they read and return.
type Source interface {
	// Families lists every family with at least one current series, sorted by name.
	Families(ctx context.Context) ([]Family, error)

	// Axes lists the labels that the selected series carry and the selector does
	// not fix yet, sorted by name, each with the number of branches it would open.
	Axes(ctx context.Context, sel Selector) ([]Axis, error)

	// Fold answers each query at one instant, the same for all, in the order
	// asked. What goes wrong with a single query is in its Result; the error is
	// for what concerns them all.
	Fold(ctx context.Context, queries []Query) ([]Result, error)

	// Range folds a query at regular instants of the past. A source without
	// history returns ErrNoHistory.
	Range(ctx context.Context, q Query, w Window) (RangeResult, error)
}

// Axis is a label along which a node can be expanded.
type Axis struct {
	Label string `json:"label"`
	// Branches is the number of values, counting the series without the label as one.
	Branches int `json:"branches"`
}

// Query asks for the value of a node and, with By set, of its branches.
type Query struct {
	Family   Family
	Selector Selector
	By       string // label to expand along; empty for the node alone
	Limit    int    // most branches to return; 0 is DefaultBranches
	// Quantile, when not 0, asks Range for this quantile of a histogram's
	// observations in place of their rate. Fold does not use it.
	Quantile float64
}

// DefaultBranches is the number of branches returned when a query sets no limit.
const DefaultBranches = 100

// BranchLimit is the number of branches the query asks for.
func (q Query) BranchLimit() int {
	if q.Limit > 0 {
		return q.Limit
	}
	return DefaultBranches
}

// Group is a set of series and their folded value.
type Group struct {
	Value  string // of the label the query is expanded by; empty for the series without it
	Series int    // stored series, buckets included
	// Streams is the number of label sets, so a histogram's buckets count once.
	Streams int
	Reading Reading
}

// Result answers a Query.
type Result struct {
	Total  Group   // the node itself
	Groups []Group // its branches: largest first, then by value
	Other  *Group  // the branches beyond the limit folded into one; nil when none is
	Others int     // how many branches Other stands for
	Err    error
}

// Window is a stretch of time and its resolution.
type Window struct {
	Start, End time.Time
	Step       time.Duration
}

// Instants returns the instants of the window, first to last.
func (w Window) Instants() []time.Time {
	if w.Step <= 0 || w.End.Before(w.Start) {
		return nil
	}
	n := int(w.End.Sub(w.Start)/w.Step) + 1
	at := make([]time.Time, n)
	for i := range at {
		at[i] = w.Start.Add(time.Duration(i) * w.Step)
	}
	return at
}

// RangeResult answers a Query over a Window. Every line has one number per
// instant, NoData where there was none.
type RangeResult struct {
	Times   []time.Time
	Meaning Meaning
	Total   []Number
	Lines   []Line // largest over the window first, at most the query's limit
	Others  int    // branches left out
}

// Line is one branch over time.
type Line struct {
	Value  string
	Points []Number
}
