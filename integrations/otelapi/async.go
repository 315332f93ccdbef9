package otelapi

import (
	"context"

	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"

	"github.com/metertree/metertree/metric"
)

// int64Observer is an observer of one instrument.
type int64Observer struct {
	embedded.Int64Observer
	*observer
	of *int64Observable
}

// Observe implements metric.Int64Observer.
func (o int64Observer) Observe(v int64, options ...api.ObserveOption) {
	o.observer.ObserveInt64(o.of, v, options...)
}

// float64Observer is an observer of one instrument.
type float64Observer struct {
	embedded.Float64Observer
	*observer
	of *float64Observable
}

// Observe implements metric.Float64Observer.
func (o float64Observer) Observe(v float64, options ...api.ObserveOption) {
	o.observer.ObserveFloat64(o.of, v, options...)
}

// int64Observable returns the observable asked for, with its callbacks.
func (m *meter) int64Observable(r request, callbacks []api.Int64Callback) (*int64Observable, error) {
	r.observable = true
	of, err := facadeOf[*int64Observable](m, r, func(i *instrument) any { return &int64Observable{instrument: i} })
	for _, call := range callbacks {
		m.provider.register([]*instrument{of.instrument}, func(ctx context.Context, o *observer) error {
			return call(ctx, int64Observer{observer: o, of: of})
		})
	}
	return of, err
}

// float64Observable returns the observable asked for, with its callbacks.
func (m *meter) float64Observable(r request, callbacks []api.Float64Callback) (*float64Observable, error) {
	r.observable, r.number = true, metric.Float64
	of, err := facadeOf[*float64Observable](m, r, func(i *instrument) any { return &float64Observable{instrument: i} })
	for _, call := range callbacks {
		m.provider.register([]*instrument{of.instrument}, func(ctx context.Context, o *observer) error {
			return call(ctx, float64Observer{observer: o, of: of})
		})
	}
	return of, err
}

// Int64ObservableCounter implements metric.Meter.
func (m *meter) Int64ObservableCounter(name string, options ...api.Int64ObservableCounterOption) (api.Int64ObservableCounter, error) {
	c := api.NewInt64ObservableCounterConfig(options...)
	return m.int64Observable(request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.Counter},
		description: c.Description(), allowed: allowedOf(options),
	}, c.Callbacks())
}

// Int64ObservableUpDownCounter implements metric.Meter.
func (m *meter) Int64ObservableUpDownCounter(name string, options ...api.Int64ObservableUpDownCounterOption) (api.Int64ObservableUpDownCounter, error) {
	c := api.NewInt64ObservableUpDownCounterConfig(options...)
	return m.int64Observable(request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.UpDownCounter},
		description: c.Description(), allowed: allowedOf(options),
	}, c.Callbacks())
}

// Int64ObservableGauge implements metric.Meter.
func (m *meter) Int64ObservableGauge(name string, options ...api.Int64ObservableGaugeOption) (api.Int64ObservableGauge, error) {
	c := api.NewInt64ObservableGaugeConfig(options...)
	return m.int64Observable(request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.Gauge},
		description: c.Description(), allowed: allowedOf(options),
	}, c.Callbacks())
}

// Float64ObservableCounter implements metric.Meter.
func (m *meter) Float64ObservableCounter(name string, options ...api.Float64ObservableCounterOption) (api.Float64ObservableCounter, error) {
	c := api.NewFloat64ObservableCounterConfig(options...)
	return m.float64Observable(request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.Counter},
		description: c.Description(), allowed: allowedOf(options),
	}, c.Callbacks())
}

// Float64ObservableUpDownCounter implements metric.Meter.
func (m *meter) Float64ObservableUpDownCounter(name string, options ...api.Float64ObservableUpDownCounterOption) (api.Float64ObservableUpDownCounter, error) {
	c := api.NewFloat64ObservableUpDownCounterConfig(options...)
	return m.float64Observable(request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.UpDownCounter},
		description: c.Description(), allowed: allowedOf(options),
	}, c.Callbacks())
}

// Float64ObservableGauge implements metric.Meter.
func (m *meter) Float64ObservableGauge(name string, options ...api.Float64ObservableGaugeOption) (api.Float64ObservableGauge, error) {
	c := api.NewFloat64ObservableGaugeConfig(options...)
	return m.float64Observable(request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.Gauge},
		description: c.Description(), allowed: allowedOf(options),
	}, c.Callbacks())
}
