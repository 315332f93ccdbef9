package otelapi

import (
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/metertree/metertree/metric"
)

// DefaultCardinalityLimit is how many attribute sets an instrument keeps apart
// if Options do not say: what OpenTelemetry's specification recommends.
const DefaultCardinalityLimit = 2000

// DefaultCallbackTimeout is how long a collection waits for callbacks if Options
// do not say.
const DefaultCallbackTimeout = 5 * time.Second

// Scopes says what becomes of instrumentation scopes.
type Scopes uint8

const (
	// ScopeLabels keeps them as labels, so that instruments of the same name in
	// different scopes stay apart.
	ScopeLabels Scopes = iota
	// NoScopes leaves them out: all meters of a provider are one.
	NoScopes
)

// Options configure a Provider; the zero value is useful.
type Options struct {
	// Resource becomes the labels of the metric target_info; an empty one has no
	// such metric.
	Resource attribute.Set
	// Scopes says what becomes of instrumentation scopes.
	Scopes Scopes
	// CardinalityLimit is how many attribute sets each instrument keeps apart; 0
	// means DefaultCardinalityLimit. Further ones are merged into one series more.
	CardinalityLimit int
	// CallbackTimeout bounds the time that a collection waits for callbacks; 0
	// means DefaultCallbackTimeout.
	CallbackTimeout time.Duration
	// Exponential is the layout of histograms that give no bounds of their own.
	// The zero value stands for explicit bounds: metric.DefaultLatencyBounds for
	// seconds, and those of OpenTelemetry's specification for other units.
	Exponential metric.ExponentialLayout
	// TraceExemplars keeps exemplars of histograms with explicit buckets from
	// measurements in sampled spans. Such a measurement may allocate.
	TraceExemplars bool
	// ErrorHandler is told what goes wrong where nothing can be returned, such as
	// in callbacks: otel.GetErrorHandler().Handle, for example. It may be called
	// from any goroutine. Everything is counted in metertree_otel_problems_total
	// as well; nil only counts.
	ErrorHandler func(error)
}

func (o *Options) complete() {
	if o.CardinalityLimit <= 0 {
		o.CardinalityLimit = DefaultCardinalityLimit
	}
	if o.CallbackTimeout <= 0 {
		o.CallbackTimeout = DefaultCallbackTimeout
	}
}
