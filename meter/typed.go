package meter

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// A typed instrument takes its label values as a struct L whose fields are all
// strings, of the type string or of one defined from it: the fields' order and
// number then are those of the keys, and the compiler checks them. A key is the
// field's name in snake case, or what its tag `label:"name"` says.
//
// Such a struct lies in memory as an array of strings, so its values are read
// without copying, allocating or reflection; reflection checks the type once,
// at the definition.

// CounterOf is a Counter whose label values are the fields of L.
type CounterOf[L any] struct{ counter Counter }

// NewCounter makes or finds a counter with the labels of L.
func NewCounter[L any](s Scope, name string, options ...Option) (CounterOf[L], error) {
	keys, err := keysOf[L]()
	if err != nil {
		return CounterOf[L]{}, fmt.Errorf("metric %s: %w", s.Name(name), err)
	}
	c, err := s.NewCounter(name, append([]Option{keys}, options...)...)
	return CounterOf[L]{c}, err
}

// MustCounter is NewCounter for definitions that are fixed in the program; it
// panics if the definition is invalid or conflicts with another one.
func MustCounter[L any](s Scope, name string, options ...Option) CounterOf[L] {
	return must(NewCounter[L](s, name, options...))
}

// Add adds v to the series of the given labels.
func (c CounterOf[L]) Add(v int64, labels L) {
	if c.counter.instrument != nil {
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

// GaugeOf is a Gauge whose label values are the fields of L.
type GaugeOf[L any] struct{ gauge Gauge }

// NewGauge makes or finds a gauge with the labels of L.
func NewGauge[L any](s Scope, name string, options ...Option) (GaugeOf[L], error) {
	keys, err := keysOf[L]()
	if err != nil {
		return GaugeOf[L]{}, fmt.Errorf("metric %s: %w", s.Name(name), err)
	}
	g, err := s.NewGauge(name, append([]Option{keys}, options...)...)
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
	keys, err := keysOf[L]()
	if err != nil {
		return HistogramOf[L]{}, fmt.Errorf("metric %s: %w", s.Name(name), err)
	}
	h, err := s.NewHistogram(name, append([]Option{keys}, options...)...)
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

func must[T any](instrument T, err error) T {
	if err != nil {
		panic(err)
	}
	return instrument
}

// fieldsOf returns the fields of a struct that keysOf has accepted. The slice
// shares the struct's memory.
func fieldsOf[L any](labels *L) []string {
	return unsafe.Slice((*string)(unsafe.Pointer(labels)), unsafe.Sizeof(*labels)/unsafe.Sizeof(""))
}

// keysOf returns the keys that the fields of L make, or an error if L is not a
// struct of strings.
func keysOf[L any]() (Option, error) {
	t := reflect.TypeFor[L]()
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("label set %s is not a struct: give a struct whose fields are strings", t)
	}
	keys := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Type.Kind() != reflect.String {
			return nil, fmt.Errorf("field %s of label set %s is a %s: label values are strings", field.Name, t, field.Type)
		}
		key := field.Tag.Get("label")
		if key == "" {
			key = snakeCase(field.Name)
		}
		keys = append(keys, key)
	}
	return Keys(keys...), nil
}

// snakeCase turns a field's name into a label's: HTTPStatus becomes
// http_status.
func snakeCase(name string) string {
	upper := func(i int) bool { return i < len(name) && name[i] >= 'A' && name[i] <= 'Z' }
	var b strings.Builder
	for i := range len(name) {
		starts := upper(i) && i > 0 && (!upper(i-1) || i+1 < len(name) && !upper(i+1))
		if starts && name[i-1] != '_' {
			b.WriteByte('_')
		}
		if upper(i) {
			b.WriteByte(name[i] + 'a' - 'A')
		} else {
			b.WriteByte(name[i])
		}
	}
	return b.String()
}
