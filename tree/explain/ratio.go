package explain

import (
	"context"
	"errors"
	"math"
)

// Ratio explains the change of a parent that is Σ numerator / Σ denominator. A
// parent without denominator in a window is an error: there is no ratio to
// explain. For the rest see [Sum].
//
// Branches are found for two reasons: the rate within moved unlike the rates
// elsewhere, or the volume moved unlike the volume elsewhere and, its rate being
// another, moved the parent. Their effects are reported apart.
func Ratio(ctx context.Context, labels []string, leaves []RatioLeaf, options Options) (*Explanation, error) {
	t, err := newTable(labels, len(leaves), func(i int) row {
		l := leaves[i]
		return row{ratio: true, values: l.Values, measures: [4]float64{l.NumBefore, l.DenBefore, l.NumAfter, l.DenAfter}}
	})
	if err != nil {
		return nil, err
	}
	r, err := newRatios(t)
	if err != nil {
		return nil, err
	}
	axes, most := t.axes(), options.maxBranches()
	rates := newSearch(t, axes, r.expected, r.observed, options.Event*r.perEvent())
	rates.effect, rates.least = r.rateEffect, r.least
	searched := rates
	if appeared(sumOf(t.measures[0]), sumOf(t.measures[2]), options.Event) {
		searched = r.againstVolume(axes, options.Event)
	}
	found, err := searched.run(ctx, most)
	if err != nil {
		return nil, err
	}
	volumes := newSearch(t, axes, t.measures[1], t.measures[3], options.Event)
	volumes.effect, volumes.least = r.mixEffect, r.least
	shifted, err := volumes.run(ctx, most)
	if err != nil {
		return nil, err
	}
	for i := range shifted {
		shifted[i].kind = ofVolume
	}
	e := &Explanation{Verdict: Branches, Folded: t.folded, Excluded: t.excluded}
	e.fillRatio(r, axes, append(found, shifted...), most)
	if size := e.Up - e.Down + math.Abs(e.RateEffect) + math.Abs(e.MixEffect); math.IsNaN(size) || math.IsInf(size, 0) {
		return nil, errors.New("the rates of the leaves are more than a float can hold: a denominator is next to 0, leave it out or choose a longer window")
	}
	if len(e.Branches) == 0 {
		if e.Verdict = rates.common(); math.Abs(e.RateEffect) < r.least {
			e.Verdict = Nothing
		}
	}
	return e, nil
}

// ratios holds what the search and the decomposition need of each leaf.
type ratios struct {
	t *table
	// Sums of the parent.
	before, after       float64 // the ratio
	denBefore, denAfter float64
	// expected and observed are numerators weighted so that Σ observed / Σ
	// expected is the Mantel-Haenszel ratio of the rates after and before.
	expected, observed []float64
	// share is the mean of a leaf's shares of the volume, shift their
	// difference; r0 and r1 its rates, equal where one is not known.
	share, shift, r0, r1 []float64
	least                float64
}

func newRatios(t *table) (*ratios, error) {
	n0, d0, n1, d1 := t.measures[0], t.measures[1], t.measures[2], t.measures[3]
	r := &ratios{t: t, denBefore: sumOf(d0), denAfter: sumOf(d1)}
	switch {
	case r.denBefore == 0:
		return nil, errNoVolume("before")
	case r.denAfter == 0:
		return nil, errNoVolume("after")
	}
	r.before, r.after = sumOf(n0)/r.denBefore, sumOf(n1)/r.denAfter
	r.least = leastOfParent * max(r.before, r.after)
	for i := range n0 {
		w0, w1 := d0[i]/r.denBefore, d1[i]/r.denAfter
		r0, r1 := quotient(n0[i], d0[i]), quotient(n1[i], d1[i])
		switch {
		case d0[i] == 0:
			r0 = r1
		case d1[i] == 0:
			r1 = r0
		}
		part := quotient(d1[i]/r.denAfter, w0+w1)
		r.expected = append(r.expected, n0[i]/r.denBefore*part)
		r.observed = append(r.observed, n1[i]/r.denAfter*quotient(w0, w0+w1))
		r.share, r.shift = append(r.share, (w0+w1)/2), append(r.shift, w1-w0)
		r.r0, r.r1 = append(r.r0, r0), append(r.r1, r1)
	}
	return r, nil
}

// perEvent is what one event of a numerator adds to expected and observed, in the
// middle: the weights of a leaf add up to 1.
func (r *ratios) perEvent() float64 { return (1/r.denBefore + 1/r.denAfter) / 4 }

