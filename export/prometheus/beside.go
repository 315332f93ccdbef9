package prometheus

import (
	"slices"
	"strconv"

	"github.com/metertree/metertree/metric"
)

// beside holds what belongs to a family but is exposed under other names, as
// gauges: these follow once the family is complete, because the lines of a name
// stay together. Every label set has the same number of values.
type beside struct {
	labels []metric.LabelSet
	values []float64
}

// forget frees the label sets.
func (b *beside) forget() {
	clear(b.labels[:cap(b.labels)])
	b.labels, b.values = b.labels[:0], b.values[:0]
}

// quantiles are those asked for, with their labels.
type quantiles struct {
	qs     []float64
	labels []label
}

// quantileKey is the name of the label that tells a quantile.
const quantileKey = "quantile"

// ask keeps what is a quantile, in increasing order and once: a scrape that
// holds a series twice is refused as a whole.
func (qs *quantiles) ask(all []float64) {
	qs.qs, qs.labels = qs.qs[:0], qs.labels[:0]
	for _, q := range all {
		if q >= 0 && q <= 1 {
			qs.qs = append(qs.qs, q)
		}
	}
	slices.Sort(qs.qs)
	qs.qs = slices.Compact(qs.qs)
	for _, q := range qs.qs {
		qs.labels = append(qs.labels, label{quantileKey, strconv.FormatFloat(q, 'g', -1, 64)})
	}
}

// addExtremes keeps the extremes of a point that has any.
func (w *writer) addExtremes(p *metric.Point) {
	if p.Summary.Count == 0 {
		return
	}
	w.beside.labels = append(w.beside.labels, p.Labels)
	w.beside.values = append(w.beside.values, p.Summary.Min, p.Summary.Max)
}

// addQuantiles keeps the quantiles of a point that has every value.
func (w *writer) addQuantiles(p *metric.Point) {
	if len(w.quantiles.qs) == 0 || p.Exact.Missed > 0 || len(p.Exact.Values) == 0 {
		return
	}
	w.exact.Values = p.Exact.Values
	values, err := w.exact.Quantiles(w.beside.values, w.quantiles.qs...)
	w.exact.Values = nil
	if err != nil {
		return
	}
	w.beside.values = values
	w.beside.labels = append(w.beside.labels, p.Labels)
}

// noLabel is the extra labels of gauges that have none.
var noLabel = []label{{}}

// writeBeside writes the gauges of the family that is complete. A family whose
// own labels have a quantile cannot be given another.
func (w *writer) writeBeside(keys []string) {
	switch {
	case w.err != nil || len(w.beside.labels) == 0:
		return
	case w.form == formExtremes:
		w.gauges(&w.beside, "_min", "Least value of: ", 0, noLabel)
		w.gauges(&w.beside, "_max", "Greatest value of: ", 1, noLabel)
	case !slices.Contains(keys, quantileKey):
		w.gauges(&w.beside, "_quantile", "Quantiles of: ", 0, w.quantiles.labels)
	}
	w.beside.forget()
}

// gauges writes a family of gauges that has, for each label set, the values from
// the given one on, one for each extra label.
func (w *writer) gauges(of *beside, suffix, lead string, from int, extra []label) {
	if w.err != nil {
		return
	}
	w.head.suffix, w.head.lead = suffix, lead
	w.head.shape, w.head.whole = gauge, false
	perSet := len(of.values) / len(of.labels)
	w.ready()
	for i, labels := range of.labels {
		for j, l := range extra {
			w.value = metric.Point{Labels: labels, Float: of.values[i*perSet+from+j]}
			w.buf = w.encoder.number(w.buf, &w.value, l)
		}
		if len(w.buf) >= w.limit && !w.handOver() {
			return
		}
	}
	w.end()
}
