package otelapi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/x"

	"github.com/metertree/metertree/admission"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/integrations/otelapi"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/registry"
)

func TestNamesUnitsAndScopes(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	m := s.Meter("example.com/lib", api.WithInstrumentationVersion("1.2"), api.WithSchemaURL("https://example.com/s"),
		api.WithInstrumentationAttributes(attribute.String("team.name", "x"), attribute.String("name", "y")))
	h, err := m.Float64Histogram("http.server.request.duration", api.WithUnit("s"), api.WithDescription("How long requests take."))
	if err != nil {
		t.Fatal(err)
	}
	h.Record(background, .25, with(attribute.Int("http.response.status_code", 200)))
	s.expect(t, "http_server_request_duration_seconds", map[string]float64{
		"http_response_status_code=200,otel_scope_name=example.com/lib,otel_scope_schema_url=https://example.com/s,otel_scope_team_name=x,otel_scope_version=1.2": .25,
	})
	d := s.family(t, "http_server_request_duration_seconds")
	if got := strings.Join(d.Scope, " "); d.Unit != "seconds" || d.Help != "How long requests take." || got != "http server request" || d.Bounds[0] != .005 {
		t.Errorf("described as %+v", d)
	}
	for name, unit := range map[string]string{"memory_bytes": "By", "speed_bytes_per_second": "By/s", "load_ratio": "1", "queue": "{item}"} {
		g, err := m.Float64Gauge(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_ratio"), "_bytes_per_second"), "_bytes"), api.WithUnit(unit))
		if err != nil {
			t.Fatal(err)
		}
		g.Record(background, 1)
		if len(s.values(name)) != 1 {
			t.Errorf("a gauge in %s is not shown as %s", unit, name)
		}
	}
}

func TestNoScopes(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{Scopes: otelapi.NoScopes})
	for _, name := range []string{"one", "two"} {
		c, err := s.Meter(name).Int64Counter("requests")
		if err != nil {
			t.Fatal(err)
		}
		c.Add(background, 1)
	}
	s.expect(t, "requests_total", map[string]float64{"": 2})
}

func TestResourceIsTargetInfo(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{Resource: attribute.NewSet(
		attribute.String("service.name", "checkout"), attribute.Int("process.pid", 7), attribute.String("empty", ""))})
	s.expect(t, "target_info", map[string]float64{"process_pid=7,service_name=checkout": 1})
	r := registry.New(registry.Options{})
	if _, err := r.Define(registry.Definition{Descriptor: metric.Descriptor{Name: "target_info", Kind: metric.Gauge}}); err != nil {
		t.Fatal(err)
	}
	if _, err := otelapi.New(r, otelapi.Options{Resource: attribute.NewSet(attribute.String("other", "x"))}); err == nil {
		t.Error("two resources in one registry are no error")
	}
	if _, err := otelapi.New(r, otelapi.Options{}); err != nil {
		t.Errorf("a provider that could not be made keeps others from being made: %v", err)
	}
	if _, err := otelapi.New(nil, otelapi.Options{}); err == nil {
		t.Error("no registry is no error")
	}
}

func TestNameOfAnotherMetric(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	other, err := s.registry.Define(registry.Definition{Descriptor: metric.Descriptor{Name: "requests_total", Kind: metric.Counter, Keys: []string{"a"}}})
	if err != nil {
		t.Fatal(err)
	}
	other.AddInt(1, "x")
	c := s.counter(t, "requests")
	c.Add(background, 2)
	c.Add(background, 4, with(attribute.String("b", "y")))
	s.expect(t, "requests_total", map[string]float64{"a=x": 1})
	s.expect(t, "requests_2_total", map[string]float64{"otel_scope_name=lib": 2, "b=y,otel_scope_name=lib": 4})
	if s.reported("requests_2_total") != 1 {
		t.Errorf("reported %q, want that the metric has another name", s.told)
	}
}

func TestPoliciesAdmitAttributes(t *testing.T) {
	p, err := admission.New(admission.Options{Labels: policy.DefaultLabels()})
	if err != nil {
		t.Fatal(err)
	}
	s := newSetup(t, registry.Options{Define: p.Define}, otelapi.Options{})
	c := s.counter(t, "shop.requests")
	for n := range 100 {
		c.Add(background, 1, with(attribute.Int("user.id", n), attribute.String("operation", "put")))
		c.Add(background, 1, x.WithUnsafeAttributes(attribute.String("operation", "get"), attribute.Int("user.id", n)))
	}
	c.Add(background, 8, with(attribute.Int("user.id", 1)))
	s.expect(t, "shop_requests_total", map[string]float64{
		"operation=put,otel_scope_name=lib": 100, "operation=get,otel_scope_name=lib": 100, "otel_scope_name=lib": 8,
	})
	if s.reported("user.id") == 0 {
		t.Error("it was not reported that an attribute is left out")
	}
}

