package conformance

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
)

// Backend is a provider with what tells what was recorded through it.
type Backend struct {
	Provider metric.MeterProvider
	// Collect runs the callbacks and returns every series, of sums their totals
	// since the start. It returns what was collected beside an error, if the
	// provider does.
	Collect func(context.Context) ([]Point, error)
	// Reported returns how many problems were reported so far, to an error handler
	// or a log; nil if that cannot be told.
	Reported func() int
}

// Config is what a check asks of a provider. A zero field leaves the provider's
// own.
type Config struct {
	// CardinalityLimit is how many attribute sets an instrument keeps apart.
	CardinalityLimit int
	// CallbackTimeout bounds the time that a collection waits for callbacks.
	CallbackTimeout time.Duration
}

// Factory makes a fresh backend. It cleans up by itself.
type Factory func(*testing.T, Config) Backend

// Point is one series.
type Point struct {
	// Scope is the name of the instrumentation scope.
	Scope string
	// Name is the instrument's, without what the provider adds for its kind. Names
	// in checks have letters and underscores alone, but for those that are about
	// names.
	Name string
	// Attributes are the attributes as text, by keys in which punctuation may have
	// become underscores. Empty ones may be missing.
	Attributes map[string]string
	// Overflow marks the series of sets beyond the limit.
	Overflow bool
	// Value is a sum, the last value of a gauge, or the sum of a histogram.
	Value float64
	// Count, Bounds and Counts are those of a histogram with explicit buckets.
	Count  uint64
	Bounds []float64
	Counts []uint64
}

// points are what one collection has.
type points []Point

// named returns the points of an instrument.
func (all points) named(name string) (found points) {
	for _, p := range all {
		if p.Name == name {
			found = append(found, p)
		}
	}
	return found
}

func (all points) total() (sum float64) {
	for _, p := range all {
		sum += p.Value
	}
	return sum
}

// with returns the values of points that have exactly the given attributes, sorted.
func (all points) with(attributes map[string]string) (values []float64) {
	for _, p := range all {
		if !p.Overflow && maps.Equal(p.Attributes, attributes) {
			values = append(values, p.Value)
		}
	}
	slices.Sort(values)
	return values
}

func (all points) values() (values []float64) {
	for _, p := range all {
		values = append(values, p.Value)
	}
	slices.Sort(values)
	return values
}
