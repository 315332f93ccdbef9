package tree

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/metertree/metertree/metric"
)

// Rank is by what axes are ordered.
type Rank uint8

// The ranks. In each, labels whose values are nearly one for each series come after
// the others, and labels with one value last.
const (
	// RankByDeclaration puts the labels that were declared first, in their order,
	// then those of the metric, fewest branches first, then those of the scrape.
	RankByDeclaration Rank = iota
	// RankByValue puts the labels first over whose branches the value is spread
	// most unevenly.
	RankByValue
	// RankByChange is RankByValue of the change against the baseline, or without one
	// of the value.
	RankByChange
)

// mostRanked bounds the branches of an axis that is looked into to rank it.
const mostRanked = 1000

// rankedAxis is an axis and what it is ranked by.
type rankedAxis struct {
	Axis
	declared   int // place in the declaration; −1 for none
	nearUnique bool
	uneven     *Number
}

// rankedAxes are the axes of the node in the order that was asked for.
func (t *Tree) rankedAxes(ctx context.Context, p presenter, req MetricRequest) ([]rankedAxis, error) {
	axes, err := t.axes(ctx, p.ask.subject, p.ask.matchers)
	if err != nil {
		return nil, err
	}
	declared := p.ask.subject.family.Axes
	if r := p.ask.subject.ratio; r != nil {
		declared = r.Axes
	}
	ranked := make([]rankedAxis, len(axes))
	for i, a := range axes {
		ranked[i] = rankedAxis{Axis: a, declared: slices.Index(declared, a.Label), nearUnique: nearUnique(a, p.total.Streams)}
	}
	if req.Rank != RankByDeclaration {
		if err := t.weigh(ctx, p, req, ranked); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(ranked, func(a, b rankedAxis) int { return a.compare(b, req.Rank) })
	return ranked, nil
}

// nearUnique reports whether nearly every label set has a value of its own.
func nearUnique(a Axis, streams int) bool { return a.Branches > 10 && 2*a.Branches > streams }

func (a rankedAxis) class(by Rank) int {
	switch {
	case a.Branches < 2:
		return 4
	case a.nearUnique && a.declared < 0:
		return 3
	case by != RankByDeclaration:
		return 0
	case a.declared >= 0:
		return 0
	case a.Label == "instance" || a.Label == "job":
		return 2 // of the scrape, not of the metric
	default:
		return 1
	}
}

func (a rankedAxis) compare(b rankedAxis, by Rank) int {
	order := cmp.Compare(a.class(by), b.class(by))
	if by != RankByDeclaration {
		order = cmp.Or(order, cmp.Compare(orMinus(b.uneven), orMinus(a.uneven)))
	}
	return cmp.Or(order, cmp.Compare(a.place(), b.place()), cmp.Compare(a.Branches, b.Branches), cmp.Compare(a.Label, b.Label))
}

// place is that in the declaration; labels that were not declared come after it.
func (a rankedAxis) place() int {
	if a.declared < 0 {
		return math.MaxInt
	}
	return a.declared
}

func orMinus(n *Number) float64 {
	if n == nil || n.IsNaN() {
		return -1
	}
	return float64(*n)
}

// weigh finds out how unevenly the value, or the change, is spread over the
// branches of each axis.
func (t *Tree) weigh(ctx context.Context, p presenter, req MetricRequest, axes []rankedAxis) error {
	var asks []ask
	var weighed []*rankedAxis
	for i := range axes {
		if a := &axes[i]; a.Branches >= 2 && a.Branches <= mostRanked && (!a.nearUnique || a.declared >= 0) {
			one := ask{subject: p.ask.subject, matchers: p.ask.matchers, by: a.Label, limit: -1}
			asks, weighed = append(asks, one), append(weighed, a)
		}
	}
	now, err := t.put(ctx, asks)
	if err != nil {
		return err
	}
	var before []answer
	if req.Rank == RankByChange && req.Baseline > 0 {
		for i := range asks {
			asks[i].moment.End = p.now.Add(-req.Baseline)
		}
		if before, err = t.put(ctx, asks); err != nil {
			return err
		}
	}
	for i, a := range weighed {
		if now[i].Err != nil || before != nil && before[i].Err != nil {
			continue
		}
		var then answer
		if before != nil {
			then = before[i]
		}
		if u := unevenness(parts(p.ask.subject, now[i], then)); !math.IsNaN(u) {
			n := Number(u)
			a.uneven = &n
		}
	}
	return nil
}

// parts are what each branch has of the value, or of its change since then. Of a
// ratio it is the numerator beyond what the parent's ratio would give the branch.
func parts(s subject, now, then answer) []float64 {
	byValue := make(map[string]float64, len(now.branches))
	take := func(r answer, sign float64) {
		ratio := r.total.sums.Quotient()
		for _, b := range r.branches {
			v := float64(b.Reading.Value)
			if s.ratio != nil {
				v = excess(b.sums, ratio)
			}
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				byValue[b.Value] += sign * v
			}
		}
	}
	take(now, 1)
	take(then, -1)
	values := make([]float64, 0, len(byValue))
	for _, v := range byValue {
		values = append(values, math.Abs(v))
	}
	slices.Sort(values) // so that the sums round alike every time
	return values
}

func excess(s metric.RatioSums, parent metric.Quotient) float64 {
	if !parent.HasData {
		return 0
	}
	return s.Numerator.Sum - parent.Value*s.Denominator.Sum
}

// unevenness is one less Pielou's evenness: the entropy of the parts, divided by
// what it would be were they all equal (Pielou, "The measurement of diversity in
// different types of biological collections", 1966). NaN without anything.
func unevenness(parts []float64) float64 {
	sum, entropy := 0.0, 0.0
	for _, v := range parts {
		sum += v
	}
	if sum <= 0 || len(parts) < 2 {
		return math.NaN()
	}
	for _, v := range parts {
		if share := v / sum; share > 0 {
			entropy -= share * math.Log(share)
		}
	}
	return math.Max(0, 1-entropy/math.Log(float64(len(parts))))
}
