package explain

import (
	"cmp"
	"math"
	"slices"
)

// minor is the part of the largest branch below which others are not listed.
const minor = 0.05

// assembly turns findings into branches: every leaf into the first one that
// holds it.
type assembly struct {
	t     *table
	axes  []axis
	owner []int // of each leaf, the branch, or -1
}

// newAssembly keeps the findings with the largest effects, drops what is minor
// beside the largest, and shares out the leaves. A pair takes its leaves before a
// single label does, and a rate before a shift of volume: the narrower statement
// is the exception to the wider one.
func newAssembly(t *table, axes []axis, found []finding, most int) (*assembly, []finding) {
	bySize := func(a, b finding) int {
		return cmp.Or(cmp.Compare(math.Abs(b.effect), math.Abs(a.effect)),
			cmp.Compare(a.axis, b.axis), cmp.Compare(a.cell, b.cell))
	}
	found = slices.SortedStableFunc(slices.Values(found), bySize)
	for i, f := range found {
		if i == most || math.Abs(f.effect) < minor*math.Abs(found[0].effect) {
			found = found[:i]
			break
		}
	}
	slices.SortStableFunc(found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(arity(axes[b.axis]), arity(axes[a.axis])), cmp.Compare(a.kind, b.kind), bySize(a, b))
	})
	a := &assembly{t: t, axes: axes, owner: make([]int, t.leaves())}
	for i := range a.owner {
		a.owner[i] = -1
	}
	var kept []finding
	for _, f := range found {
		if a.claim(f, len(kept)) {
			kept = append(kept, f)
		}
	}
	return a, kept
}

// claim gives the leaves of a finding's cell that nobody has to the branch.
func (a *assembly) claim(f finding, branch int) bool {
	claimed := false
	for i, c := range a.axes[f.axis].cell {
		if c == f.cell && a.owner[i] < 0 {
			a.owner[i] = branch
			claimed = true
		}
	}
	return claimed
}

// branch names a finding and the branches that hold leaves of its cell.
func (a *assembly) branch(f finding, index int) Branch {
	b := Branch{Matchers: a.t.matchers(a.axes[f.axis], f.cell), Score: f.score}
	for i, c := range a.axes[f.axis].cell {
		if o := a.owner[i]; c == f.cell && o != index && !slices.Contains(b.Except, o) {
			b.Except = append(b.Except, o)
		}
	}
	return b
}

// ranked orders the branches by the size of Beyond and renumbers Except.
func ranked(branches []Branch) []Branch {
	order := make([]int, len(branches))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(math.Abs(branches[b].Beyond), math.Abs(branches[a].Beyond))
	})
	place := make([]int, len(order))
	for to, from := range order {
		place[from] = to
	}
	sorted := make([]Branch, 0, len(branches))
	for _, from := range order {
		b := branches[from]
		for i, other := range b.Except {
			b.Except[i] = place[other]
		}
		slices.Sort(b.Except)
		sorted = append(sorted, b)
	}
	return sorted
}

// percentOf is a part in percent of the whole, 0 if the whole is nothing beside
// the size of what moved.
func percentOf(part, whole, size float64) float64 {
	if math.Abs(whole) <= 1e-9*size {
		return 0
	}
	return part / whole * 100
}

// quotient is a/b, or 0 without b.
func quotient(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
