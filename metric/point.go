package metric

import (
	"iter"
	"time"
)

// Family is every series of one exposed name at one collection.
type Family struct {
	Descriptor Descriptor
	// Keys are the names of all labels of every series, sorted; the values of
	// a point are in this order.
	Keys []string
	// Points yields the series in the order of their encoded labels. A point
	// is reused: it, and the slices it holds, are valid only until the next.
	Points iter.Seq[*Point]
}

// Point is one series read at one collection.
type Point struct {
	// Labels is the complete label set, under Family.Keys.
	Labels LabelSet
	// Start is when the series began to count from zero.
	Start time.Time
	// Int holds the value of an Int64 sum, Float that of a Float64 sum or a
	// gauge; Descriptor.Number says which one.
	Int   int64
	Float float64
	// Histogram is set for kind Histogram alone, and not for exponential ones.
	Histogram HistogramPoint
	// Exponential is set for histograms with exponential buckets alone.
	Exponential *ExponentialPoint
	// Exemplars holds one for each bucket, nil where a bucket has none. It is
	// nil if the series has none at all.
	Exemplars []*Exemplar
}

// Buckets returns the point's distribution over explicit bounds, whichever kind
// of buckets it has.
func (p *Point) Buckets() HistogramPoint {
	if p.Exponential != nil {
		return p.Exponential.Explicit()
	}
	return p.Histogram
}

// HistogramPoint is a distribution over explicit buckets.
type HistogramPoint struct {
	// Bounds are the inclusive upper bounds; Counts has one entry more, for
	// what exceeds the last bound. Counts are per bucket, not cumulative.
	Bounds []float64
	Counts []uint64
	Sum    float64
}

// Count returns how many values were observed: the sum of Counts, so that the
// two can never disagree.
func (h HistogramPoint) Count() uint64 {
	var n uint64
	for _, c := range h.Counts {
		n += c
	}
	return n
}
