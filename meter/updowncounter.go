package meter

import (
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// UpDownCounter is a sum in int64 that may fall, such as requests in flight.
// Unlike a gauge it always adds up along every label.
type UpDownCounter struct{ instrument *registry.Instrument }

var upDownCounter = metric.Descriptor{Kind: metric.UpDownCounter}

// UpDownCounter makes or finds an up-down counter; an invalid definition gives
// one that does nothing, as with Scope.Counter.
func (s Scope) UpDownCounter(name string, options ...Option) UpDownCounter {
	return UpDownCounter{s.must(s.define(named(upDownCounter, name), options))}
}

// NewUpDownCounter makes or finds an up-down counter.
func (s Scope) NewUpDownCounter(name string, options ...Option) (UpDownCounter, error) {
	i, err := s.define(named(upDownCounter, name), options)
	return UpDownCounter{i}, err
}

// Add adds v, which may be negative, to the series of the given label values.
func (c UpDownCounter) Add(v int64, values ...string) {
	if compiled && c.instrument != nil {
		c.instrument.AddInt(v, values...)
	}
}

// Bind returns a handle on the series of the given label values, and
// pins the series.
func (c UpDownCounter) Bind(values ...string) BoundUpDownCounter {
	if !compiled {
		return BoundUpDownCounter{}
	}
	return BoundUpDownCounter{c.instrument.Bind(values)}
}

// Delete ends the series of the given label values and reports whether there
// was one.
func (c UpDownCounter) Delete(values ...string) bool { return c.instrument.Delete(values...) }

// Enabled reports whether updates are recorded: measure only then what is
// costly to measure.
func (c UpDownCounter) Enabled() bool { return compiled && c.instrument.Enabled() }

// Close ends all series of the metric and frees its name.
func (c UpDownCounter) Close() { c.instrument.Close() }

// BoundUpDownCounter is an UpDownCounter with its label values fixed.
type BoundUpDownCounter struct{ bound registry.Bound }

// Add adds v, which may be negative.
func (c BoundUpDownCounter) Add(v int64) {
	if compiled {
		c.bound.AddInt(v)
	}
}

// Unpin lets the series be forgotten when it is idle; the handle stays usable.
func (c BoundUpDownCounter) Unpin() { c.bound.Unpin() }
