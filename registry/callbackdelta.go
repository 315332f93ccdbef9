package registry

import (
	"math"
	"slices"

	"github.com/metertree/metertree/metric"
)

// callbackReading is what one checkpoint has of a family with a callback. A
// callback gives totals, of which a reader shows by how much they grew.
type callbackReading struct {
	family         *family
	totals, deltas []metric.Point
}

// readCallback runs a callback and subtracts what was acknowledged.
func (rd *Reader) readCallback(f *family) *callbackReading {
	r := &callbackReading{family: f, totals: f.runCallback()}
	if f.Kind == metric.Gauge {
		r.deltas = r.totals
		return r
	}
	if f.Kind == metric.Histogram {
		r.totals = slices.Clone(r.totals)
		for i := range r.totals {
			// The slice of counts is the callback's.
			r.totals[i].Histogram.Counts = slices.Clone(r.totals[i].Histogram.Counts)
		}
	}
	r.deltas = make([]metric.Point, len(r.totals))
	acked := rd.callbacks[f]
	for i, p := range r.totals {
		r.deltas[i] = p
		if earlier, is := acked[p.Labels]; is {
			r.deltas[i] = growth(&p, &earlier, f.Kind)
		}
		r.deltas[i].Float = known(r.deltas[i].Float)
		r.deltas[i].Histogram.Sum = known(r.deltas[i].Histogram.Sum)
	}
	return r
}

// known is 0 for growth that is no finite number: it is not known, and sums with it
// would not be numbers again.
func known(growth float64) float64 {
	if math.IsNaN(growth) || math.IsInf(growth, 0) {
		return 0
	}
	return growth
}

// growth returns by how much a total grew. One that fell has begun anew from
// zero, unless it may fall.
func growth(now, earlier *metric.Point, kind metric.Kind) metric.Point {
	delta := *now
	if kind == metric.Histogram {
		growHistogram(&delta.Histogram, &earlier.Histogram)
		return delta
	}
	fell := now.Int < earlier.Int || now.Float < earlier.Float
	if !fell || !kind.Monotonic() {
		delta.Int -= earlier.Int
		delta.Float -= earlier.Float
	}
	return delta
}

func growHistogram(now, earlier *metric.HistogramPoint) {
	if !slices.Equal(now.Bounds, earlier.Bounds) {
		return
	}
	for i, n := range earlier.Counts {
		if now.Counts[i] < n {
			return
		}
	}
	now.Counts = slices.Clone(now.Counts)
	for i, n := range earlier.Counts {
		now.Counts[i] -= n
	}
	now.Sum -= earlier.Sum
}

func (r *callbackReading) yield(yield func(*metric.Point) bool) {
	r.family.yieldGiven(r.deltas, yield)
}

// ackCallback remembers the totals that a delivered checkpoint was made of.
func (rd *Reader) ackCallback(f *family, r *callbackReading) {
	if f.Kind == metric.Gauge {
		return
	}
	acked := make(map[metric.LabelSet]metric.Point, len(r.totals))
	for _, p := range r.totals {
		acked[p.Labels] = p
	}
	rd.callbacks[f] = acked
}
