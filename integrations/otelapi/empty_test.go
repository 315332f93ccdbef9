package otelapi_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"

	"github.com/metertree/metertree/integrations/otelapi"
	"github.com/metertree/metertree/registry"
)

// nearlyEmpty are sets that differ and have few labels that are not empty, or none.
var nearlyEmpty = [][]attribute.KeyValue{
	{},
	{attribute.String("a", "")},
	{attribute.String("b", "")},
	{attribute.String("a", ""), attribute.String("b", "")},
	{attribute.String("a", "x")},
	{attribute.String("a", "x"), attribute.String("b", "")},
	{attribute.String("a.b", "")},
	{attribute.String("a_b", "")},
	{attribute.String("a.b", ""), attribute.String("a_b", "x")},
	{attribute.String("a_b", "x")},
	{attribute.StringSlice("a", nil)},
	{attribute.String("a", "[]")},
	{attribute.String("", "")},
	{{Key: "a"}},
	{attribute.String("otel_attributes", "")},
	{attribute.String("otel_attributes", "{}")},
	{attribute.String("otel_metric_overflow", "")},
}

// TestEmptyValuesInBothOrders adds with each two of these sets, in both orders, and
// observes them: each has a series of its own, which differs from the other in labels
// that are not empty.
func TestEmptyValuesInBothOrders(t *testing.T) {
	for one := range nearlyEmpty {
		for other := range nearlyEmpty {
			if one != other {
				t.Run(fmt.Sprintf("%d before %d", one, other), func(t *testing.T) {
					twoSets(t, with(nearlyEmpty[one]...), with(nearlyEmpty[other]...))
				})
			}
		}
	}
}

func twoSets(t *testing.T, one, other api.MeasurementOption) {
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	c := s.counter(t, "requests")
	s.observe(t, "observed", func(_ context.Context, observe func(int64, ...api.ObserveOption)) error {
		observe(10, one)
		observe(1, other)
		return nil
	})
	for range 2 {
		c.Add(background, 5, one)
		c.Add(background, 1, other)
	}
	for name, want := range map[string][]float64{"requests_total": {2, 10}, "observed": {1, 10}} {
		if got := slices.Sorted(maps.Values(s.values(name))); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", name, s.values(name), want)
		}
	}
}

// TestEmptySetThatComesLater is told from the one before by what can be read.
func TestEmptySetThatComesLater(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{Scopes: otelapi.NoScopes})
	c := s.counter(t, "requests")
	c.Add(background, 10, with(attribute.String("tenant", "")))
	c.Add(background, 1)
	s.expect(t, "requests_total", map[string]float64{"": 10, "otel_attributes={}": 1})
	if s.reported("the label otel_attributes: {}: give") != 1 {
		t.Errorf("reported %q, want which set it is", s.told)
	}
}

// TestObservableNumbers reads each observable instrument as exporters do.
func TestObservableNumbers(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{Scopes: otelapi.NoScopes})
	m := s.Meter("lib")
	ints := api.WithInt64Callback(func(_ context.Context, o api.Int64Observer) error {
		o.Observe(7)
		return nil
	})
	floats := api.WithFloat64Callback(func(_ context.Context, o api.Float64Observer) error {
		o.Observe(7.5)
		return nil
	})
	var errs [6]error
	_, errs[0] = m.Int64ObservableGauge("int.gauge", ints)
	_, errs[1] = m.Int64ObservableUpDownCounter("int.updown", ints)
	_, errs[2] = m.Int64ObservableCounter("int.counter", ints)
	_, errs[3] = m.Float64ObservableGauge("float.gauge", floats)
	_, errs[4] = m.Float64ObservableUpDownCounter("float.updown", floats)
	_, errs[5] = m.Float64ObservableCounter("float.counter", floats)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]float64{
		"int_gauge": 7, "int_updown": 7, "int_counter_total": 7, "float_gauge": 7.5, "float_updown": 7.5, "float_counter_total": 7.5,
	} {
		s.expect(t, name, map[string]float64{"": want})
	}
}
