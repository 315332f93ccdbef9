package otelapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"

	root "github.com/metertree/metertree"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/integrations/otelapi"
)

// TestRuntime uses the API on what metertree.Start sets up, and scrapes it, while
// labels appear.
func TestRuntime(t *testing.T) {
	rt, err := root.Start(background, root.Config{
		Service: "shop", Listen: root.NoListener,
		Views: []integrate.View{{Match: integrate.Match{Name: "shop_orders_total"}, Drop: []string{"customer"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rt.Close(background); err != nil {
			t.Error(err)
		}
	}()
	provider, err := otelapi.New(rt.Registry(), otelapi.Options{ErrorHandler: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	m := provider.Meter("lib")
	orders, err := m.Int64Counter("shop.orders")
	if err != nil {
		t.Fatal(err)
	}
	took, err := m.Float64Histogram("shop.order.duration", api.WithUnit("s"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Int64ObservableUpDownCounter("shop.queue", api.WithInt64Callback(func(_ context.Context, o api.Int64Observer) error {
		o.Observe(3)
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	for n, set := range []api.MeasurementOption{
		with(attribute.Int("customer", 1)),
		with(attribute.Int("customer", 2), attribute.String("state", "paid")),
		with(attribute.Int("customer", 3), attribute.String("state", "paid"), attribute.Bool("gift", true)),
	} {
		orders.Add(background, int64(n+1), set)
		took.Record(background, .5, set)
		scrape(t, rt.Handler())
	}
	page := scrape(t, rt.Handler())
	for _, line := range []string{
		`shop_orders_total{gift="",otel_scope_name="lib",state=""} 1`,
		`shop_orders_total{gift="",otel_scope_name="lib",state="paid"} 2`,
		`shop_orders_total{gift="true",otel_scope_name="lib",state="paid"} 3`,
		`shop_order_duration_seconds_count{customer="3",gift="true",otel_scope_name="lib",state="paid"} 1`,
		`shop_queue{otel_scope_name="lib"} 3`,
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("the page has no line %s", line)
		}
	}
	if t.Failed() {
		for line := range strings.Lines(page) {
			if strings.Contains(line, "shop_") {
				t.Log(line)
			}
		}
	}
}

// TestScrapesWhileLabelsAppear scrapes a metric that passes through and one that is
// merged, at the same time as their labels appear. Every page must be valid, and the
// last one must have all.
func TestScrapesWhileLabelsAppear(t *testing.T) {
	rt, err := root.Start(background, root.Config{
		Service: "shop", Listen: root.NoListener,
		Views: []integrate.View{{Match: integrate.Match{Name: "merged_total"}, Drop: []string{"n"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rt.Close(background); err != nil {
			t.Error(err)
		}
	}()
	provider, err := otelapi.New(rt.Registry(), otelapi.Options{ErrorHandler: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	var updates sync.WaitGroup
	const each = 400
	names := []string{"passed", "merged"}
	for _, name := range names {
		c, err := provider.Meter("lib").Int64Counter(name)
		if err != nil {
			t.Fatal(err)
		}
		updates.Go(func() {
			for n := range each {
				key := fmt.Sprintf("key_%02d", 20-n/20)
				c.Add(background, 1, with(attribute.Int("n", n%3), attribute.Bool(key, n%2 == 0)))
			}
		})
	}
	total := func() map[string]float64 {
		page := scrape(t, rt.Handler())
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(page))
		if err != nil {
			t.Fatalf("%v in\n%s", err, page)
		}
		sums := map[string]float64{}
		for _, name := range names {
			for _, m := range families[name+"_total"].GetMetric() {
				sums[name] += m.GetCounter().GetValue()
			}
		}
		return sums
	}
	for range 30 {
		total()
	}
	updates.Wait()
	if got := total(); got["passed"] != each || got["merged"] != each {
		t.Errorf("the last page adds up to %v, want %d each", got, each)
	}
}

func scrape(t *testing.T, h http.Handler) string {
	t.Helper()
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("/metrics answers %d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}
