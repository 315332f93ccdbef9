package metric

import (
	"iter"
	"time"

	"github.com/metertree/metertree/internal/saturate"
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
	// Which of the following is set for a histogram is told by Descriptor.Kept:
	// Histogram for ExplicitBuckets, and for SumAggregation without bounds;
	// Exponential for ExponentialBuckets; and so on.
	Histogram   HistogramPoint
	Exponential *ExponentialPoint
	Summary     SummaryPoint
	Exact       *ExactPoint
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

// Number returns the value of a sum or a gauge as the descriptor of its family says,
// whatever the other fields hold. An integer beyond 2^53 is rounded.
func (p *Point) Number(d *Descriptor) float64 {
	if d.Kind == Gauge || d.Number == Float64 {
		return p.Float
	}
	return float64(p.Int)
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

// SummaryPoint holds the extremes, the sum and the count of values, as
// MinMaxSumCount keeps them. At a Count of zero Min and Max mean nothing, while a
// delta may have a Sum whose count comes with the next. In a delta, Min and Max
// are those of all values since the series began.
type SummaryPoint struct {
	Min, Max, Sum float64
	Count         uint64
}

// ExactPoint holds the values themselves, as Exact keeps them.
type ExactPoint struct {
	// Values are in the order of arrival, or increasing once several series
	// were merged. They are not to be written.
	Values []float64
	// Missed counts the values beyond the limit, which were not kept, and
	// MissedSum is their sum.
	Missed    uint64
	MissedSum float64
}

// Count returns how many values were observed, kept or not.
func (p *ExactPoint) Count() uint64 { return uint64(len(p.Values)) + p.Missed }

// Sum returns the sum of all values, kept or not.
func (p *ExactPoint) Sum() float64 {
	sum := p.MissedSum
	for _, v := range p.Values {
		sum += v
	}
	return saturate.Float(sum)
}
