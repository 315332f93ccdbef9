package otelapi_test

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/x"

	"github.com/metertree/metertree/integrations/otelapi"
	"github.com/metertree/metertree/registry"
)

// kept keeps what is made alive, as the compiler sees it.
var kept any

func TestUpdatesDoNotAllocate(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{CardinalityLimit: 50})
	m := s.Meter("lib")
	c := s.counter(t, "requests")
	h, _ := m.Float64Histogram("histogram")
	g, _ := m.Int64Gauge("gauge")
	f, _ := m.Float64Counter("filtered", x.WithDefaultAttributes("a", "b"))
	attributes := []attribute.KeyValue{attribute.String("b", "x"), attribute.Int("a", 12345), attribute.Bool("c", true)}
	set := attribute.NewSet(attributes...)
	odd := attribute.NewSet(attribute.StringSlice("a", []string{"x"}), attribute.Float64("b", 1.5))
	add := []api.AddOption{api.WithAttributeSet(set)}
	addOdd := []api.AddOption{api.WithAttributeSet(odd)}
	record := []api.RecordOption{api.WithAttributeSet(set)}
	raw := x.WithUnsafeAttributes(attributes...)
	addRaw := []api.AddOption{raw}
	beyond := make([][]api.AddOption, 200)
	for n := range beyond {
		beyond[n] = []api.AddOption{api.WithAttributeSet(attribute.NewSet(attribute.Int("n", n)))}
	}
	many := s.counter(t, "many")
	bound := c.(x.Int64CounterBinder).Bind(attributes...)
	n := 0
	for name, update := range map[string]func(){
		"nothing":      func() { c.Add(background, 1) },
		"prepared":     func() { c.Add(background, 1, add...) },
		"histogram":    func() { h.Record(background, 1, record...) },
		"gauge":        func() { g.Record(background, 1, record...) },
		"odd":          func() { c.Add(background, 1, addOdd...) },
		"raw":          func() { c.Add(background, 1, addRaw...) },
		"bound":        func() { bound.Add(background, 1) },
		"bound, raw":   func() { bound.Add(background, 1, addRaw...) },
		"filtered":     func() { f.Add(background, 1, add...) },
		"beyond limit": func() { n++; many.Add(background, 1, beyond[n%len(beyond)]...) },
	} {
		for range 500 {
			update()
		}
		if allocs := testing.AllocsPerRun(1000, update); allocs != 0 {
			t.Errorf("an update with %s allocates %v times", name, allocs)
		}
	}
}

// TestDynamicAttributesAllocateNoMoreThanTheirOption compares an update with making
// its option, which is not ours.
func TestDynamicAttributesAllocateNoMoreThanTheirOption(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	c := s.counter(t, "requests")
	option := func() []api.AddOption {
		return []api.AddOption{api.WithAttributes(attribute.String("b", "x"), attribute.Int("a", 12345), attribute.Bool("c", true))}
	}
	update := func() { c.Add(background, 1, option()...) }
	for range 500 {
		update()
	}
	alone := testing.AllocsPerRun(1000, func() { kept = option() })
	if allocs := testing.AllocsPerRun(1000, update); allocs > alone {
		t.Errorf("an update allocates %v times, and its option %v times", allocs, alone)
	}
}
