package meter

import (
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Counter is a monotonic sum in int64. Negative additions are dropped and
// counted.
type Counter struct{ instrument *registry.Instrument }

// Counter makes or finds a counter. If the definition is invalid or conflicts
// with another one, the counter does nothing, and the registry logs and counts
// the error; use NewCounter to handle it.
func (s Scope) Counter(name string, options ...Option) Counter {
	return Counter{s.must(s.define(metric.Descriptor{Name: name, Kind: metric.Counter}, options))}
}

// NewCounter makes or finds a counter.
func (s Scope) NewCounter(name string, options ...Option) (Counter, error) {
	i, err := s.define(metric.Descriptor{Name: name, Kind: metric.Counter}, options)
	return Counter{i}, err
}

// Add adds v to the series of the given label values.
func (c Counter) Add(v int64, values ...string) {
	if compiled && c.instrument != nil {
		c.instrument.AddInt(v, values...)
	}
}

// Inc adds one to the series of the given label values.
func (c Counter) Inc(values ...string) {
	if compiled && c.instrument != nil {
		c.instrument.AddInt(1, values...)
	}
}

// Bind returns a handle on the series of the given label values. Values of the
// wrong number give a handle that does nothing, and are counted as a drop.
func (c Counter) Bind(values ...string) BoundCounter {
	if !compiled {
		return BoundCounter{}
	}
	return BoundCounter{c.instrument.Bind(values)}
}

// Delete ends the series of the given label values and reports whether there
// was one.
func (c Counter) Delete(values ...string) bool { return c.instrument.Delete(values...) }

// Enabled reports whether updates are recorded: measure only then what is
// costly to measure.
func (c Counter) Enabled() bool { return compiled && c.instrument.Enabled() }

// Close ends all series of the metric and frees its name.
func (c Counter) Close() { c.instrument.Close() }

// BoundCounter is a Counter with its label values fixed.
type BoundCounter struct{ bound registry.Bound }

// Add adds v.
func (c BoundCounter) Add(v int64) {
	if compiled {
		c.bound.AddInt(v)
	}
}

// Inc adds one.
func (c BoundCounter) Inc() {
	if compiled {
		c.bound.AddInt(1)
	}
}

// Unpin lets the series be forgotten when it is idle; the handle stays usable.
func (c BoundCounter) Unpin() { c.bound.Unpin() }
