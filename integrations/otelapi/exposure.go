package otelapi

import (
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// exposure is a name in the registry, with those instruments that have it: at most
// one of each scope, since they are told apart by the labels of their scopes, and
// all alike in what a metric has once.
type exposure struct {
	kind        metric.Kind
	number      metric.Number
	unit, help  string
	bounds      []float64
	exponential metric.ExponentialLayout
	scopes      map[scopeID]*instrument
}

// admits reports whether a definition can have the name too.
func (e *exposure) admits(i *instrument) bool {
	d := &i.definition
	return e.scopes[i.meter.scope] == nil && e.kind == d.Kind && e.number == d.Number && e.unit == d.Unit &&
		slices.Equal(e.bounds, d.Bounds) && e.exponential == d.Exponential
}

// expose gives an instrument the first name that it can have and did not have
// before, and reports whether that is not its own.
func (p *Provider) expose(i *instrument) (numberedName bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		i.renamed++
		name := numbered(i.wanted, i.renamed)
		e := p.exposed[name]
		if e == nil {
			d := &i.definition
			e = &exposure{d.Kind, d.Number, d.Unit, d.Help, d.Bounds, d.Exponential, map[scopeID]*instrument{}}
			p.exposed[name] = e
		}
		if e.admits(i) {
			e.scopes[i.meter.scope] = i
			i.definition.Name, i.definition.Help = name, e.help
			return i.renamed > 1
		}
	}
}

// define returns the definition of an instrument, but for its name.
func (p *Provider) define(id identity, description string, bounds []float64) registry.Definition {
	d := registry.Definition{
		Descriptor: metric.Descriptor{
			Scope: scopeOf(id.name), Kind: id.kind, Number: id.number,
			Unit: exposedUnit(id.unit), Help: description,
		},
		// The limit is kept here, with one more for what is beyond.
		SeriesBudget: p.options.CardinalityLimit + 1,
		Open:         true,
	}
	switch {
	case id.kind == metric.Gauge:
		d.Number = metric.Float64
	case id.kind != metric.Histogram:
	case bounds != nil:
		d.Number, d.Bounds = metric.Float64, bounds
	case p.options.Exponential != metric.ExponentialLayout{}:
		d.Number, d.Exponential = metric.Float64, p.options.Exponential
	case d.Unit == "seconds":
		d.Number, d.Bounds = metric.Float64, metric.DefaultLatencyBounds()
	default:
		d.Number, d.Bounds = metric.Float64, defaultBounds()
	}
	return d
}

// defaultBounds are those of OpenTelemetry's specification.
func defaultBounds() []float64 {
	return []float64{0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000}
}
