package meter

import (
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Histogram counts observations by bucket and sums them. Values that are not
// finite are dropped and counted.
type Histogram struct{ instrument *registry.Instrument }

var histogram = metric.Descriptor{Kind: metric.Histogram, Number: metric.Float64}

// Histogram makes or finds a histogram; an invalid definition gives one that
// does nothing, as with Scope.Counter.
func (s Scope) Histogram(name string, options ...Option) Histogram {
	return Histogram{s.must(s.define(named(histogram, name), options))}
}

// NewHistogram makes or finds a histogram.
func (s Scope) NewHistogram(name string, options ...Option) (Histogram, error) {
	i, err := s.define(named(histogram, name), options)
	return Histogram{i}, err
}

// Observe records v in the series of the given label values.
func (h Histogram) Observe(v float64, values ...string) {
	if compiled && h.instrument != nil {
		h.instrument.Observe(v, values...)
	}
}

// ObserveExemplar is Observe for a value measured in a trace, given by its ids
// in hexadecimal. It may allocate; call it for sampled traces only.
func (h Histogram) ObserveExemplar(v float64, traceID, spanID string, values ...string) {
	if compiled && h.instrument != nil {
		h.instrument.ObserveExemplar(v, traceID, spanID, values...)
	}
}

// ObserveSince records the seconds passed since start.
func (h Histogram) ObserveSince(start time.Time, values ...string) {
	if compiled && h.instrument != nil {
		h.instrument.Observe(time.Since(start).Seconds(), values...)
	}
}

// Bind returns a handle on the series of the given label values, and
// pins the series.
func (h Histogram) Bind(values ...string) BoundHistogram {
	if !compiled {
		return BoundHistogram{}
	}
	return BoundHistogram{h.instrument.Bind(values)}
}

// Delete ends the series of the given label values and reports whether there
// was one.
func (h Histogram) Delete(values ...string) bool { return h.instrument.Delete(values...) }

// Enabled reports whether updates are recorded: measure only then what is
// costly to measure.
func (h Histogram) Enabled() bool { return compiled && h.instrument.Enabled() }

// Close ends all series of the metric and frees its name.
func (h Histogram) Close() { h.instrument.Close() }

// BoundHistogram is a Histogram with its label values fixed.
type BoundHistogram struct{ bound registry.Bound }

// Observe records v.
func (h BoundHistogram) Observe(v float64) {
	if compiled {
		h.bound.Observe(v)
	}
}

// ObserveExemplar is Observe for a value measured in a trace, given by its ids
// in hexadecimal. It may allocate; call it for sampled traces only.
func (h BoundHistogram) ObserveExemplar(v float64, traceID, spanID string) {
	if compiled {
		h.bound.ObserveExemplar(v, traceID, spanID)
	}
}

// ObserveSince records the seconds passed since start.
func (h BoundHistogram) ObserveSince(start time.Time) {
	if compiled && h.bound != (registry.Bound{}) {
		h.bound.Observe(time.Since(start).Seconds())
	}
}

// Unpin lets the series be forgotten when it is idle; the handle stays usable.
func (h BoundHistogram) Unpin() { h.bound.Unpin() }
