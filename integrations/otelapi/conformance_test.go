package otelapi_test

import (
	"context"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-logr/logr/funcr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/metertree/metertree/integrations/otelapi"
	"github.com/metertree/metertree/integrations/otelapi/conformance"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

func TestConformance(t *testing.T) {
	conformance.Run(t, metertree)
}

// TestConformanceByTheAPIAlone does not look into attribute sets, as if their layout
// had changed.
func TestConformanceByTheAPIAlone(t *testing.T) {
	if !otelapi.LayoutKnown() {
		t.Error("the layout of attribute.Set is not the one known: see layout.go")
	}
	defer otelapi.ForgetLayout()()
	conformance.Run(t, metertree)
}

func metertree(t *testing.T, c conformance.Config) conformance.Backend {
	r := registry.New(registry.Options{})
	var reported atomic.Int64
	p, err := otelapi.New(r, otelapi.Options{
		CardinalityLimit: c.CardinalityLimit, CallbackTimeout: c.CallbackTimeout,
		ErrorHandler: func(error) { reported.Add(1) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return conformance.Backend{
		Provider: p,
		Collect:  func(ctx context.Context) ([]conformance.Point, error) { return pointsOf(ctx, t, r), nil },
		Reported: func() int { return int(reported.Load()) },
	}
}

// pointsOf reads what was made through the API. A series that comes twice fails the
// test.
func pointsOf(ctx context.Context, t *testing.T, r *registry.Registry) (all []conformance.Point) {
	seen := map[string]bool{}
	for f := range r.Collect(ctx) {
		name := f.Descriptor.Name
		if strings.HasPrefix(name, "metertree_") {
			continue
		}
		if f.Descriptor.Kind == metric.Counter {
			name = strings.TrimSuffix(name, "_total")
		}
		for p := range f.Points {
			id := f.Descriptor.Name + "{" + shownLabels(f.Keys, p) + "}"
			if seen[id] {
				t.Errorf("the series %s is shown twice", id)
			}
			seen[id] = true
			to := conformance.Point{Name: name, Attributes: map[string]string{}, Value: valueOf(&f.Descriptor, p)}
			for name, value := range p.Labels.All(f.Keys) {
				switch {
				case value == "":
				case name == "otel_scope_name":
					to.Scope = value
				case strings.HasPrefix(name, "otel_scope_"):
				case name == "otel_metric_overflow":
					to.Overflow = true
				default:
					to.Attributes[name] = value
				}
			}
			to.Count, to.Bounds = p.Histogram.Count(), p.Histogram.Bounds
			to.Counts = append(to.Counts, p.Histogram.Counts...)
			all = append(all, to)
		}
	}
	return all
}

// TestConformanceOfSDK holds OpenTelemetry's own SDK to the same checks, so that
// these are no more than what the API promises, and what is said to differ does.
func TestConformanceOfSDK(t *testing.T) {
	conformance.Run(t, officialSDK, sdkDifferences...)
}

// sdkDifferences are those of version 1.47.0.
var sdkDifferences = []conformance.Difference{
	{Check: "identity/merged description", Reason: "it keeps two series of one name, which the text format cannot show side by side"},
	{Check: "record/negative", Reason: "it subtracts what is added to a counter with a minus sign: the specification leaves it to the user not to"},
	{Check: "record/not finite sum", Reason: "a NaN makes a sum NaN for ever"},
	{Check: "record/not finite gauge", Reason: "it shows whatever was recorded"},
	{Check: "record/not finite histogram", Reason: "a NaN makes the sum of a histogram with explicit buckets NaN for ever"},
	{Check: "limit/exact", Reason: "the series of what is merged counts towards the limit, so that one set less is kept apart"},
	{Check: "limit/reported", Reason: "it merges without a word"},
	{Check: "callback/added", Reason: "it calls the callbacks of the first of identical observables alone, and warns of the others"},
	{Check: "callback/unregister within", Reason: "callbacks run under the lock that unregistering takes: it deadlocks"},
	{Check: "callback/create within", Reason: "callbacks run under the lock that making an instrument takes: it deadlocks"},
	{Check: "callback/register within", Reason: "callbacks run under the lock that registering takes: it deadlocks"},
	{Check: "callback/panic", Reason: "a panic goes on through the collection and ends the program"},
	{Check: "callback/deadline", Reason: "a collection waits for callbacks for ever, unless whoever collects sets a deadline and callbacks heed it"},
	{Check: "callback/context", Reason: "callbacks get the context of whoever collects as it is"},
	{Check: "callback/parallel", Reason: "callbacks run one after the other"},
	{Check: "callback/not finite", Reason: "it shows whatever was observed"},
	{Check: "callback/late", Reason: "an observer that was kept goes on observing"},
	{Check: "extension/bind", Reason: "instruments do not implement the experimental Binder yet"},
	{Check: "extension/bind and add", Reason: "instruments do not implement the experimental Binder yet"},
	{Check: "extension/finish", Reason: "instruments do not implement the experimental Finisher yet"},
	{Check: "extension/finish unknown", Reason: "instruments do not implement the experimental Finisher yet"},
}

// TestDifferencesAreDocumented holds the page to the list above.
func TestDifferencesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/otelapi.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range sdkDifferences {
		if line := "| " + d.Check + " | " + d.Reason + " |\n"; !strings.Contains(string(page), line) {
			t.Errorf("docs/otelapi.md lacks the line %s", line)
		}
	}
}

func officialSDK(t *testing.T, c conformance.Config) conformance.Backend {
	var reported atomic.Int64
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) { reported.Add(1) }))
	otel.SetLogger(funcr.New(func(_, _ string) { reported.Add(1) }, funcr.Options{Verbosity: 1}))
	reader := sdk.NewManualReader()
	options := []sdk.Option{sdk.WithReader(reader)}
	if c.CardinalityLimit > 0 {
		options = append(options, sdk.WithCardinalityLimit(c.CardinalityLimit))
	}
	return conformance.Backend{
		Provider: sdk.NewMeterProvider(options...),
		Collect: func(ctx context.Context) ([]conformance.Point, error) {
			var data metricdata.ResourceMetrics
			err := reader.Collect(ctx, &data)
			return sdkPoints(&data), err
		},
		Reported: func() int { return int(reported.Load()) },
	}
}

