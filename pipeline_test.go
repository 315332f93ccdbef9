//go:build !metertree_off

package metertree_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/admission"
	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/export/stdout"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/tenant"
)

func startWith(t *testing.T, config metertree.Config) *metertree.Runtime {
	t.Helper()
	config.Listen = metertree.NoListener
	rt, err := metertree.Start(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close(context.Background()) })
	return rt
}

// scrape returns what /metrics answers.
func scrapeText(t *testing.T, rt *metertree.Runtime, query string) string {
	t.Helper()
	answer := httptest.NewRecorder()
	rt.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics"+query, nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("status %d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

func TestViewsChangeWhatIsShown(t *testing.T) {
	rt := startWith(t, metertree.Config{Views: []integrate.View{
		{Match: integrate.Match{Name: "app_calls_total"}, Drop: []string{"peer"}},
		{Match: integrate.Match{Name: "app_noise_total"}, Aggregation: metric.Drop},
		{Match: integrate.Match{Name: "app_wait_seconds"}, Aggregation: metric.MinMaxSumCount},
	}})
	calls := rt.Scope("app").Counter("calls_total", meter.Keys("op", "peer"))
	for _, peer := range []string{"a", "b", "c"} {
		calls.Add(2, "get", peer)
	}
	noise := rt.Scope("app").Counter("noise_total")
	noise.Inc()
	rt.Scope("app").Histogram("wait_seconds").Observe(3)
	for range 2 { // totals stay
		text := scrapeText(t, rt, "")
		for _, line := range []string{`app_calls_total{op="get"} 6`, "app_wait_seconds_max 3", "app_wait_seconds_count 1"} {
			if !strings.Contains(text, line+"\n") {
				t.Errorf("no line %q in\n%s", line, text)
			}
		}
		if strings.Contains(text, "noise") || strings.Contains(text, "peer") {
			t.Error("what views hide is shown")
		}
	}
	if noise.Enabled() {
		t.Error("a metric that a view drops is enabled")
	}
}

func TestContradictingViewsAreAnError(t *testing.T) {
	_, err := metertree.Start(context.Background(), metertree.Config{Listen: metertree.NoListener, Views: []integrate.View{
		{Match: integrate.Match{Name: "a_total"}, Rename: "b_total"},
		{Match: integrate.Match{Name: "a_total"}, Rename: "c_total"},
	}})
	if err == nil || !strings.Contains(err.Error(), "Config.Views") {
		t.Errorf("error %v, want one about Config.Views", err)
	}
}

// TestExportersAreGivenEverything pushes deltas to one exporter that fails at
// first, and totals to another; closing exports what is left.
func TestExportersAreGivenEverything(t *testing.T) {
	failing, steady := &exporttest.Recorder{}, &exporttest.Recorder{}
	failing.Next(exporttest.Fail(errors.New("not yet")))
	rt := startWith(t, metertree.Config{
		Period: time.Hour,
		Exporters: []metertree.Exporter{
			{Name: "deltas", Exporter: failing, Temporality: metric.Delta},
			{Name: "totals", Exporter: steady},
		},
	})
	calls := rt.Scope("app").Counter("calls_total")
	calls.Add(3)
	if err := rt.Flush(context.Background()); err == nil {
		t.Error("a failed export is no error")
	}
	calls.Add(4)
	if err := rt.Flush(context.Background()); err != nil {
		t.Error(err)
	}
	calls.Add(5)
	if err := rt.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if got := exported(failing, "app_calls_total"); len(got) != 2 || got[0] != 7 || got[1] != 5 {
		t.Errorf("deltas %v, want 7 and 5", got)
	}
	if got := exported(steady, "app_calls_total"); len(got) != 3 || got[2] != 12 {
		t.Errorf("totals %v, want three up to 12", got)
	}
	if failing.Shutdowns() != 1 || steady.Shutdowns() != 1 {
		t.Error("exporters were not shut down once")
	}
}

// exported returns the values of a metric with one series in delivered batches.
func exported(r *exporttest.Recorder, name string) (values []int64) {
	for _, b := range r.Batches() {
		for f := range b.Families {
			if f.Descriptor.Name == name {
				for p := range f.Points {
					values = append(values, p.Int)
				}
			}
		}
	}
	return values
}

func TestPushToStdout(t *testing.T) {
	var out bytes.Buffer
	exporter, err := stdout.New(&out, stdout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rt := startWith(t, metertree.Config{Exporters: []metertree.Exporter{{Name: "stdout", Exporter: exporter}}})
	rt.Scope("app").Counter("calls_total").Inc()
	if err := rt.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"app_calls_total"`) {
		t.Errorf("closing has not exported: %q", out.String())
	}
}

func TestPolicyRefusesAndBoundsTenants(t *testing.T) {
	guard, err := tenant.New(tenant.Options{Metrics: policy.Patterns{"app_calls_total"}, Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	rt := startWith(t, metertree.Config{Admission: admission.Options{Labels: policy.DefaultLabels(), Tenants: guard}})
	if _, err := rt.Scope("app").NewCounter("bad_total", meter.Keys("user_id")); err == nil {
		t.Error("a forbidden label is no error")
	}
	calls := rt.Scope("app").Counter("calls_total", meter.Keys("account_id"), meter.PerTenant())
	calls.Inc("acme")
	if text := scrapeText(t, rt, "?name[]=app_calls_total"); !strings.Contains(text, `app_calls_total{account_id="__overflow__"} 1`) {
		t.Errorf("a tenant without a place is shown as\n%s", text)
	}
	calls.Inc("acme")
	if n := rt.DeleteTenant("nobody"); n != 0 {
		t.Errorf("%d series of nobody ended", n)
	}
}

func TestScrapesAreCounted(t *testing.T) {
	rt := startWith(t, metertree.Config{})
	scrapeText(t, rt, "")
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	answer := httptest.NewRecorder()
	rt.Handler().ServeHTTP(answer, request)
	body, err := io.ReadAll(answer.Body)
	if err != nil || !strings.HasSuffix(string(body), "# EOF\n") {
		t.Errorf("OpenMetrics ends with %q, %v", body[max(0, len(body)-20):], err)
	}
	text := scrapeText(t, rt, "")
	for _, line := range []string{
		`metertree_scrapes_total{format="text",outcome="ok"} 1`,
		`metertree_scrapes_total{format="openmetrics",outcome="ok"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
}

// TestHungCollectorHoldsUpNobody scrapes with twenty collectors, of which one
// never answers: the scrape is answered in time, with the values of the others
// as they are now.
func TestHungCollectorHoldsUpNobody(t *testing.T) {
	rt := startWith(t, metertree.Config{Grace: time.Second})
	values := rt.Scope("app").Gauge("reading", meter.Keys("source"))
	hung := make(chan struct{})
	t.Cleanup(func() { close(hung) })
	reads := 0
	for i := range 20 {
		source := fmt.Sprint("s", i)
		read := func(context.Context) (float64, error) { return 100, nil }
		switch i {
		case 7:
			read = func(context.Context) (float64, error) { <-hung; return 0, nil }
		case 8:
			read = func(context.Context) (float64, error) { reads++; return float64(reads), nil }
		}
		_, err := rt.Refresher().Add(source, collect.State(read, func(v float64, out *collect.Gauges) {
			out.Set(values, v, source)
		}), collect.Schedule{TTL: -1, Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
	}
	for scrape := 1; scrape <= 2; scrape++ {
		request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		request.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "1")
		answer := httptest.NewRecorder()
		rt.Handler().ServeHTTP(answer, request)
		text := answer.Body.String()
		if answer.Code != http.StatusOK {
			t.Fatalf("status %d: %s", answer.Code, text)
		}
		if n := strings.Count(text, "\napp_reading{"); n != 19 {
			t.Errorf("scrape %d: %d sources shown, want the 19 that answer", scrape, n)
		}
		if line := fmt.Sprintf("app_reading{source=\"s8\"} %d\n", scrape); !strings.Contains(text, line) {
			t.Errorf("scrape %d: no line %q", scrape, line)
		}
	}
}
