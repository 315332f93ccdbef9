package meter

import (
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// FloatCounter is a monotonic sum in float64, such as seconds of CPU time.
// Negative additions and values that are not finite are dropped and counted.
type FloatCounter struct{ instrument *registry.Instrument }

var floatCounter = metric.Descriptor{Kind: metric.Counter, Number: metric.Float64}

// FloatCounter makes or finds a counter in float64; an invalid definition gives
// one that does nothing, as with Scope.Counter.
func (s Scope) FloatCounter(name string, options ...Option) FloatCounter {
	return FloatCounter{s.must(s.define(named(floatCounter, name), options))}
}

// NewFloatCounter makes or finds a counter in float64.
func (s Scope) NewFloatCounter(name string, options ...Option) (FloatCounter, error) {
	i, err := s.define(named(floatCounter, name), options)
	return FloatCounter{i}, err
}

// Add adds v to the series of the given label values.
func (c FloatCounter) Add(v float64, values ...string) {
	if compiled && c.instrument != nil {
		c.instrument.AddFloat(v, values...)
	}
}

// Bind returns a handle on the series of the given label values, and
// pins the series.
func (c FloatCounter) Bind(values ...string) BoundFloatCounter {
	if !compiled {
		return BoundFloatCounter{}
	}
	return BoundFloatCounter{c.instrument.Bind(values)}
}

// Delete ends the series of the given label values and reports whether there
// was one.
func (c FloatCounter) Delete(values ...string) bool { return c.instrument.Delete(values...) }

// Enabled reports whether updates are recorded: measure only then what is
// costly to measure.
func (c FloatCounter) Enabled() bool { return compiled && c.instrument.Enabled() }

// Close ends all series of the metric and frees its name.
func (c FloatCounter) Close() { c.instrument.Close() }

// BoundFloatCounter is a FloatCounter with its label values fixed.
type BoundFloatCounter struct{ bound registry.Bound }

// Add adds v.
func (c BoundFloatCounter) Add(v float64) {
	if compiled {
		c.bound.AddFloat(v)
	}
}

// Unpin lets the series be forgotten when it is idle; the handle stays usable.
func (c BoundFloatCounter) Unpin() { c.bound.Unpin() }

// named returns the descriptor with a name.
func named(d metric.Descriptor, name string) metric.Descriptor {
	d.Name = name
	return d
}
