package explain

import (
	"context"
	"math"
	"slices"
)

// leastOfParent is the part of the parent's value that a branch must have moved
// it by to be worth a line.
const leastOfParent = 0.005

// Sum explains the change of a parent that is the sum of its leaves. It takes
// at most [MaxLeaves] leaves and [MaxLabels] labels; leaves with the same values
// are added up, and leaves with NaN, infinite or negative values are excluded and
// counted. Labels and leaves are not modified. An error is returned for a wrong
// shape, sums that overflow, or the context's end.
func Sum(ctx context.Context, labels []string, leaves []Leaf, options Options) (*Explanation, error) {
	t, err := newTable(labels, len(leaves), func(i int) row {
		l := leaves[i]
		return row{values: l.Values, measures: [4]float64{0: l.Before, 2: l.After}}
	})
	if err != nil {
		return nil, err
	}
	before, after := t.measures[0], t.measures[2]
	axes := t.axes()
	s := newSearch(t, axes, before, after, options.Event)
	s.least = leastOfParent * max(sumOf(s.before), sumOf(s.after))
	s.effect = func(leaves []int32, s *search, factor float64) float64 {
		sum := 0.0
		for _, i := range leaves {
			sum += s.after[i] - factor*s.before[i]
		}
		return sum
	}
	found, err := s.run(ctx, options.maxBranches())
	if err != nil {
		return nil, err
	}
	if last := s.lastValue(found); last != nil && len(found) < options.maxBranches() {
		found = append(found, *last)
	}
	if only := s.onlyPlace(); len(found) == 0 && only != nil && appeared(sumOf(before), sumOf(after), options.Event) {
		found = append(found, *only)
	}
	e := &Explanation{Verdict: Branches, Folded: t.folded, Excluded: t.excluded}
	e.fillSum(t, axes, found, options.maxBranches())
	if len(e.Branches) == 0 {
		e.Verdict = s.common()
	}
	return e, nil
}

func (e *Explanation) fillSum(t *table, axes []axis, found []finding, most int) {
	before, after := t.measures[0], t.measures[2]
	e.Before, e.After = sumOf(before), sumOf(after)
	e.Change = e.After - e.Before
	for i := range before {
		e.Up += max(after[i]-before[i], 0)
		e.Down += min(after[i]-before[i], 0)
	}
	a, kept := newAssembly(t, axes, found, most)
	parts := make([]Part, len(kept)+1) // the last is the remainder
	for i, owner := range a.owner {
		if owner < 0 {
			owner = len(kept)
		}
		p := &parts[owner]
		p.Leaves++
		p.Before += before[i]
		p.After += after[i]
		p.Contribution += after[i] - before[i]
	}
	for i := range parts {
		p := &parts[i]
		p.Percent = percentOf(p.Contribution, e.Change, e.Up-e.Down)
		p.ShareBefore, p.ShareAfter = quotient(p.Before, e.Before), quotient(p.After, e.After)
	}
	e.Remainder = parts[len(kept)]
	e.Factor = factorOf(e.Remainder.Before, e.Remainder.After)
	for i, f := range kept {
		b := a.branch(f, i)
		b.Part = parts[i]
		b.Beyond = b.After - e.Factor*b.Before
		e.Branches = append(e.Branches, b)
	}
	e.Branches = ranked(e.Branches)
}

// factorOf is after/before, or 1 where it cannot be said.
func factorOf(before, after float64) float64 {
	if f := after / before; before > 0 && !math.IsInf(f, 0) {
		return f
	}
	return 1
}

// plain is the relative change that needs no statistics to be seen.
const plain = 0.1

// lastValue finds that all leaves left over share one value of a label, and that
// what happened to them makes up for what happened to the findings: where one
// version replaced another, both are worth a line.
func (s *search) lastValue(found []finding) *finding {
	for x := range s.axes {
		f := finding{axis: x, cell: -1, score: s.bar[0]}
		alone := !s.axes[x].pair() && slices.ContainsFunc(found, func(o finding) bool { return o.axis == x })
		var all, rest float64
		for i, c := range s.axes[x].cell {
			change := s.after[i] - s.before[i]
			all += change
			if s.active[i] {
				rest += change
				alone = alone && (f.cell < 0 || f.cell == c)
				f.cell = c
			}
		}
		if !alone || f.cell < 0 {
			continue
		}
		f.leaves, f.effect = s.members(&f), rest
		if math.Abs(rest) >= plain*s.volume(f.leaves) && math.Abs(all) <= math.Abs(rest)/2 {
			return &f
		}
	}
	return nil
}

// volume is what the leaves have before or after, whichever is more.
func (s *search) volume(leaves []int32) float64 {
	var b, a float64
	for _, i := range leaves {
		b, a = b+s.before[i], a+s.after[i]
	}
	return max(b, a)
}

// common tells a change that all leaves share from one that noise explains.
func (s *search) common() Verdict {
	residuals, means := s.residuals(typicalFactor(s.before, s.after, s.active), nil)
	n := s.noise(residuals, means)
	var change, variance, size float64
	for i, m := range means {
		change += s.after[i] - s.before[i]
		variance += m * (n.poisson + n.relative2*m)
		size += m
	}
	appeared := change > 0 && sumOf(s.before) == 0
	if appeared || math.Abs(change) > 2*leastOfParent*size && change*change > chance*variance {
		return Uniform
	}
	return Nothing
}
