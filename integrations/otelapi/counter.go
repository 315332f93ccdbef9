package otelapi

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
)

// int64Counter is a counter in int64, or a bound one.
type int64Counter struct {
	embedded.Int64Counter
	target
}

// Add adds v, unless it is negative.
func (c *int64Counter) Add(_ context.Context, v int64, options ...api.AddOption) {
	c.forAdd(options).AddInt(v)
}

// Bind returns the counter with attributes given once.
func (c *int64Counter) Bind(attributes ...attribute.KeyValue) api.Int64Counter {
	return &int64Counter{target: c.bind(attributes)}
}

// float64Counter is a counter in float64, or a bound one.
type float64Counter struct {
	embedded.Float64Counter
	target
}

// Add adds v, unless it is negative or not finite.
func (c *float64Counter) Add(_ context.Context, v float64, options ...api.AddOption) {
	c.forAdd(options).AddFloat(v)
}

// Bind returns the counter with attributes given once.
func (c *float64Counter) Bind(attributes ...attribute.KeyValue) api.Float64Counter {
	return &float64Counter{target: c.bind(attributes)}
}

// int64UpDownCounter is an up-down counter in int64, or a bound one.
type int64UpDownCounter struct {
	embedded.Int64UpDownCounter
	target
}

// Add adds v.
func (c *int64UpDownCounter) Add(_ context.Context, v int64, options ...api.AddOption) {
	c.forAdd(options).AddInt(v)
}

// Bind returns the counter with attributes given once.
func (c *int64UpDownCounter) Bind(attributes ...attribute.KeyValue) api.Int64UpDownCounter {
	return &int64UpDownCounter{target: c.bind(attributes)}
}

// float64UpDownCounter is an up-down counter in float64, or a bound one.
type float64UpDownCounter struct {
	embedded.Float64UpDownCounter
	target
}

// Add adds v, unless it is not finite.
func (c *float64UpDownCounter) Add(_ context.Context, v float64, options ...api.AddOption) {
	c.forAdd(options).AddFloat(v)
}

// Bind returns the counter with attributes given once.
func (c *float64UpDownCounter) Bind(attributes ...attribute.KeyValue) api.Float64UpDownCounter {
	return &float64UpDownCounter{target: c.bind(attributes)}
}
