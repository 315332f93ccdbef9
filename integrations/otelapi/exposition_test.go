package otelapi_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/integrations/otelapi"
	"github.com/metertree/metertree/registry"
)

// TestTextFormat reads what is exposed with Prometheus' own parser, which refuses
// metrics and series that come twice.
func TestTextFormat(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{Resource: attribute.NewSet(attribute.String("service.name", "shop"))})
	for _, scope := range []string{"one", "two"} {
		m := s.Meter(scope)
		h, err := m.Float64Histogram("rpc.duration", api.WithUnit("s"), api.WithExplicitBucketBoundaries(1, 2))
		if err != nil {
			t.Fatal(err)
		}
		c, err := m.Int64Counter("requests")
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range []api.MeasurementOption{
			with(), with(attribute.String("a", "x\"\n")), with(attribute.Int("b", 1)), with(attribute.String("b", "1")),
			with(attribute.String("a", "\xff"), attribute.Bool("c", true)), with(attribute.String("le", "1")),
			with(attribute.String("a", "")),
		} {
			h.Record(background, 1.5, set)
			c.Add(background, 1, set)
		}
		if _, err := m.Float64ObservableCounter("observed", api.WithFloat64Callback(func(_ context.Context, o api.Float64Observer) error {
			o.Observe(1, with(attribute.String("scope", scope)))
			o.Observe(2)
			return nil
		})); err != nil {
			t.Fatal(err)
		}
	}
	var page bytes.Buffer
	if _, err := prometheus.Write(background, &page, s.registry.Collect(background)); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page.Bytes()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, &page)
	}
	for name, want := range map[string]int{"rpc_duration_seconds": 14, "requests_total": 14, "observed_total": 4, "target_info": 1} {
		seen := map[string]bool{}
		for _, m := range families[name].GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				if l.GetValue() != "" {
					labels = append(labels, l.GetName()+"="+l.GetValue())
				}
			}
			seen[strings.Join(labels, ",")] = true
		}
		if len(seen) != want {
			t.Errorf("%s has %d different series, want %d:\n%s", name, len(seen), want, &page)
		}
	}
}

func TestExemplars(t *testing.T) {
	span := func(flags trace.TraceFlags) context.Context {
		return trace.ContextWithSpanContext(background, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: flags,
		}))
	}
	for _, kept := range []bool{false, true} {
		s := newSetup(t, registry.Options{}, otelapi.Options{TraceExemplars: kept})
		h, err := s.Meter("lib").Float64Histogram("duration", api.WithExplicitBucketBoundaries(1, 2))
		if err != nil {
			t.Fatal(err)
		}
		h.Record(span(0), .5)
		h.Record(span(trace.FlagsSampled), 1.5)
		h.Record(background, 2.5)
		var found []string
		for f := range s.registry.Collect(background) {
			for p := range f.Points {
				for _, e := range p.Exemplars {
					if e != nil {
						found = append(found, e.TraceID+" "+e.SpanID)
					}
				}
			}
		}
		if want := "01000000000000000000000000000000 0200000000000000"; kept != (len(found) == 1 && found[0] == want) {
			t.Errorf("with TraceExemplars %v the exemplars are %q", kept, found)
		}
	}
}
