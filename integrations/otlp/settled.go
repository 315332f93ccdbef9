package otlp

import (
	"slices"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// settled is what of a batch of deltas needs not be sent again, because it was
// delivered, or rejected, before another part of the batch failed. The next batch
// holds it too. It is as large as that part.
type settled struct {
	// start is that of the batch; one with another start does not hold it.
	start    time.Time
	families map[string]*walk[share]
}

// share is what of one series is settled.
type share struct {
	// until is when the settled part was read.
	until     time.Time
	integer   int64
	float     float64
	histogram *distribution
}

// distribution is a histogram with either kind of buckets.
type distribution struct {
	count              uint64
	sum                float64
	bounds             []float64
	buckets            []uint64
	scale              int32
	zero               uint64
	positive, negative metricdata.ExponentialBucket
}

// forget empties it.
func (s *settled) forget() { s.start, s.families = time.Time{}, nil }

// of returns what is settled of a family, or nil, and begins a pass over it.
func (s *settled) of(family string) *walk[share] {
	w := s.families[family]
	if w != nil {
		w.begin()
	}
	return w
}

// shareOf returns the share that the last point of a section is.
func (c *chunk) shareOf(s *section, read time.Time) share {
	to := share{until: read}
	switch s.shape {
	case intShape:
		to.integer = c.ints[len(c.ints)-1].Value
	case floatShape:
		to.float = c.floats[len(c.floats)-1].Value
	case explicitShape:
		p := &c.explicit[len(c.explicit)-1]
		to.histogram = &distribution{
			count: p.Count, sum: p.Sum, bounds: slices.Clone(p.Bounds), buckets: slices.Clone(p.BucketCounts),
		}
	case exponentialShape:
		p := &c.exponential[len(c.exponential)-1]
		to.histogram = &distribution{
			count: p.Count, sum: p.Sum, scale: p.Scale, zero: p.ZeroCount,
			positive: cloneBuckets(p.PositiveBucket), negative: cloneBuckets(p.NegativeBucket),
		}
	case gaugeShape:
	}
	return to
}

func cloneBuckets(b metricdata.ExponentialBucket) metricdata.ExponentialBucket {
	return metricdata.ExponentialBucket{Offset: b.Offset, Counts: slices.Clone(b.Counts)}
}

// subtract takes a share off the last point of a section, which then begins
// where the share ends, unless it is none of the point's: views may have been
// replaced in between.
func (c *chunk) subtract(s *section, of share) {
	switch s.shape {
	case intShape:
		if p := &c.ints[len(c.ints)-1]; of.integer <= p.Value {
			p.Value, p.StartTime = p.Value-of.integer, of.until
		}
	case floatShape:
		if p := &c.floats[len(c.floats)-1]; of.float <= p.Value {
			p.Value, p.StartTime = p.Value-of.float, of.until
		}
	case explicitShape:
		p := &c.explicit[len(c.explicit)-1]
		if of.histogram.offExplicit(p) {
			p.StartTime = of.until
		}
	case exponentialShape:
		p := &c.exponential[len(c.exponential)-1]
		if of.histogram.offExponential(p) {
			p.StartTime = of.until
		}
	case gaugeShape:
	}
}

// offExplicit takes the distribution off a point, and reports whether it could.
func (d *distribution) offExplicit(p *metricdata.HistogramDataPoint[float64]) bool {
	if d == nil || d.count > p.Count || !equalBounds(d.bounds, p.Bounds) || len(d.buckets) != len(p.BucketCounts) {
		return false
	}
	if !within(d.buckets, p.BucketCounts) {
		return false
	}
	takeOff(p.BucketCounts, d.buckets)
	p.Count -= d.count
	p.Sum -= d.sum
	// The extremes may be those of what is settled.
	p.Min, p.Max = metricdata.Extrema[float64]{}, metricdata.Extrema[float64]{}
	return true
}

// offExponential does what offExplicit does. The scale may have fallen since.
func (d *distribution) offExponential(p *metricdata.ExponentialHistogramDataPoint[float64]) bool {
	if d == nil || d.count > p.Count || d.zero > p.ZeroCount || d.scale < p.Scale {
		return false
	}
	shift := d.scale - p.Scale
	positive, fits := aligned(d.positive, shift, p.PositiveBucket)
	negative, fitsToo := aligned(d.negative, shift, p.NegativeBucket)
	if !fits || !fitsToo || !within(positive, p.PositiveBucket.Counts) || !within(negative, p.NegativeBucket.Counts) {
		return false
	}
	takeOff(p.PositiveBucket.Counts, positive)
	takeOff(p.NegativeBucket.Counts, negative)
	p.Count -= d.count
	p.ZeroCount -= d.zero
	p.Sum -= d.sum
	return true
}

// aligned returns buckets at a scale coarser by shift, in parallel to others,
// and whether they have them all.
func aligned(b metricdata.ExponentialBucket, shift int32, to metricdata.ExponentialBucket) ([]uint64, bool) {
	counts := make([]uint64, len(to.Counts))
	for i, n := range b.Counts {
		at := int((b.Offset+int32(i))>>shift) - int(to.Offset)
		if n == 0 {
			continue
		}
		if at < 0 || at >= len(counts) {
			return nil, false
		}
		counts[at] += n
	}
	return counts, true
}

// within reports whether no count exceeds the one in parallel to it.
func within(counts, others []uint64) bool {
	for i, n := range counts {
		if n > others[i] {
			return false
		}
	}
	return true
}

// takeOff subtracts counts from others in parallel.
func takeOff(from, off []uint64) {
	for i, n := range off {
		from[i] -= n
	}
}
