package meter

import "fmt"

// CounterOf is a Counter whose label values are the fields of L.
type CounterOf[L any] struct{ counter Counter }

// NewCounter makes or finds a counter with the labels of L.
func NewCounter[L any](s Scope, name string, options ...Option) (CounterOf[L], error) {
	c, err := defineOf[L](s, s.NewCounter, name, options)
	return CounterOf[L]{c}, err
}

// MustCounter is NewCounter for definitions that are fixed in the program; it
// panics if the definition is invalid or conflicts with another one.
func MustCounter[L any](s Scope, name string, options ...Option) CounterOf[L] {
	return must(NewCounter[L](s, name, options...))
}

// Add adds v to the series of the given labels.
func (c CounterOf[L]) Add(v int64, labels L) {
	if compiled && c.counter.instrument != nil {
		c.counter.instrument.AddInt(v, fieldsOf(&labels)...)
	}
}

// Inc adds one to the series of the given labels.
func (c CounterOf[L]) Inc(labels L) { c.Add(1, labels) }

// With returns a handle on the series of the given labels.
func (c CounterOf[L]) With(labels L) BoundCounter { return c.counter.Bind(fieldsOf(&labels)...) }

// Delete ends the series of the given labels and reports whether there was one.
func (c CounterOf[L]) Delete(labels L) bool { return c.counter.Delete(fieldsOf(&labels)...) }

// Enabled reports whether updates are recorded: measure only then what is
// costly to measure.
func (c CounterOf[L]) Enabled() bool { return c.counter.Enabled() }

// Close ends all series of the metric and frees its name.
func (c CounterOf[L]) Close() { c.counter.Close() }

// FloatCounterOf is a FloatCounter whose label values are the fields of L.
type FloatCounterOf[L any] struct{ counter FloatCounter }

// NewFloatCounter makes or finds a counter in float64 with the labels of L.
func NewFloatCounter[L any](s Scope, name string, options ...Option) (FloatCounterOf[L], error) {
	c, err := defineOf[L](s, s.NewFloatCounter, name, options)
	return FloatCounterOf[L]{c}, err
}

// MustFloatCounter is NewFloatCounter for definitions that are fixed in the
// program; it panics if the definition is invalid or conflicts with another one.
func MustFloatCounter[L any](s Scope, name string, options ...Option) FloatCounterOf[L] {
	return must(NewFloatCounter[L](s, name, options...))
}

// Add adds v to the series of the given labels.
func (c FloatCounterOf[L]) Add(v float64, labels L) { c.counter.Add(v, fieldsOf(&labels)...) }

// With returns a handle on the series of the given labels.
func (c FloatCounterOf[L]) With(labels L) BoundFloatCounter {
	return c.counter.Bind(fieldsOf(&labels)...)
}

// Delete ends the series of the given labels and reports whether there was one.
func (c FloatCounterOf[L]) Delete(labels L) bool { return c.counter.Delete(fieldsOf(&labels)...) }

// Enabled reports whether updates are recorded: measure only then what is
// costly to measure.
func (c FloatCounterOf[L]) Enabled() bool { return c.counter.Enabled() }

// Close ends all series of the metric and frees its name.
func (c FloatCounterOf[L]) Close() { c.counter.Close() }

// UpDownCounterOf is an UpDownCounter whose label values are the fields of L.
type UpDownCounterOf[L any] struct{ counter UpDownCounter }

// NewUpDownCounter makes or finds an up-down counter with the labels of L.
func NewUpDownCounter[L any](s Scope, name string, options ...Option) (UpDownCounterOf[L], error) {
	c, err := defineOf[L](s, s.NewUpDownCounter, name, options)
	return UpDownCounterOf[L]{c}, err
}

// MustUpDownCounter is NewUpDownCounter for definitions that are fixed in the
// program; it panics if the definition is invalid or conflicts with another one.
func MustUpDownCounter[L any](s Scope, name string, options ...Option) UpDownCounterOf[L] {
	return must(NewUpDownCounter[L](s, name, options...))
}

// Add adds v, which may be negative, to the series of the given labels.
func (c UpDownCounterOf[L]) Add(v int64, labels L) { c.counter.Add(v, fieldsOf(&labels)...) }

