package tree

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
)

// divide makes the answer about a ratio of those about its two sides.
func (a ask) divide(results []Result, as Meaning) answer {
	var bottom, top Result
	if a.subject.bottom.exists() {
		bottom, results = results[0], results[1:]
	}
	if len(results) > 0 {
		top = results[0]
	}
	answered := answer{as: as, Result: Result{
		At:         cmp.Or(bottom.At, top.At),
		Length:     bottom.Length,
		SkippedNaN: bottom.SkippedNaN || top.SkippedNaN,
	}}
	for _, r := range []Result{bottom, top} {
		if r.Err != nil {
			answered.Err = r.Err
			return answered
		}
	}
	whole := newAmount(top.Total, bottom.Total)
	answered.total = whole
	answered.total.settle(metric.WithinGroup, whole)
	answered.branches = join(top.Groups, bottom.Groups)
	for i := range answered.branches {
		answered.branches[i].settle(a.mode, whole)
	}
	slices.SortFunc(answered.branches, largestFirst)
	answered.cut(a, whole)
	return answered
}

// newAmount holds the two sides of a node; its quotient is for settle.
func newAmount(top, bottom Group) amount {
	side := func(g Group) (metric.Amount, *Reading) {
		if g.Reading.Meaning == "" || g.Reading.Value.IsNaN() {
			return metric.Amount{}, nil
		}
		return metric.AmountOf(float64(g.Reading.Value)), &g.Reading
	}
	n := amount{Group: Group{Value: bottom.Value, Series: bottom.Series, Streams: bottom.Streams}}
	n.sums.Numerator, n.above = side(top)
	n.sums.Denominator, n.below = side(bottom)
	return n
}

// settle divides, in a mode by what the parent has.
func (n *amount) settle(mode metric.RatioMode, parent amount) {
	q := mode.Quotient(n.sums, parent.sums)
	n.exceeds = q.Exceeds
	n.Reading = Reading{Meaning: MeaningRatio, Value: Number(q.Value)}
	if mode == metric.ShareOfParent {
		n.below = parent.below
	}
	if !q.HasData {
		n.Reading = Reading{Meaning: MeaningNone, Value: NoData}
	}
}

// join brings the branches of both sides together.
func join(top, bottom []Group) []amount {
	sides := make(map[string][2]Group, len(bottom))
	for _, g := range bottom {
		sides[g.Value] = [2]Group{{Value: g.Value}, g}
	}
	for _, g := range top {
		both := sides[g.Value]
		both[0], both[1].Value = g, g.Value
		sides[g.Value] = both
	}
	branches := make([]amount, 0, len(sides))
	for _, both := range sides {
		branches = append(branches, newAmount(both[0], both[1]))
	}
	return branches
}

// largestFirst orders branches of a ratio: by value, then by how much there is,
// then by the label's value; those without data last.
func largestFirst(a, b amount) int {
	x, y := float64(a.Reading.Value), float64(b.Reading.Value)
	if math.IsNaN(x) != math.IsNaN(y) {
		return map[bool]int{true: 1, false: -1}[math.IsNaN(x)]
	}
	if x != y && !math.IsNaN(x) {
		return cmp.Compare(y, x)
	}
	return cmp.Or(cmp.Compare(b.sums.Denominator.Sum, a.sums.Denominator.Sum), strings.Compare(a.Value, b.Value))
}

// cut keeps as many branches as the question wants and adds the rest up.
func (r *answer) cut(a ask, parent amount) {
	limit := Query{Limit: a.limit}.BranchLimit()
	if len(r.branches) <= limit {
		return
	}
	rest := r.branches[limit:]
	r.branches = r.branches[:limit:limit]
	r.Others, r.other = len(rest), a.merge(rest, r.as, parent)
}

// merge adds up branches of a ratio, or folds those of a metric.
func (a ask) merge(branches []amount, as Meaning, parent amount) *amount {
	merged := &amount{}
	if a.subject.ratio == nil {
		groups := make([]Group, len(branches))
		for i, b := range branches {
			groups[i] = b.Group
		}
		merged.Group = *mergeGroups(groups, a.subject.family.Fold)
		return merged
	}
	for _, b := range branches {
		merged.sums = merged.sums.Plus(b.sums)
		merged.Series += b.Series
		merged.Streams += b.Streams
	}
	side := func(n metric.Amount) *Reading {
		if !n.Present {
			return nil
		}
		return &Reading{Meaning: as, Value: Number(n.Sum)}
	}
	merged.above, merged.below = side(merged.sums.Numerator), side(merged.sums.Denominator)
	merged.settle(a.mode, parent)
	return merged
}

// quotientQuery is the expression of PromQL for a ratio of two: nothing where the
// denominator is nothing, zero or less, and zero where only the numerator is
// absent.
func quotientQuery(numerator, denominator string) string {
	switch {
	case denominator == "":
		return ""
	case numerator == "":
		return "0 * (" + denominator + " > 0)"
	default:
		return "(" + numerator + " or 0 * " + denominator + ") / (" + denominator + " > 0)"
	}
}
