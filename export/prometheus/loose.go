package prometheus

import (
	"time"

	"github.com/metertree/metertree/metric"
)

// OpenMetrics takes a histogram or a summary to be of values that are not below
// zero: it forbids sums that may fall, and a strict reader refuses the whole
// scrape for one. A family that has such a sum is loose: its samples stay what
// they are, but each of their names is a family of its own, of a type without
// such rules.
//
// Points are read once, since reading is what makes a registry forget. So the
// bounds that are declared tell whether a histogram is loose, and the sums of
// summaries are kept until all are known.

// apart holds the counts and sums that are written once their family is read.
type apart struct {
	beside
	// counts are exact where values are rounded.
	counts []uint64
	// starts are kept only if they are to be shown.
	starts []time.Time
}

func (a *apart) forget() {
	a.beside.forget()
	a.counts, a.starts = a.counts[:0], a.starts[:0]
}

// loosen decides whether a histogram is loose.
func (w *writer) loosen(d *metric.Descriptor) {
	w.loose = w.exposition.Format == OpenMetrics && w.head.shape == histogram && len(d.Bounds) > 0 && d.Bounds[0] < 0
	if w.loose {
		w.head.suffix, w.head.shape = "_bucket", unknown
	}
}

// setApart keeps the count and the sum of a series.
func (w *writer) setApart(p *metric.Point, count uint64, sum float64) {
	w.apart.labels = append(w.apart.labels, p.Labels)
	w.apart.values = append(w.apart.values, float64(count), sum)
	w.apart.counts = append(w.apart.counts, count)
	if w.exposition.Created == WithCreated {
		w.apart.starts = append(w.apart.starts, p.Start)
	}
}

// mayFall reports whether a point's sum has no place in a summary.
func mayFall(p *metric.Point, sum float64) bool {
	return !(sum >= 0) || p.Summary.Count > 0 && p.Summary.Min < 0
}

// writeApart writes the counts and sums of a family that is read.
func (w *writer) writeApart() {
	switch {
	case w.err != nil || len(w.apart.labels) == 0:
		return
	case w.loose:
		w.gauges(&w.apart.beside, "_count", "Number of values: ", 0, noLabel)
		w.gauges(&w.apart.beside, "_sum", "Sum of: ", 1, noLabel)
	default:
		w.summaries()
	}
	w.apart.forget()
}

// summaries writes what was kept as the summary it is.
func (w *writer) summaries() {
	w.ready()
	for i, labels := range w.apart.labels {
		w.sums = totals{labels: labels.String(), count: w.apart.counts[i], sum: w.apart.values[2*i+1]}
		if len(w.apart.starts) > 0 {
			w.sums.start = w.apart.starts[i]
		}
		w.buf = w.encoder.totals(w.buf, &w.sums)
		if len(w.buf) >= w.limit && !w.handOver() {
			return
		}
	}
	w.end()
}