// With returns a handle on the series of the given labels.
func (c UpDownCounterOf[L]) With(labels L) BoundUpDownCounter {
	return c.counter.Bind(fieldsOf(&labels)...)
}

// Delete ends the series of the given labels and reports whether there was one.
func (c UpDownCounterOf[L]) Delete(labels L) bool { return c.counter.Delete(fieldsOf(&labels)...) }

// Enabled reports whether updates are recorded: measure only then what is
// costly to measure.
func (c UpDownCounterOf[L]) Enabled() bool { return c.counter.Enabled() }

// Close ends all series of the metric and frees its name.
func (c UpDownCounterOf[L]) Close() { c.counter.Close() }

// GaugeOf is a Gauge whose label values are the fields of L.
type GaugeOf[L any] struct{ gauge Gauge }

// NewGauge makes or finds a gauge with the labels of L.
func NewGauge[L any](s Scope, name string, options ...Option) (GaugeOf[L], error) {
	g, err := defineOf[L](s, s.NewGauge, name, options)
	return GaugeOf[L]{g}, err
}

// MustGauge is NewGauge for definitions that are fixed in the program; it
// panics if the definition is invalid or conflicts with another one.
func MustGauge[L any](s Scope, name string, options ...Option) GaugeOf[L] {
	return must(NewGauge[L](s, name, options...))
}

// Set sets the series of the given labels.
func (g GaugeOf[L]) Set(v float64, labels L) { g.gauge.Set(v, fieldsOf(&labels)...) }

// Add adds v, which may be negative, to the series of the given labels.
func (g GaugeOf[L]) Add(v float64, labels L) { g.gauge.Add(v, fieldsOf(&labels)...) }

// With returns a handle on the series of the given labels.
func (g GaugeOf[L]) With(labels L) BoundGauge { return g.gauge.Bind(fieldsOf(&labels)...) }

// Delete ends the series of the given labels and reports whether there was one.
func (g GaugeOf[L]) Delete(labels L) bool { return g.gauge.Delete(fieldsOf(&labels)...) }

// Enabled reports whether updates are recorded: measure only then what is
// costly to measure.
func (g GaugeOf[L]) Enabled() bool { return g.gauge.Enabled() }

// Close ends all series of the metric and frees its name.
func (g GaugeOf[L]) Close() { g.gauge.Close() }

// HistogramOf is a Histogram whose label values are the fields of L.
type HistogramOf[L any] struct{ histogram Histogram }

// NewHistogram makes or finds a histogram with the labels of L.
func NewHistogram[L any](s Scope, name string, options ...Option) (HistogramOf[L], error) {
	h, err := defineOf[L](s, s.NewHistogram, name, options)
	return HistogramOf[L]{h}, err
}

// MustHistogram is NewHistogram for definitions that are fixed in the program;
// it panics if the definition is invalid or conflicts with another one.
func MustHistogram[L any](s Scope, name string, options ...Option) HistogramOf[L] {
	return must(NewHistogram[L](s, name, options...))
}

// Observe records v in the series of the given labels.
func (h HistogramOf[L]) Observe(v float64, labels L) {
	h.histogram.Observe(v, fieldsOf(&labels)...)
}

// With returns a handle on the series of the given labels.
func (h HistogramOf[L]) With(labels L) BoundHistogram {
	return h.histogram.Bind(fieldsOf(&labels)...)
}

// Delete ends the series of the given labels and reports whether there was one.
func (h HistogramOf[L]) Delete(labels L) bool { return h.histogram.Delete(fieldsOf(&labels)...) }

// Enabled reports whether updates are recorded: measure only then what is
// costly to measure.
func (h HistogramOf[L]) Enabled() bool { return h.histogram.Enabled() }

// Close ends all series of the metric and frees its name.
func (h HistogramOf[L]) Close() { h.histogram.Close() }

// defineOf makes or finds an instrument with the labels of L by one of the
// scope's methods.
func defineOf[L, I any](s Scope, define func(string, ...Option) (I, error), name string, options []Option) (I, error) {
	keys, err := keysOf[L]()
	if err != nil {
		var none I
		return none, fmt.Errorf("metric %s: %w", s.Name(name), err)
	}
	return define(name, append([]Option{keys}, options...)...)
}

func must[T any](instrument T, err error) T {
	if err != nil {
		panic(err)
	}
	return instrument
}
