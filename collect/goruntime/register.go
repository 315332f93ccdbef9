package goruntime

import (
	"fmt"
	"runtime"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// Register adds the runtime's metrics to a scope, usually the root scope: their
// names begin with go_. It fails if one of them exists already, such as after an
// earlier Register in the same place; then those before it stay registered.
func Register(scope meter.Scope) error {
	r := newReader()
	place := scope.Scope("go")
	remove := scope.OnCollect(r.refresh)
	if err := r.register(place); err != nil {
		remove()
		return fmt.Errorf("registering the metrics of the Go runtime: %w", err)
	}
	return nil
}

func (r *reader) register(scope meter.Scope) error {
	version := func(o *meter.Observer) { o.Float(1, runtime.Version()) }
	err := scope.GaugeFunc("info", version, meter.Keys("version"), meter.Fold(metric.FoldSum),
		meter.Help("Constant 1, labelled with the version of Go the program was built with."))
	if err != nil {
		return err
	}
	for _, v := range values {
		if err := r.registerValue(scope, v); err != nil {
			return err
		}
	}
	for _, d := range distributions {
		if err := r.registerDistribution(scope, d); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) registerValue(scope meter.Scope, v value) error {
	if !r.provides(v.parts) {
		return nil
	}
	read := func(o *meter.Observer) {
		if s := r.latest.Load(); s != nil {
			o.Float(v.of(s))
		}
	}
	options := []meter.Option{meter.Help(v.help), meter.Unit(v.unit)}
	for _, segment := range v.scope {
		scope = scope.Scope(segment)
	}
	if v.kind == metric.Counter {
		return scope.CounterFunc(v.name, read, options...)
	}
	return scope.GaugeFunc(v.name, read, append(options, meter.Fold(v.fold))...)
}

func (r *reader) registerDistribution(scope meter.Scope, d distribution) error {
	edges, ok := r.edges(d.source)
	if !ok {
		return nil
	}
	layout := newLayout(edges)
	read := func(o *meter.Observer) {
		if s := r.latest.Load(); s != nil {
			o.Histogram(s.histograms[d.source])
		}
	}
	r.layouts[d.source] = layout
	return scope.Scope(d.scope).HistogramFunc(d.name, read,
		meter.Help(d.help), meter.Unit("seconds"), meter.Buckets(layout.bounds...))
}
