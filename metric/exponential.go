package metric

import "math"

// ExponentialLayout says how much an exponential histogram may hold. The zero
// value stands for a histogram with explicit bounds.
type ExponentialLayout struct {
	// Size is how many buckets there may be for each sign.
	Size int
	// ZeroThreshold is the greatest magnitude that counts as zero.
	ZeroThreshold float64
}

// ExponentialPoint is a distribution over buckets whose bounds are powers of
// base = 2^(2^-Scale).
type ExponentialPoint struct {
	Scale         int
	ZeroThreshold float64
	// Zero counts values of magnitudes up to ZeroThreshold.
	Zero uint64
	Sum  float64
	// Positive and Negative are the counts of buckets by magnitude: bucket i
	// of each, counted from its First, holds the magnitudes above base^i and
	// up to base^(i+1).
	PositiveFirst int
	Positive      []uint64
	NegativeFirst int
	Negative      []uint64
	// Family is the range of all series that are shown together, which gives
	// them common explicit bounds; nil stands for the point's own. It is shared
	// by their points and not to be written.
	Family *ExponentialRange
}

// Count returns how many values were observed.
func (p *ExponentialPoint) Count() uint64 {
	n := p.Zero
	for _, c := range p.Positive {
		n += c
	}
	for _, c := range p.Negative {
		n += c
	}
	return n
}

// Explicit returns the distribution over explicit bounds, for expositions that
// have no other: zero and the powers of two at both sides of which there are
// values, negative ones too. Merging neighbouring buckets is exact.
//
// The bounds go on to the last of Family, so that the series of a family can be
// summed bound by bound: one that a series lacks lies below all of its values,
// where its count is zero. A value beyond the last bound, which came after
// Family was determined, counts towards infinity alone. A bound once shown stays
// while values only come, unless a series spans more powers of two than it may
// have buckets, which is rare: its scale falls below zero, and every second power
// or fewer are left, for all series alike.
func (p *ExponentialPoint) Explicit() HistogramPoint {
	all := p.Family
	if all == nil {
		own := p.Range()
		all = &own
	}
	h := HistogramPoint{Sum: p.Sum}
	scale := min(p.Scale, all.Scale, 0)
	near := p.addNegative(&h, scale, all.Negative.coarser(-scale).First)
	if len(p.Negative) > 0 || p.Zero > 0 {
		h.add(p.ZeroThreshold, p.Zero+near)
	}
	beyond := p.addPositive(&h, scale, all.Positive.coarser(-scale))
	h.Counts = append(h.Counts, beyond)
	if last := len(h.Bounds) - 1; last >= 0 && math.IsInf(h.Bounds[last], 1) {
		h.Bounds, h.Counts = h.Bounds[:last], h.Counts[:last+1]
		h.Counts[last] += beyond
	}
	return h
}

// addNegative counts the negative values at a scale of at most zero, down to the
// magnitudes of the bucket low, and returns how many are smaller.
func (p *ExponentialPoint) addNegative(h *HistogramPoint, scale, low int) (near uint64) {
	next := low - 1
	for i := len(p.Negative) - 1; i >= 0; i-- {
		// The greatest magnitudes come first, and what is an inclusive upper
		// bound of a magnitude is an exclusive lower one of the value.
		index := (p.NegativeFirst + i) >> (p.Scale - scale)
		if index < low {
			near += p.Negative[i]
			continue
		}
		h.add(0-powerOfBase(scale, index), p.Negative[i])
		next = index - 1
	}
	for ; next >= low; next-- {
		h.add(0-powerOfBase(scale, next), 0)
	}
	return near
}

// addPositive counts the positive values at a scale of at most zero, in the
// buckets there may be, and returns how many are greater. What is smaller is
// below the first bound all the same.
func (p *ExponentialPoint) addPositive(h *HistogramPoint, scale int, span Span) (beyond uint64) {
	shift := p.Scale - scale
	next := span.First
	if len(h.Bounds) == 0 {
		// Nothing lies below, so that bounds may begin with the first value.
		if len(p.Positive) == 0 {
			return 0
		}
		next = max(next, p.PositiveFirst>>shift)
	}
	for i, n := range p.Positive {
		index := max((p.PositiveFirst+i)>>shift, span.First)
		if index >= span.End {
			beyond += n
			continue
		}
		for ; next <= index; next++ {
			h.add(powerOfBase(scale, next+1), 0)
		}
		h.Counts[len(h.Counts)-1] += n
	}
	for ; next < span.End; next++ {
		h.add(powerOfBase(scale, next+1), 0)
	}
	return beyond
}

// add counts values up to a bound, which is no less than the last one.
func (h *HistogramPoint) add(bound float64, n uint64) {
	if last := len(h.Bounds) - 1; last < 0 || h.Bounds[last] != bound {
		h.Bounds = append(h.Bounds, bound)
		h.Counts = append(h.Counts, 0)
	}
	h.Counts[len(h.Counts)-1] += n
}

// powerOfBase returns base^index for a scale of at most zero.
func powerOfBase(scale, index int) float64 {
	return math.Ldexp(1, index<<-scale)
}
