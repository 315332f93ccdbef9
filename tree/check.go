package tree

import (
	"fmt"
	"math"

	"github.com/metertree/metertree/metric"
)

// rounding is how far, as a part of the largest value, two ways to add the same
// numbers may differ.
const rounding = 1e-9

// check compares the node with the fold of its branches. It is nil where several
// branches have no value in common.
func (p presenter) check() *Check {
	all := p.branches
	if p.other != nil {
		all = append(all[:len(all):len(all)], *p.other)
	}
	folded, words := p.foldAll(all)
	if words == "" {
		return nil
	}
	whole := float64(p.total.Reading.Value)
	c := &Check{Folded: Number(folded), Difference: Number(whole - folded)}
	largest := math.Max(math.Abs(whole), math.Abs(folded))
	for _, b := range all {
		if v := math.Abs(float64(b.Reading.Value)); v > largest && p.ask.subject.additive() {
			largest = v // of which sums that cancel are rounded
		}
	}
	switch {
	case math.IsNaN(whole) && math.IsNaN(folded), whole == folded:
		c.Holds, c.Difference = true, 0
	case math.IsInf(largest, 1):
	default:
		c.Holds = math.Abs(whole-folded) <= rounding*largest
	}
	if c.Holds {
		c.Text = words + " the node"
		return c
	}
	c.Text = fmt.Sprintf("%s %s, the node is %s", words, p.write(folded), p.write(whole))
	return c
}

// foldAll is what branches make up, and in words how.
func (p presenter) foldAll(all []amount) (float64, string) {
	s := p.ask.subject
	if s.ratio != nil {
		var sums metric.RatioSums
		for _, b := range all {
			sums = sums.Plus(b.sums)
		}
		if p.ask.mode == metric.ShareOfParent {
			return float64(foldValues(all, FoldSum)), "the shares of the branches add up to"
		}
		return sums.Quotient().Value, "numerators and denominators of the branches add up to those of"
	}
	switch f := s.family.Fold; f {
	case FoldSum:
		return float64(foldValues(all, f)), "branches add up to"
	case FoldMin:
		return float64(foldValues(all, f)), "the least of the branches is"
	case FoldMax:
		return float64(foldValues(all, f)), "the largest of the branches is"
	case FoldAvg:
		groups := make([]Group, len(all))
		for i, b := range all {
			groups[i] = b.Group
		}
		return float64(mergeGroups(groups, f).Reading.Value), "branches, weighed by their series, average to"
	default:
		return 0, ""
	}
}

func foldValues(all []amount, f Fold) Number {
	acc := Accumulator{Fold: f}
	for _, b := range all {
		acc.Add(float64(b.Reading.Value))
	}
	return acc.Value()
}

// write is a value of the subject for people.
func (p presenter) write(v float64) string {
	r := Reading{Meaning: p.total.Reading.Meaning, Value: Number(v)}
	Describe(p.ask.subject.described(), &r, p.now)
	return r.Text
}
