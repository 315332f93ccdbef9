package prometheus

import (
	"slices"
	"sort"

	"github.com/metertree/metertree/metric"
)

// form says where a family's points have their values, and what is made of
// them.
type form uint8

const (
	formNumber form = iota
	formBuckets
	formTotals
	formExtremes
	formExact
)

func formOf(d *metric.Descriptor) form {
	if d.Kind != metric.Histogram {
		return formNumber
	}
	switch d.Kept() {
	case metric.SumAggregation:
		return formTotals
	case metric.MinMaxSumCount:
		return formExtremes
	case metric.Exact:
		return formExact
	}
	return formBuckets
}

func shapeOf(k metric.Kind, f form) shape {
	switch k {
	case metric.Counter:
		return counter
	case metric.UpDownCounter, metric.Gauge:
		return gauge
	case metric.Histogram:
		if f == formBuckets {
			return histogram
		}
		return summary
	}
	return unknown
}

// family writes one family and reports whether to go on.
func (w *writer) family(f *metric.Family) bool {
	d := &f.Descriptor
	w.form = formOf(d)
	w.head = head{
		name: d.Name, help: d.Help, unit: d.Unit,
		shape:   shapeOf(d.Kind, w.form),
		whole:   d.Number == metric.Int64 && d.Kind != metric.Gauge,
		created: w.exposition.Created,
	}
	w.headed = false
	w.loosen(d)
	f.Points(w.onPoint)
	w.end()
	w.writeApart()
	w.writeBeside(f.Keys)
	return w.err == nil
}

// end completes a family, if there is one.
func (w *writer) end() {
	if w.err != nil || !w.headed {
		return
	}
	w.headed = false
	w.buf = w.encoder.end(w.buf)
	if len(w.buf) >= flushAt {
		w.flushWithin()
	}
}

// ready begins the family before its first point: one without a series is left
// out altogether.
func (w *writer) ready() {
	if !w.headed {
		w.headed = true
		w.buf = w.encoder.begin(w.buf, &w.head)
	}
}

// point writes one series and reports whether to go on. What is no distribution
// is left out; the rest of the scrape does not pay for it.
func (w *writer) point(p *metric.Point) bool {
	switch w.form {
	case formNumber:
		w.ready()
		w.buf = w.encoder.number(w.buf, p, label{})
	case formBuckets:
		if !w.distribution(p) {
			return true
		}
	case formTotals:
		w.totals(p, p.Histogram.Count(), p.Histogram.Sum)
	case formExtremes:
		s := &p.Summary
		w.totals(p, s.Count, s.Sum)
		w.addExtremes(p)
	case formExact:
		if p.Exact == nil {
			return true
		}
		w.totals(p, p.Exact.Count(), p.Exact.Sum())
		w.addQuantiles(p)
	}
	w.series++
	return len(w.buf) < w.limit || w.handOver()
}

// handOver empties the buffer in the middle of a family, and reports whether to
// go on.
func (w *writer) handOver() bool {
	w.buf = w.encoder.suspend(w.buf)
	if w.flushWithin(); w.err != nil {
		return false
	}
	w.buf = w.encoder.resume(w.buf)
	return true
}

func (w *writer) totals(p *metric.Point, count uint64, sum float64) {
	if w.exposition.Format == OpenMetrics {
		w.loose = w.loose || mayFall(p, sum)
		w.setApart(p, count, sum)
		return
	}
	w.ready()
	w.sums = totals{labels: p.Labels.String(), start: p.Start, count: count, sum: sum}
	w.buf = w.encoder.totals(w.buf, &w.sums)
}

// distribution reports whether the point is one.
func (w *writer) distribution(p *metric.Point) bool {
	d := &w.dist
	d.labels, d.start, d.exponential, d.offered = p.Labels.String(), p.Start, p.Exponential, p.Exemplars
	if p.Exponential != nil {
		d.explicit = p.Exponential.Explicit()
		d.exemplars = placeExemplars(d.exemplars[:0], p.Exemplars, d.explicit.Bounds)
		w.buckets(p)
		return true
	}
	d.explicit = p.Histogram
	if len(d.explicit.Counts) != len(d.explicit.Bounds)+1 {
		return false
	}
	scratch := d.exemplars
	d.exemplars = p.Exemplars
	if len(p.Exemplars) != len(d.explicit.Counts) {
		d.exemplars = nil
	}
	w.buckets(p)
	d.exemplars = scratch
	return true
}

// buckets writes the distribution of a point.
func (w *writer) buckets(p *metric.Point) {
	w.ready()
	w.buf = w.encoder.histogram(w.buf, &w.dist)
	if w.loose {
		w.setApart(p, w.dist.explicit.Count(), w.dist.explicit.Sum)
	}
}

// placeExemplars puts exemplars beside the explicit buckets of their values, the
// latest where there are several.
func placeExemplars(dst, all []*metric.Exemplar, bounds []float64) []*metric.Exemplar {
	for _, e := range all {
		if e == nil {
			continue
		}
		if len(dst) == 0 {
			dst = slices.Grow(dst, len(bounds)+1)[:len(bounds)+1]
			clear(dst)
		}
		at := sort.SearchFloat64s(bounds, e.Value)
		if old := dst[at]; old == nil || e.Time.After(old.Time) {
			dst[at] = e
		}
	}
	return dst
}
