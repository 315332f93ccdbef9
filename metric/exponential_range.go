package metric

// ExponentialRange is where the values of exponential histograms lie, to the
// power of two. The zero value is that of no values.
type ExponentialRange struct {
	// Scale is the least of their scales, and 0 if that is greater.
	Scale int
	// Positive and Negative are the buckets at scale 0 of their magnitudes.
	Positive, Negative Span
}

// Span is a run of buckets: First and those that follow, before End. It is empty
// if the two are equal.
type Span struct{ First, End int }

// Range returns where the point's values lie.
func (p *ExponentialPoint) Range() ExponentialRange {
	return ExponentialRange{
		Scale:    min(p.Scale, 0),
		Positive: spanOf(p.Scale, p.PositiveFirst, len(p.Positive)),
		Negative: spanOf(p.Scale, p.NegativeFirst, len(p.Negative)),
	}
}

// spanOf returns what n buckets of a scale are at scale 0.
func spanOf(scale, first, n int) Span {
	if n == 0 {
		return Span{}
	}
	s := Span{first, first + n}.coarser(max(scale, 0))
	finer := max(-scale, 0)
	return Span{s.First << finer, s.End << finer}
}

// Union returns the range of the values of both.
func (r ExponentialRange) Union(other ExponentialRange) ExponentialRange {
	return ExponentialRange{
		Scale:    min(r.Scale, other.Scale),
		Positive: r.Positive.union(other.Positive),
		Negative: r.Negative.union(other.Negative),
	}
}

func (s Span) empty() bool { return s.First == s.End }

func (s Span) union(other Span) Span {
	switch {
	case s.empty():
		return other
	case other.empty():
		return s
	}
	return Span{min(s.First, other.First), max(s.End, other.End)}
}

// coarser returns the buckets at a scale coarser by shift that hold those of s.
func (s Span) coarser(shift int) Span {
	if s.empty() {
		return s
	}
	return Span{s.First >> shift, (s.End-1)>>shift + 1}
}
