package otelapi

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"

	"github.com/metertree/metertree/metric"
)

// Enabled reports whether measurements are recorded.
func (t *target) Enabled(context.Context) bool { return !t.off.Load() }

// Finish lets the series of the given attributes end. The next collections show it
// until one finds it unchanged; if it is recorded again by then, it stays.
func (t *target) Finish(_ context.Context, attributes ...attribute.KeyValue) {
	all := sortedOnce(slices.Concat(t.base, attributes))
	t.finish(all)
}

// facadeOf returns the instrument asked for as the API has it.
func facadeOf[F any](m *meter, r request, facade func(*instrument) any) (F, error) {
	i, err := m.instrument(r, facade)
	return i.facade.(F), err
}

// Int64Counter implements metric.Meter.
func (m *meter) Int64Counter(name string, options ...api.Int64CounterOption) (api.Int64Counter, error) {
	c := api.NewInt64CounterConfig(options...)
	return facadeOf[*int64Counter](m, request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.Counter},
		description: c.Description(), allowed: allowedOf(options),
	}, func(i *instrument) any { return &int64Counter{target: target{instrument: i}} })
}

// Float64Counter implements metric.Meter.
func (m *meter) Float64Counter(name string, options ...api.Float64CounterOption) (api.Float64Counter, error) {
	c := api.NewFloat64CounterConfig(options...)
	return facadeOf[*float64Counter](m, request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.Counter, number: metric.Float64},
		description: c.Description(), allowed: allowedOf(options),
	}, func(i *instrument) any { return &float64Counter{target: target{instrument: i}} })
}

// Int64UpDownCounter implements metric.Meter.
func (m *meter) Int64UpDownCounter(name string, options ...api.Int64UpDownCounterOption) (api.Int64UpDownCounter, error) {
	c := api.NewInt64UpDownCounterConfig(options...)
	return facadeOf[*int64UpDownCounter](m, request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.UpDownCounter},
		description: c.Description(), allowed: allowedOf(options),
	}, func(i *instrument) any { return &int64UpDownCounter{target: target{instrument: i}} })
}

// Float64UpDownCounter implements metric.Meter.
func (m *meter) Float64UpDownCounter(name string, options ...api.Float64UpDownCounterOption) (api.Float64UpDownCounter, error) {
	c := api.NewFloat64UpDownCounterConfig(options...)
	return facadeOf[*float64UpDownCounter](m, request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.UpDownCounter, number: metric.Float64},
		description: c.Description(), allowed: allowedOf(options),
	}, func(i *instrument) any { return &float64UpDownCounter{target: target{instrument: i}} })
}

// Int64Histogram implements metric.Meter.
func (m *meter) Int64Histogram(name string, options ...api.Int64HistogramOption) (api.Int64Histogram, error) {
	c := api.NewInt64HistogramConfig(options...)
	return facadeOf[*int64Histogram](m, request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.Histogram},
		description: c.Description(), bounds: slices.Clone(c.ExplicitBucketBoundaries()), allowed: allowedOf(options),
	}, func(i *instrument) any { return &int64Histogram{target: target{instrument: i}} })
}

// Float64Histogram implements metric.Meter.
func (m *meter) Float64Histogram(name string, options ...api.Float64HistogramOption) (api.Float64Histogram, error) {
	c := api.NewFloat64HistogramConfig(options...)
	return facadeOf[*float64Histogram](m, request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.Histogram, number: metric.Float64},
		description: c.Description(), bounds: slices.Clone(c.ExplicitBucketBoundaries()), allowed: allowedOf(options),
	}, func(i *instrument) any { return &float64Histogram{target: target{instrument: i}} })
}

// Int64Gauge implements metric.Meter.
func (m *meter) Int64Gauge(name string, options ...api.Int64GaugeOption) (api.Int64Gauge, error) {
	c := api.NewInt64GaugeConfig(options...)
	return facadeOf[*int64Gauge](m, request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.Gauge},
		description: c.Description(), allowed: allowedOf(options),
	}, func(i *instrument) any { return &int64Gauge{target: target{instrument: i}} })
}

// Float64Gauge implements metric.Meter.
func (m *meter) Float64Gauge(name string, options ...api.Float64GaugeOption) (api.Float64Gauge, error) {
	c := api.NewFloat64GaugeConfig(options...)
	return facadeOf[*float64Gauge](m, request{
		identity:    identity{name: name, unit: c.Unit(), kind: metric.Gauge, number: metric.Float64},
		description: c.Description(), allowed: allowedOf(options),
	}, func(i *instrument) any { return &float64Gauge{target: target{instrument: i}} })
}