// rateEffect is what the leaves' rates did to the parent beyond the factor.
func (r *ratios) rateEffect(leaves []int32, _ *search, factor float64) float64 {
	sum := 0.0
	for _, i := range leaves {
		if r.t.measures[1][i] > 0 && r.t.measures[3][i] > 0 {
			sum += r.share[i] * (r.r1[i] - factor*r.r0[i])
		}
	}
	return sum
}

// mixEffect is what moving volume between the leaves and the other active ones
// did, at the mean rates of both.
func (r *ratios) mixEffect(leaves []int32, s *search, _ float64) float64 {
	var in, all, inShift float64
	var inRate, allRate float64
	for i, active := range s.active {
		if active {
			all += r.share[i]
			allRate += r.share[i] * (r.r0[i] + r.r1[i]) / 2
		}
	}
	for _, i := range leaves {
		in += r.share[i]
		inRate += r.share[i] * (r.r0[i] + r.r1[i]) / 2
		inShift += r.shift[i]
	}
	return inShift * (quotient(inRate, in) - quotient(allRate-inRate, all-in))
}

func (e *Explanation) fillRatio(r *ratios, axes []axis, found []finding, most int) {
	e.Before, e.After = r.before, r.after
	e.Change = e.After - e.Before
	a, kept := newAssembly(r.t, axes, found, most)
	parts := make([]Part, len(kept)+1) // the last is the remainder
	reference := r.reference(a.owner)
	var expected, observed float64
	for i, owner := range a.owner {
		if owner < 0 {
			owner = len(kept)
			expected, observed = expected+r.expected[i], observed+r.observed[i]
		}
		rate := r.share[i] * (r.r1[i] - r.r0[i])
		mix := r.change(i) - rate - r.shift[i]*reference
		e.Up, e.Down = e.Up+max(rate+mix, 0), e.Down+min(rate+mix, 0)
		e.RateEffect, e.MixEffect = e.RateEffect+rate, e.MixEffect+mix
		parts[owner].add(r, i, rate, mix)
	}
	for i := range parts {
		p := &parts[i]
		p.Contribution = p.Rate + p.Mix
		p.Percent = percentOf(p.Contribution, e.Change, e.Up-e.Down)
		p.Before, p.After = quotient(p.Before, p.ShareBefore), quotient(p.After, p.ShareAfter)
		p.ShareBefore, p.ShareAfter = p.ShareBefore/r.denBefore, p.ShareAfter/r.denAfter
	}
	e.Remainder, e.Factor = parts[len(kept)], factorOf(expected, observed)
	beyond := make([]float64, len(parts))
	for i, owner := range a.owner {
		if owner >= 0 {
			beyond[owner] += r.share[i] * (e.Factor - 1) * r.r0[i]
		}
	}
	for i, f := range kept {
		b := a.branch(f, i)
		b.Part, b.Beyond = parts[i], parts[i].Contribution-beyond[i]
		e.Branches = append(e.Branches, b)
	}
	e.Branches = ranked(e.Branches)
}

// change is what a leaf's part of the parent's ratio changed by: its rate effect
// and its shift at the mean of its rates.
func (r *ratios) change(i int) float64 {
	m := &r.t.measures
	return m[2][i]/r.denAfter - m[0][i]/r.denBefore
}

// add counts a leaf; numerators and denominators are kept in Before, After and
// the shares until all are in.
func (p *Part) add(r *ratios, i int, rate, mix float64) {
	m := &r.t.measures
	p.Leaves++
	p.Before, p.ShareBefore = p.Before+m[0][i], p.ShareBefore+m[1][i]
	p.After, p.ShareAfter = p.After+m[2][i], p.ShareAfter+m[3][i]
	p.Rate, p.Mix = p.Rate+rate, p.Mix+mix
}

// reference is the rate against which a shift of volume counts: that of the
// leaves in no branch, or of all if there are none. Shifts add up to zero, so
// any reference gives the same sum; this one leaves no shift that a branch
// caused to the leaves which only gave way.
func (r *ratios) reference(owner []int) float64 {
	var share, rate, allRate float64
	for i := range r.share {
		mean := r.share[i] * (r.r0[i] + r.r1[i]) / 2
		allRate += mean
		if owner[i] < 0 {
			share, rate = share+r.share[i], rate+mean
		}
	}
	if share < 1e-9 {
		return allRate
	}
	return rate / share
}
