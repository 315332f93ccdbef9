package otelapi_test

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"

	"github.com/metertree/metertree/integrations/otelapi"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// setup is a provider with its registry and what its error handler was told.
type setup struct {
	*otelapi.Provider
	t        testing.TB
	registry *registry.Registry

	mu   sync.Mutex
	told []string
}

func newSetup(t testing.TB, registryOptions registry.Options, options otelapi.Options) *setup {
	t.Helper()
	s := &setup{t: t, registry: registry.New(registryOptions)}
	options.ErrorHandler = func(err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told = append(s.told, err.Error())
	}
	p, err := otelapi.New(s.registry, options)
	if err != nil {
		t.Fatal(err)
	}
	s.Provider = p
	return s
}

// reported returns how often the handler was told something with a part in it.
func (s *setup) reported(part string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.told {
		if strings.Contains(line, part) {
			n++
		}
	}
	return n
}

// valueOf returns the value that a point has by what its metric is said to hold, as
// exporters do: elsewhere there may be another one.
func valueOf(d *metric.Descriptor, p *metric.Point) float64 {
	switch {
	case d.Kind == metric.Histogram:
		return p.Buckets().Sum
	case d.Number == metric.Int64:
		return float64(p.Int)
	}
	return p.Float
}

// shownLabels writes the labels of a point that are not empty, which to Prometheus
// are the others' equals.
func shownLabels(keys []string, p *metric.Point) string {
	var labels []string
	for name, value := range p.Labels.All(keys) {
		if value != "" {
			labels = append(labels, name+"="+value)
		}
	}
	return strings.Join(labels, ",")
}

// values returns what a collection shows of a metric, by its labels that are not
// empty. Series that differ in nothing else fail the test.
func (s *setup) values(name string) map[string]float64 {
	found := map[string]float64{}
	for f := range s.registry.Collect(context.Background()) {
		if f.Descriptor.Name != name {
			continue
		}
		for p := range f.Points {
			labels := shownLabels(f.Keys, p)
			if _, twice := found[labels]; twice {
				s.t.Errorf("%s has the series {%s} twice", name, labels)
			}
			found[labels] = valueOf(&f.Descriptor, p)
		}
	}
	return found
}

func (s *setup) expect(t *testing.T, name string, want map[string]float64) {
	t.Helper()
	if got := s.values(name); !maps.Equal(got, want) {
		t.Errorf("%s shows %v, want %v", name, got, want)
	}
}

// family returns the descriptor of a metric.
func (s *setup) family(t *testing.T, name string) metric.Descriptor {
	t.Helper()
	for d := range s.registry.Declarations() {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("there is no metric %s", name)
	return metric.Descriptor{}
}

func (s *setup) counter(t testing.TB, name string, options ...api.Int64CounterOption) api.Int64Counter {
	t.Helper()
	c, err := s.Meter("lib").Int64Counter(name, options...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var background = context.Background()

func with(attributes ...attribute.KeyValue) api.MeasurementOption {
	return api.WithAttributes(attributes...)
}
