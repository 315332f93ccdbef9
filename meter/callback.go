package meter

import (
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Observer takes the values that a callback reads.
type Observer = registry.Observer

// CounterFunc registers a callback that gives the totals of a float64 counter
// at each collection, with Observer.Float. The name must be its own.
func (s Scope) CounterFunc(name string, read func(*Observer), options ...Option) error {
	return s.defineFunc(named(floatCounter, name), read, options)
}

// GaugeFunc registers a callback that gives the values of a gauge at each
// collection, with Observer.Float. The name must be its own.
func (s Scope) GaugeFunc(name string, read func(*Observer), options ...Option) error {
	return s.defineFunc(named(gauge, name), read, options)
}

// HistogramFunc registers a callback that gives distributions at each
// collection, with Observer.Histogram. The name must be its own.
func (s Scope) HistogramFunc(name string, read func(*Observer), options ...Option) error {
	return s.defineFunc(named(histogram, name), read, options)
}

func (s Scope) defineFunc(d metric.Descriptor, read func(*Observer), options []Option) error {
	if s.registry == nil {
		return nil
	}
	definition, err := s.definition(d, options)
	if err != nil {
		return err
	}
	if !compiled {
		return s.registry.Check(definition)
	}
	return s.registry.DefineFunc(definition, read)
}
