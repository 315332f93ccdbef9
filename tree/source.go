package tree

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/metertree/metertree/metric"
)

// ErrUnknownMetric is returned, wrapped, for a metric the source does not hold.
var ErrUnknownMetric = errors.New("no such metric")

// ErrUnknownScope is returned, wrapped, for a scope without a metric.
var ErrUnknownScope = errors.New("no such scope")

// ErrNoHistory is returned, wrapped, by Range when the source holds one instant only.
var ErrNoHistory = errors.New("the source has no history")

// ErrRequest is wrapped by the errors of requests that no source could answer.
var ErrRequest = errors.New("invalid request")

// ErrTooMany is returned, wrapped, by Leaves when there are more than asked for.
var ErrTooMany = errors.New("too many leaves")

// Source is where the numbers of a tree come from. Implementations are safe for
// concurrent use, honour the context, and bound what they read and return.
type Source interface {
	// Families lists every family with at least one current series, sorted by name.
	Families(ctx context.Context) ([]Family, error)

	// Ratios lists what is declared to be divided by what, sorted by name, whether
	// or not there are series of it.
	Ratios(ctx context.Context) ([]metric.Ratio, error)

	// Axes lists the labels that the selected series carry and the selector does
	// not fix yet, sorted by name, each with the number of branches it would open.
	Axes(ctx context.Context, sel Selector) ([]Axis, error)

	// Fold answers each query, those without a moment of their own at one instant,
	// the same for all, in the order asked. What goes wrong with a single query is
	// in its Result; the error is for what concerns them all.
	Fold(ctx context.Context, queries []Query) ([]Result, error)

	// Range folds a query at regular instants of the past. A source without
	// history returns ErrNoHistory.
	Range(ctx context.Context, q Query, w Window) (RangeResult, error)

	// Leaves gives the label sets of a node over a stretch of time. A source
	// without history returns ErrNoHistory.
	Leaves(ctx context.Context, q LeavesQuery) ([]Leaf, error)
}

// Querier is a Source whose numbers are answers to expressions of PromQL.
type Querier interface {
	// Expression returns the expression whose answer, at the moment of the result,
	// is the value of the query's node, or with Query.Quantile set that quantile.
	// Query.As is the meaning of the value, and the moment's length that of the
	// result. By and Limit are not looked at. It is empty where no expression gives
	// the number.
	Expression(q Query) string
}

// Noticer is a Source that knows what is missing from its recent answers.
type Noticer interface {
	// Notices tells, as sentences, what is missing and why; it is empty when
	// nothing is.
	Notices() []string
}

// Axis is a label along which a node can be expanded.
type Axis struct {
	Label string `json:"label"`
	// Branches is the number of values, counting the series without the label as one.
	Branches int `json:"branches"`
}

// Moment is when a number is of, and how much time it is taken over. The zero
// Moment is now, and the source's own window for rates.
type Moment struct {
	End time.Time
	// Length is the time a rate is taken over; 0 is the source's own.
	Length time.Duration
}

// Part is a family, or what matchers select of it.
type Part struct {
	Family Family
	Where  metric.Matchers
}

// Exclusion leaves out the series whose label has one of the values; the empty
// value stands for a label that is not set.
type Exclusion struct {
	Label  string
	Values []string // sorted
}

// Query asks for the value of a node and, with By set, of its branches.
type Query struct {
	Family   Family
	Selector Selector
	// Where narrows the family further than the selector does.
	Where metric.Matchers
	// Except leaves out some branches of the node; nil leaves out none.
	Except *Exclusion
	// Also are further parts that are folded in, narrowed by the selector's
	// matchers and by Except too. All parts either increase or do not.
	Also  []Part
	By    string // label to expand along; empty for the node alone
	Limit int    // most branches to return; 0 is DefaultBranches, less is all
	// Quantile, when not 0, asks Range for this quantile of a histogram's
	// observations in place of their rate. Fold does not use it.
	Quantile float64
	// Moment is when; Range does not use it.
	Moment Moment
	// As, when not empty, is the meaning that the value of something that
	// increases must have: MeaningRate or MeaningTotal. A rate that cannot be told
	// is no data then. Otherwise the source chooses the rate if there is any.
	As Meaning
	// SkipNaN makes an expression leave out series that are not a number, as
	// folding always does: see Result.SkippedNaN.
	SkipNaN bool
}

// Parts are all the query folds: its own part first.
func (q Query) Parts() []Part {
	return append([]Part{{Family: q.Family, Where: q.Where}}, q.Also...)
}

// Selects reports whether the query's matchers, and those of the part, select a
// series with the labels that the function returns, "" for one that is not set.
func (q Query) Selects(p Part, label func(name string) string) bool {
	for _, m := range q.Selector.Matchers {
		if label(m.Name) != m.Value {
			return false
		}
	}
	for _, m := range p.Where {
		if !m.Matches(label(m.Label)) {
			return false
		}
	}
	if q.Except == nil {
		return true
	}
	_, out := slices.BinarySearch(q.Except.Values, label(q.Except.Label))
	return !out
}

// DefaultBranches is the number of branches returned when a query sets no limit.
const DefaultBranches = 100

// BranchLimit is the number of branches the query asks for.
func (q Query) BranchLimit() int {
	switch {
	case q.Limit > 0:
		return q.Limit
	case q.Limit < 0:
		return math.MaxInt
	default:
		return DefaultBranches
	}
}

// Group is a set of series and their folded value.
type Group struct {
	Value  string // of the label the query is expanded by; empty for the series without it
	Series int    // stored series, buckets included
	// Streams is the number of label sets, so a histogram's buckets count once.
	Streams int
	// NaNs is how many of them are not a number, which an average leaves out.
	NaNs    int
	Reading Reading
}

// Result answers a Query.
type Result struct {
	Total  Group   // the node itself
	Groups []Group // its branches: largest first, then by value
	Other  *Group  // the branches beyond the limit folded into one; nil when none is
	Others int     // how many branches Other stands for
	// At is the moment of all of it.
	At time.Time
	// Length is the time its rates are taken over, where the source chose it and can
	// be asked for another.
	Length time.Duration
	// SkippedNaN says that there are series whose value is not a number. They are
	// left out, which an expression has to spell out.
	SkippedNaN bool
	// MixedBuckets says that histograms with unlike bounds were merged, so that
	// quantiles are rougher than the bounds suggest.
	MixedBuckets bool
	Err          error
}

// LeavesQuery asks for the label sets of a node over a stretch of time.
type LeavesQuery struct {
	Family   Family
	Selector Selector
	Where    metric.Matchers
	By       []string // labels that tell leaves apart
	Moment   Moment   // its Length is not 0
	Limit    int      // most leaves to return; more is ErrTooMany
}

// Leaf is one label set over a stretch of time.
type Leaf struct {
	Values []string // in the order of LeavesQuery.By; "" is the label's absence
	// Value is the rate per second of what increases, and otherwise the sum over
	// the series of their means over the time.
	Value float64
	// Streams is the number of label sets of the family in the leaf.
	Streams int
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
