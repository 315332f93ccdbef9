package meter

import (
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Gauge is a last value in float64. Values that are not finite are dropped and
// counted.
type Gauge struct{ instrument *registry.Instrument }

var gauge = metric.Descriptor{Kind: metric.Gauge, Number: metric.Float64}

// Gauge makes or finds a gauge; an invalid definition gives one that does
// nothing, as with Scope.Counter.
func (s Scope) Gauge(name string, options ...Option) Gauge {
	return Gauge{s.must(s.define(named(gauge, name), options))}
}

// NewGauge makes or finds a gauge.
func (s Scope) NewGauge(name string, options ...Option) (Gauge, error) {
	i, err := s.define(named(gauge, name), options)
	return Gauge{i}, err
}

// Set sets the series of the given label values.
func (g Gauge) Set(v float64, values ...string) {
	if compiled && g.instrument != nil {
		g.instrument.SetGauge(v, values...)
	}
}

// Add adds v, which may be negative, to the series of the given label values.
func (g Gauge) Add(v float64, values ...string) {
	if compiled && g.instrument != nil {
		g.instrument.AddGauge(v, values...)
	}
}

// Bind returns a handle on the series of the given label values, and
// pins the series.
func (g Gauge) Bind(values ...string) BoundGauge {
	if !compiled {
		return BoundGauge{}
	}
	return BoundGauge{g.instrument.Bind(values)}
}

// Delete ends the series of the given label values and reports whether there
// was one.
func (g Gauge) Delete(values ...string) bool { return g.instrument.Delete(values...) }

// Enabled reports whether updates are recorded: measure only then what is
// costly to measure.
func (g Gauge) Enabled() bool { return compiled && g.instrument.Enabled() }

// Close ends all series of the metric and frees its name.
func (g Gauge) Close() { g.instrument.Close() }

// BoundGauge is a Gauge with its label values fixed.
type BoundGauge struct{ bound registry.Bound }

// Set sets the value.
func (g BoundGauge) Set(v float64) {
	if compiled {
		g.bound.SetGauge(v)
	}
}

// Add adds v, which may be negative.
func (g BoundGauge) Add(v float64) {
	if compiled {
		g.bound.AddGauge(v)
	}
}

// Unpin lets the series be forgotten when it is idle; the handle stays usable.
func (g BoundGauge) Unpin() { g.bound.Unpin() }
