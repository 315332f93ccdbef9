package explain_test

import (
	"cmp"
	"context"
	"math"
	"slices"
	"testing"

	"github.com/metertree/metertree/tree/explain"
)

// method answers with branches, the best first.
type method struct {
	name string
	// singles says that the method knows single values only: one value of a
	// pair then counts as a hit.
	singles bool
	answer  func(*testing.T, incident) [][]explain.Matcher
}

var methods = []method{
	{"explain", false, answerExplain},
	{"largest delta", true, answerLargest},
	{"Adtributor", true, answerAdtributor},
}

func explained(t *testing.T, in incident) *explain.Explanation {
	t.Helper()
	e, err := (*explain.Explanation)(nil), error(nil)
	if in.ratios != nil {
		e, err = explain.Ratio(context.Background(), in.labels, in.ratios, explain.Options{})
	} else {
		e, err = explain.Sum(context.Background(), in.labels, in.sums, explain.Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// answerExplain gives the branches; where everything changed alike, silence is
// not enough: it must be said.
func answerExplain(t *testing.T, in incident) (branches [][]explain.Matcher) {
	e := explained(t, in)
	if in.uniform && e.Verdict != explain.Uniform {
		return [][]explain.Matcher{nil}
	}
	for _, b := range e.Branches {
		branches = append(branches, b.Matchers)
	}
	return branches
}

// element is one value of one label, summed over its leaves.
type element struct {
	matcher        explain.Matcher
	n0, d0, n1, d1 float64
}

// elements groups the leaves by each label; a sum has denominators of 0.
func elements(in incident) (byLabel [][]*element) {
	for l, label := range in.labels {
		known := map[string]*element{}
		var list []*element
		add := func(value string, n0, d0, n1, d1 float64) {
			e := known[value]
			if e == nil {
				e = &element{matcher: explain.Matcher{Label: label, Value: value}}
				known[value], list = e, append(list, e)
			}
			e.n0, e.d0, e.n1, e.d1 = e.n0+n0, e.d0+d0, e.n1+n1, e.d1+d1
		}
		for _, leaf := range in.sums {
			add(leaf.Values[l], leaf.Before, 0, leaf.After, 0)
		}
		for _, leaf := range in.ratios {
			add(leaf.Values[l], leaf.NumBefore, leaf.DenBefore, leaf.NumAfter, leaf.DenAfter)
		}
		byLabel = append(byLabel, list)
	}
	return byLabel
}

func totals(list []*element) (sum element) {
	for _, e := range list {
		sum.n0, sum.d0, sum.n1, sum.d1 = sum.n0+e.n0, sum.d0+e.d0, sum.n1+e.n1, sum.d1+e.d1
	}
	return sum
}

// answerLargest is what one does by eye: every label's table, sorted by the
// absolute change; for a ratio, of what the value adds to it.
func answerLargest(_ *testing.T, in incident) (branches [][]explain.Matcher) {
	var all []*element
	change := map[*element]float64{}
	for _, list := range elements(in) {
		sum := totals(list)
		for _, e := range list {
			change[e] = math.Abs(e.n1 - e.n0)
			if in.ratios != nil {
				change[e] = math.Abs(e.n1/sum.d1 - e.n0/sum.d0)
			}
		}
		all = append(all, list...)
	}
	slices.SortStableFunc(all, func(a, b *element) int { return cmp.Compare(change[b], change[a]) })
	for _, e := range all {
		branches = append(branches, []explain.Matcher{e.matcher})
	}
	return branches
}

// answerAdtributor follows the paper: within a label the values in order of
// surprise that each explain a tenth of the change, until two thirds are
// explained; labels in order of the surprise of their sets.
func answerAdtributor(_ *testing.T, in incident) (branches [][]explain.Matcher) {
	type set struct {
		elements []*element
		surprise float64
	}
	var sets []set
	for _, list := range elements(in) {
		sum := totals(list)
		surprise := func(e *element) float64 {
			return divergence(e.n0/sum.n0, e.n1/sum.n1) + divergence(e.d0/max(sum.d0, 1), e.d1/max(sum.d1, 1))
		}
		power := func(e *element) float64 { return (e.n1 - e.n0) / (sum.n1 - sum.n0) }
		if in.ratios != nil {
			effect := func(e *element) float64 {
				return ((e.n1-e.n0)*sum.d0 - (e.d1-e.d0)*sum.n0) / (sum.d0 * (sum.d0 + e.d1 - e.d0))
			}
			whole := 0.0
			for _, e := range list {
				whole += effect(e)
			}
			power = func(e *element) float64 { return effect(e) / whole }
		}
		slices.SortStableFunc(list, func(a, b *element) int { return cmp.Compare(surprise(b), surprise(a)) })
		s, explained := set{}, 0.0
		for _, e := range list {
			if p := power(e); p >= 0.1 {
				s.elements = append(s.elements, e)
				s.surprise += surprise(e)
				if explained += p; explained > 0.67 {
					sets = append(sets, s)
					break
				}
			}
		}
	}
	slices.SortStableFunc(sets, func(a, b set) int { return cmp.Compare(b.surprise, a.surprise) })
	for _, s := range sets {
		for _, e := range s.elements {
			branches = append(branches, []explain.Matcher{e.matcher})
		}
	}
	return branches
}

// divergence is a term of the Jensen-Shannon divergence.
func divergence(p, q float64) float64 {
	term := func(x float64) float64 {
		if x == 0 {
			return 0
		}
		return x * math.Log(2*x/(p+q)) / 2
	}
	return term(p) + term(q)
}
