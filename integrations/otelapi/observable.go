package otelapi

import (
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// int64Observable is an observable instrument in int64 of any kind.
type int64Observable struct {
	api.Int64Observable
	embedded.Int64ObservableCounter
	embedded.Int64ObservableUpDownCounter
	embedded.Int64ObservableGauge
	*instrument
}

// float64Observable is an observable instrument in float64 of any kind.
type float64Observable struct {
	api.Float64Observable
	embedded.Float64ObservableCounter
	embedded.Float64ObservableUpDownCounter
	embedded.Float64ObservableGauge
	*instrument
}

// observed returns the instrument that an observable is; nil if it is not ours. Those
// of the global provider are for its own meters, which hand on ours.
func observed(o api.Observable) *instrument {
	switch o := o.(type) {
	case *int64Observable:
		return o.instrument
	case *float64Observable:
		return o.instrument
	}
	return nil
}

// point is the series of a stream of an observable instrument.
type point struct {
	part   *part
	values []string
	// seen is the last collection that observed it.
	seen uint64
}

// observation is a point with its value.
type observation struct {
	*point
	value
}

// value is one of either; which is told by the instrument's number.
type value struct {
	integer int64
	float   float64
}

// plus returns the value of two observations of one attribute set: their sum, or of
// a gauge the later one.
func (v value) plus(later value, kind metric.Kind) value {
	if kind == metric.Gauge {
		return later
	}
	return value{v.integer + later.integer, v.float + later.float}
}

// read gives the registry what was observed last.
func (p *part) read(to *registry.Observer) {
	latest := p.latest.Load()
	if latest == nil {
		return
	}
	for i := range *latest {
		if o := &(*latest)[i]; p.number == metric.Float64 {
			to.Float(o.float, o.values...)
		} else {
			to.Int(o.integer, o.values...)
		}
	}
}

// renewLocked lets go of the attribute sets that the present collection has not
// observed yet, so that each collection keeps as many apart as the limit says.
func (i *instrument) renewLocked(now uint64) {
	for s, at := range i.points {
		if at.seen < now && s != i.merged {
			delete(i.points, s)
		}
	}
	i.forgetLocked()
}

// forgetLocked takes streams without a point out of the table.
func (i *instrument) forgetLocked() {
	i.removeLocked(func(s *stream) bool { return i.points[s] == nil })
	if i.size = len(i.points); i.points[i.merged] != nil {
		i.size--
	}
}

// publish makes observations what the registry reads, and lets go of the attribute
// sets that are not among them.
func (i *instrument) publish(latest map[*stream]observation) {
	i.mu.Lock()
	defer i.mu.Unlock()
	byPart := map[*part][]observation{}
	for _, o := range latest {
		byPart[o.part] = append(byPart[o.part], o)
	}
	for _, p := range i.parts {
		list := byPart[p]
		p.latest.Store(&list)
	}
	for s := range i.points {
		if _, seen := latest[s]; !seen && s != i.merged {
			delete(i.points, s)
		}
	}
	i.forgetLocked()
}
