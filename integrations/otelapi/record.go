package otelapi

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	"go.opentelemetry.io/otel/trace"

	"github.com/metertree/metertree/registry"
)

// int64Gauge is a gauge for int64, which it keeps in float64, or a bound one.
type int64Gauge struct {
	embedded.Int64Gauge
	target
}

// Record sets the value.
func (g *int64Gauge) Record(_ context.Context, v int64, options ...api.RecordOption) {
	g.forRecord(options).SetGauge(float64(v))
}

// Bind returns the gauge with attributes given once.
func (g *int64Gauge) Bind(attributes ...attribute.KeyValue) api.Int64Gauge {
	return &int64Gauge{target: g.bind(attributes)}
}

// float64Gauge is a gauge, or a bound one.
type float64Gauge struct {
	embedded.Float64Gauge
	target
}

// Record sets the value, unless it is not finite.
func (g *float64Gauge) Record(_ context.Context, v float64, options ...api.RecordOption) {
	g.forRecord(options).SetGauge(v)
}

// Bind returns the gauge with attributes given once.
func (g *float64Gauge) Bind(attributes ...attribute.KeyValue) api.Float64Gauge {
	return &float64Gauge{target: g.bind(attributes)}
}

// int64Histogram is a histogram of int64, or a bound one.
type int64Histogram struct {
	embedded.Int64Histogram
	target
}

// Record counts v.
func (h *int64Histogram) Record(ctx context.Context, v int64, options ...api.RecordOption) {
	h.observe(ctx, float64(v), h.forRecord(options))
}

// Bind returns the histogram with attributes given once.
func (h *int64Histogram) Bind(attributes ...attribute.KeyValue) api.Int64Histogram {
	return &int64Histogram{target: h.bind(attributes)}
}

// float64Histogram is a histogram, or a bound one.
type float64Histogram struct {
	embedded.Float64Histogram
	target
}

// Record counts v, unless it is not finite.
func (h *float64Histogram) Record(ctx context.Context, v float64, options ...api.RecordOption) {
	h.observe(ctx, v, h.forRecord(options))
}

// Bind returns the histogram with attributes given once.
func (h *float64Histogram) Bind(attributes ...attribute.KeyValue) api.Float64Histogram {
	return &float64Histogram{target: h.bind(attributes)}
}

// observe counts v and keeps an exemplar of it, if there are to be any and it was
// measured in a sampled span.
func (i *instrument) observe(ctx context.Context, v float64, bound registry.Bound) {
	if i.provider.options.TraceExemplars {
		if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
			bound.ObserveExemplar(v, span.TraceID().String(), span.SpanID().String())
			return
		}
	}
	bound.Observe(v)
}