func sdkPoints(data *metricdata.ResourceMetrics) (all []conformance.Point) {
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			for _, p := range pointsOfData(m.Data) {
				p.Scope, p.Name = scope.Scope.Name, m.Name
				all = append(all, p)
			}
		}
	}
	return all
}

func pointsOfData(data metricdata.Aggregation) []conformance.Point {
	switch d := data.(type) {
	case metricdata.Sum[int64]:
		return numbers(d.DataPoints)
	case metricdata.Sum[float64]:
		return numbers(d.DataPoints)
	case metricdata.Gauge[int64]:
		return numbers(d.DataPoints)
	case metricdata.Gauge[float64]:
		return numbers(d.DataPoints)
	case metricdata.Histogram[int64]:
		return distributions(d.DataPoints)
	case metricdata.Histogram[float64]:
		return distributions(d.DataPoints)
	}
	return nil
}

func numbers[N int64 | float64](points []metricdata.DataPoint[N]) (all []conformance.Point) {
	for _, p := range points {
		to := pointWith(p.Attributes)
		to.Value = float64(p.Value)
		all = append(all, to)
	}
	return all
}

func distributions[N int64 | float64](points []metricdata.HistogramDataPoint[N]) (all []conformance.Point) {
	for _, p := range points {
		to := pointWith(p.Attributes)
		to.Value, to.Count, to.Bounds, to.Counts = float64(p.Sum), p.Count, p.Bounds, p.BucketCounts
		all = append(all, to)
	}
	return all
}

func pointWith(set attribute.Set) conformance.Point {
	p := conformance.Point{Attributes: map[string]string{}}
	for _, kv := range set.ToSlice() {
		if kv == attribute.Bool("otel.metric.overflow", true) {
			p.Overflow = true
			continue
		}
		p.Attributes[string(kv.Key)] = kv.Value.String()
	}
	return p
}