func TestViewsOfTheRegistryApply(t *testing.T) {
	views, err := integrate.NewViews(
		integrate.View{Match: integrate.Match{Name: "secret_*"}, Aggregation: metric.Drop},
		integrate.View{Match: integrate.Match{Name: "size"}, Buckets: []float64{1, 10}},
	)
	if err != nil {
		t.Fatal(err)
	}
	s := newSetup(t, registry.Options{Define: views.Define}, otelapi.Options{})
	c := s.counter(t, "secret.requests")
	c.Add(background, 1, with(attribute.Int("a", 1)))
	c.Add(background, 1)
	if c.Enabled(background) || len(s.values("secret_requests_total")) != 0 {
		t.Error("an instrument that a view drops records")
	}
	h, err := s.Meter("lib").Int64Histogram("size")
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range []attribute.KeyValue{attribute.Int("a", 1), attribute.Int("b", 1)} {
		h.Record(background, 5, with(kv))
	}
	if got := s.family(t, "size").Bounds; len(got) != 2 || len(s.values("size")) != 2 {
		t.Errorf("the histogram has the bounds %v, want those of the view", got)
	}
}

func TestExponentialHistograms(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{Exponential: metric.ExponentialLayout{Size: 160, ZeroThreshold: 1e-128}})
	m := s.Meter("lib")
	h, err := m.Float64Histogram("duration", api.WithUnit("s"))
	if err != nil {
		t.Fatal(err)
	}
	explicit, err := m.Float64Histogram("size", api.WithExplicitBucketBoundaries(1, 2))
	if err != nil {
		t.Fatal(err)
	}
	h.Record(background, 3, with(attribute.Int("a", 1)))
	h.Record(background, 5)
	explicit.Record(background, 1)
	for f := range s.registry.Collect(background) {
		for p := range f.Points {
			if f.Descriptor.Name == "duration_seconds" && (p.Exponential == nil || p.Exponential.Count() != 1) {
				t.Errorf("%s has no exponential buckets: %+v", p.Labels, p)
			}
			if f.Descriptor.Name == "size" && len(p.Histogram.Bounds) != 2 {
				t.Errorf("advice on bounds was not taken: %+v", p)
			}
		}
	}
}

func TestForgottenSeriesMakeRoom(t *testing.T) {
	s := newSetup(t, registry.Options{ForgetAfter: 1}, otelapi.Options{CardinalityLimit: 6})
	c := s.counter(t, "requests")
	for round := range 6 {
		for n := range 5 {
			// One of each five is of the kind that is kept as it is.
			c.Add(background, 1, with(attribute.Int("n", n), attribute.Int("round", round), attribute.Bool("odd", n > 0)))
			c.Add(background, 1, with(attribute.Int("n", n), attribute.Int("round", round), attribute.Bool("odd", n > 0)))
		}
		for labels := range s.values("requests_total") {
			if strings.Contains(labels, "overflow") {
				t.Errorf("in round %d sets are merged: %s", round, labels)
			}
		}
		for range 3 {
			c.Add(background, 1, with(attribute.String("round", "all")))
			s.values("requests_total")
		}
	}
}

func TestNothingIsLostWhenSeriesAreForgotten(t *testing.T) {
	s := newSetup(t, registry.Options{ForgetAfter: 1}, otelapi.Options{CardinalityLimit: 8})
	reader := s.registry.NewReader()
	defer reader.Close()
	c := s.counter(t, "requests")
	prepared := api.WithAttributeSet(attribute.NewSet(attribute.Int("n", -1)))
	bound := c.(x.Int64CounterBinder).Bind(attribute.StringSlice("n", []string{"a"}))
	var told, want int64
	for round := range 40 {
		for n := range 4 {
			c.Add(background, 1, with(attribute.Int("n", (round+n)%20)))
			c.Add(background, 1, with(attribute.String("n", "")))
			want += 2
		}
		if round%5 == 0 {
			bound.Add(background, 1)
			want++
			for range 20 {
				c.Add(background, 1, prepared)
				want++
			}
		}
		if round%7 == 0 {
			c.(x.Finisher).Finish(background, attribute.Int("n", round%20))
		}
		told += readDelta(t, reader, "requests_total")
	}
	for range 3 {
		told += readDelta(t, reader, "requests_total")
	}
	if told != want {
		t.Errorf("the reader was told of %d updates, want %d", told, want)
	}
}

