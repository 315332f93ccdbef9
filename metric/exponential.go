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
// values, negative ones too. Merging neighbouring buckets is exact. A bound
// once shown stays while values only come, so the series of an exposition do.
func (p *ExponentialPoint) Explicit() HistogramPoint {
	h := HistogramPoint{Sum: p.Sum}
	shift := max(p.Scale, 0)
	scale := p.Scale - shift
	for i := len(p.Negative) - 1; i >= 0; i-- {
		// The greatest magnitudes come first, and what is an inclusive upper
		// bound of a magnitude is an exclusive lower one of the value.
		index := (p.NegativeFirst + i) >> shift
		h.add(-powerOfBase(scale, index), p.Negative[i])
	}
	if len(p.Negative) > 0 || p.Zero > 0 {
		h.add(p.ZeroThreshold, p.Zero)
	}
	for i, n := range p.Positive {
		index := (p.PositiveFirst + i) >> shift
		h.add(powerOfBase(scale, index+1), n)
	}
	h.Counts = append(h.Counts, 0)
	if last := len(h.Bounds) - 1; last >= 0 && math.IsInf(h.Bounds[last], 1) {
		h.Bounds, h.Counts = h.Bounds[:last], h.Counts[:last+1]
	}
	return h
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
