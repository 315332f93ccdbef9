package metertest

import (
	"math"
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// Histogram is what was observed.
type Histogram struct {
	Count uint64
	Sum   float64 // in the metric's unit

	t       TB
	name    string
	buckets []tree.Bucket
	exact   []float64 // the values themselves, if all were kept
	missed  bool      // not all were
}

// histogramOf reads a point.
func histogramOf(d *metric.Descriptor, p *metric.Point) Histogram {
	switch kept := d.Kept(); {
	case kept == metric.MinMaxSumCount:
		return Histogram{Count: p.Summary.Count, Sum: p.Summary.Sum}
	case kept == metric.Exact && p.Exact != nil:
		return Histogram{Count: p.Exact.Count(), Sum: p.Exact.Sum(), exact: slices.Clone(p.Exact.Values), missed: p.Exact.Missed > 0}
	}
	h := p.Buckets()
	read := Histogram{Count: h.Count(), Sum: h.Sum}
	if d.Kept() == metric.SumAggregation {
		return read
	}
	total := uint64(0)
	for i, n := range h.Counts {
		total += n
		bound := math.Inf(1)
		if i < len(h.Bounds) {
			bound = h.Bounds[i]
		}
		read.buckets = append(read.buckets, tree.Bucket{UpperBound: bound, Count: float64(total)})
	}
	return read
}

// Mean is the mean of the values, and not a number if there are none.
func (h Histogram) Mean() float64 { return h.Sum / float64(h.Count) }

// Quantile is the q-quantile of the values, 0 ≤ q ≤ 1, and not a number if there
// are none. If every value was kept it is the least of which that part of the
// values is not above. Of buckets it is an estimate, for which the values are taken
// as spread evenly within their bucket. It ends the test if neither was kept.
func (h Histogram) Quantile(q float64) float64 {
	switch {
	case h.Count == 0 || math.IsNaN(q) || q < 0 || q > 1:
		return math.NaN()
	case h.buckets != nil:
		return tree.BucketQuantile(q, h.buckets)
	case h.exact != nil && !h.missed:
		values := slices.Sorted(slices.Values(h.exact))
		return values[max(int(math.Ceil(q*float64(len(values))))-1, 0)]
	}
	if h.t != nil {
		h.t.Helper()
		h.t.Fatalf("metertest: %s keeps no buckets and not every value, so there is no quantile: give it meter.Buckets", h.name)
	}
	return math.NaN()
}

// Within is how many values are at most a bound, which must be one of the buckets'
// unless every value was kept.
func (h Histogram) Within(bound float64) uint64 {
	if h.exact != nil && !h.missed {
		n := uint64(0)
		for _, v := range h.exact {
			if v <= bound {
				n++
			}
		}
		return n
	}
	var bounds []float64
	for _, b := range h.buckets {
		if b.UpperBound == bound {
			return uint64(b.Count)
		}
		bounds = append(bounds, b.UpperBound)
	}
	if h.Count > 0 && h.t != nil {
		h.t.Helper()
		h.t.Fatalf("metertest: %s has no bucket with the bound %v: its bounds are %v", h.name, bound, bounds)
	}
	return 0
}

func (h *Histogram) add(other Histogram) {
	h.Count += other.Count
	h.Sum += other.Sum
	h.exact = append(h.exact, other.exact...)
	h.missed = h.missed || other.missed
	switch {
	case other.buckets == nil:
	case h.buckets == nil:
		h.buckets = other.buckets
	default:
		h.buckets = tree.MergeBuckets([][]tree.Bucket{h.buckets, other.buckets})
	}
}

// subtract takes away what was observed before, whose bounds are some of these.
func (h *Histogram) subtract(before Histogram) {
	h.Count -= before.Count
	h.Sum -= before.Sum
	h.exact = h.exact[min(len(before.exact), len(h.exact)):]
	next, below := 0, 0.0
	for i, b := range h.buckets {
		for next < len(before.buckets) && before.buckets[next].UpperBound <= b.UpperBound {
			below = before.buckets[next].Count
			next++
		}
		h.buckets[i].Count -= below
	}
}