func readDelta(t *testing.T, reader *registry.Reader, name string) (sum int64) {
	t.Helper()
	c, err := reader.Checkpoint(background)
	if err != nil {
		t.Fatal(err)
	}
	for f := range c.Families() {
		if f.Descriptor.Name == name {
			for p := range f.Points {
				sum += p.Int
			}
		}
	}
	if err := c.Ack(); err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestGlobalProvider makes instruments before the global provider is ours.
func TestGlobalProvider(t *testing.T) {
	m := otel.Meter("early")
	c, err := m.Int64Counter("requests")
	if err != nil {
		t.Fatal(err)
	}
	g, err := m.Int64ObservableGauge("observed")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.RegisterCallback(func(_ context.Context, o api.Observer) error {
		o.ObserveInt64(g, 7)
		return nil
	}, g); err != nil {
		t.Fatal(err)
	}
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	otel.SetMeterProvider(s.Provider)
	c.Add(background, 1)
	s.expect(t, "requests_total", map[string]float64{"otel_scope_name=early": 1})
	s.expect(t, "observed", map[string]float64{"otel_scope_name=early": 7})
}

func TestShutdown(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	c := s.counter(t, "requests")
	calls := 0
	if _, err := s.Meter("lib").Int64ObservableGauge("observed", api.WithInt64Callback(func(context.Context, api.Int64Observer) error {
		calls++
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	s.values("observed")
	for range 2 {
		if err := s.Shutdown(background); err != nil {
			t.Errorf("shutting down: %v", err)
		}
	}
	c.Add(background, 1)
	s.expect(t, "requests_total", map[string]float64{"otel_scope_name=lib": 1})
	if calls != 1 {
		t.Errorf("a callback was called %d times, want once before the end", calls)
	}
	late, err := s.Meter("lib").Int64Counter("late")
	if err != nil || late == nil {
		t.Errorf("after the end a counter is %v, %v", late, err)
	}
	late.Add(background, 1)
	if len(s.values("late_total")) != 0 {
		t.Error("an instrument made after the end records")
	}
}

func TestErrorsOfCallbacksAreCounted(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	failure := errors.New("out of order")
	if _, err := s.Meter("lib").Int64ObservableGauge("observed", api.WithInt64Callback(func(context.Context, api.Int64Observer) error { return failure })); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.values("observed")
	}
	if got := s.values("metertree_otel_problems_total")["instrument=observed,reason=callback_error"]; got < 3 || s.reported("out of order") != 1 {
		t.Errorf("3 errors were counted as %v and reported %d times, want once", got, s.reported("out of order"))
	}
}

// TestExtensions says which experimental interfaces there are.
func TestExtensions(t *testing.T) {
	m := newSetup(t, registry.Options{}, otelapi.Options{}).Meter("lib")
	ic, _ := m.Int64Counter("a")
	fc, _ := m.Float64Counter("b")
	iu, _ := m.Int64UpDownCounter("c")
	fu, _ := m.Float64UpDownCounter("d")
	ih, _ := m.Int64Histogram("e")
	fh, _ := m.Float64Histogram("f")
	ig, _ := m.Int64Gauge("g")
	fg, _ := m.Float64Gauge("h")
	ic.(x.Int64CounterBinder).Bind().Add(background, 1)
	fc.(x.Float64CounterBinder).Bind().Add(background, 1)
	iu.(x.Int64UpDownCounterBinder).Bind().Add(background, 1)
	fu.(x.Float64UpDownCounterBinder).Bind().Add(background, 1)
	ih.(x.Int64HistogramBinder).Bind().Record(background, 1)
	fh.(x.Float64HistogramBinder).Bind().Record(background, 1)
	ig.(x.Int64GaugeBinder).Bind().Record(background, 1)
	fg.(x.Float64GaugeBinder).Bind().Record(background, 1)
	for _, i := range []any{ic, fc, iu, fu, ih, fh, ig, fg} {
		i.(x.Finisher).Finish(background)
	}
}

// TestLongValues are merged by the registry, whatever else is with them.
func TestLongValues(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	c := s.counter(t, "requests")
	long := strings.Repeat("x", 5000)
	for range 2 {
		c.Add(background, 1, with(attribute.String("a", long)))
		c.Add(background, 1, with(attribute.String("a", long+"y")))
		c.Add(background, 1, with(attribute.String("a", long), attribute.String("b", "")))
		c.Add(background, 1, with(attribute.String("c", "x"), attribute.String("b", "")))
		c.Add(background, 1, with(attribute.String("c", "x"), attribute.StringSlice("b", []string{})))
		c.Add(background, 1, with(attribute.String("c", "x")))
	}
	total := 0.0
	for labels, v := range s.values("requests_total") {
		total += v
		if len(labels) > 5000 {
			t.Errorf("there is a label of %d bytes", len(labels))
		}
	}
	if total != 12 {
		t.Errorf("the values add up to %v, want 12", total)
	}
}

// TestManyForms has more sets of keys than are kept apart by their labels.
func TestManyForms(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	c := s.counter(t, "requests")
	for range 2 {
		for n := range 100 {
			c.Add(background, int64(n), with(attribute.Int(fmt.Sprint("key", n), n)))
		}
	}
	got := s.values("requests_total")
	if len(got) != 100 || got["key99=99,otel_scope_name=lib"] != 198 || got["key1=1,otel_scope_name=lib"] != 2 {
		t.Errorf("%d series: %v", len(got), got)
	}
}

// TestReportsAreFew has many collisions, all of which differ.
func TestReportsAreFew(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	c := s.counter(t, "requests")
	for n := range 100 {
		c.Add(background, 1, with(attribute.Int("n", n)))
		c.Add(background, 1, with(attribute.String("n", fmt.Sprint(n))))
	}
	if got := s.reported("otel_attributes"); got == 0 || got > 10 {
		t.Errorf("told of 100 collisions %d times", got)
	}
	if got := s.values("metertree_otel_problems_total")["instrument=requests,reason=attribute_collision"]; got != 100 {
		t.Errorf("counted %v collisions, want 100", got)
	}
}
