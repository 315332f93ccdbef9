package otlp

import "github.com/metertree/metertree/metric"

// walk is a list of what is kept of the series of one family, sorted by their
// labels, that is read and made anew in one pass over the family's points, which
// come in that order. What is not made anew is gone.
type walk[T any] struct {
	old, fresh []kept[T]
	at         int
}

// kept is what is kept of one series.
type kept[T any] struct {
	labels metric.LabelSet
	value  T
}

// begin begins a pass.
func (w *walk[T]) begin() { w.fresh, w.at = w.fresh[:0], 0 }

// find returns what the last pass kept of a series. The labels of a pass must
// increase.
func (w *walk[T]) find(labels metric.LabelSet) (value T, found bool) {
	for w.at < len(w.old) {
		// Nearly always they are the same string.
		if w.old[w.at].labels == labels {
			return w.old[w.at].value, true
		}
		if w.old[w.at].labels > labels {
			break
		}
		w.at++
	}
	return value, false
}

// keep keeps something of a series until the next pass.
func (w *walk[T]) keep(labels metric.LabelSet, value T) {
	w.fresh = append(w.fresh, kept[T]{labels, value})
}

// end ends a pass.
func (w *walk[T]) end() {
	clear(w.old)
	w.old, w.fresh = w.fresh, w.old[:0]
}
