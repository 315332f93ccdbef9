package goruntime

import (
	"math"
	"runtime/metrics"

	"github.com/metertree/metertree/metric"
)

// wantedBounds are about where the bounds of the small layout should lie, in
// seconds: what a pause or a wait can reasonably last.
var wantedBounds = []float64{1e-6, 1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 1e-1, 1, 10}

// layout merges the runtime's many buckets into few.
type layout struct {
	// bounds are edges of the runtime's buckets, so a count moves as a whole.
	bounds []float64
	// bucketOf gives the index of the merged bucket for each of the runtime's.
	bucketOf []int
}

// newLayout takes for each wanted bound the first edge that is not below it.
func newLayout(edges []float64) layout {
	var l layout
	at := 0
	for _, want := range wantedBounds {
		for at < len(edges) && edges[at] < want {
			at++
		}
		if at == len(edges) || math.IsInf(edges[at], 1) {
			break
		}
		if n := len(l.bounds); n == 0 || l.bounds[n-1] < edges[at] {
			l.bounds = append(l.bounds, edges[at])
		}
	}
	l.bucketOf = make([]int, len(edges)-1)
	merged := 0
	for i := range l.bucketOf {
		for merged < len(l.bounds) && edges[i+1] > l.bounds[merged] {
			merged++
		}
		l.bucketOf[i] = merged
	}
	return l
}

// point merges a histogram of the runtime, whose edges are those of the layout.
func (l layout) point(h *metrics.Float64Histogram) metric.HistogramPoint {
	p := metric.HistogramPoint{Bounds: l.bounds, Counts: make([]uint64, len(l.bounds)+1)}
	for i, n := range h.Counts {
		if n == 0 {
			continue
		}
		p.Counts[l.bucketOf[i]] += n
		p.Sum += float64(n) * middle(h.Buckets[i], h.Buckets[i+1])
	}
	return p
}

// middle is the value that stands for a bucket in an estimated sum. A bucket
// without an end is represented by the edge it has.
func middle(low, high float64) float64 {
	switch {
	case math.IsInf(low, -1):
		return high
	case math.IsInf(high, 1):
		return low
	}
	return low + (high-low)/2
}
