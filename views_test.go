//go:build !metertree_off

package metertree_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// TestRatiosFollowViews renames what a ratio divides for /metrics and the tree.
func TestRatiosFollowViews(t *testing.T) {
	rt := startWith(t, metertree.Config{})
	calls := rt.Scope("app").Counter("calls_total", meter.Keys("op", "status"))
	calls.Add(1, "get", "ok")
	if err := meter.Ratio(rt.Scope("app"), "call_error_ratio", calls, meter.Where("status", "error"), meter.Role(metric.RoleErrors)); err != nil {
		t.Fatal(err)
	}
	if err := rt.ReplaceViews(t.Context(), integrate.View{Match: integrate.Match{Name: "app_calls_total"}, Rename: "app_requests_total"}); err != nil {
		t.Fatal(err)
	}
	text := scrapeText(t, rt, "")
	if strings.Contains(text, "app_calls_total") || !strings.Contains(text, `numerator="app_requests_total"`) {
		t.Errorf("want app_requests_total and nothing of app_calls_total in\n%s", text)
	}
	answer := httptest.NewRecorder()
	rt.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/tree/api/v1/tree/signals?path=app", nil))
	if text := answer.Body.String(); strings.Contains(text, "app_calls_total") || !strings.Contains(text, "app_call_error_ratio") {
		t.Errorf("want the ratio, and nothing of app_calls_total, in %s", text)
	}
}

// TestViewFailuresAreCounted defines a metric that what an exporter and /metrics
// are told cannot be made of.
func TestViewFailuresAreCounted(t *testing.T) {
	var recorder exporttest.Recorder
	views := []integrate.View{{Match: integrate.Match{Scope: "app"}, Drop: []string{"user"}}}
	rt := startWith(t, metertree.Config{Period: time.Hour, Exporters: []metertree.Exporter{{Name: "e", Exporter: &recorder, Views: views}}})
	if err := rt.ReplaceViews(t.Context(), views...); err != nil {
		t.Fatal(err)
	}
	rt.Scope("app").Gauge("level", meter.Keys("user")).Set(1, "ann")
	if text := scrapeText(t, rt, ""); strings.Contains(text, "ann") {
		t.Errorf("/metrics shows the label user:\n%s", text)
	}
	if err := rt.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := exported(&recorder, "app_level"); len(got) > 0 {
		t.Errorf("app_level is exported with the label user: %v", got)
	}
	counted := map[string]int64{}
	for f := range rt.Registry().Collect(t.Context()) {
		if f.Descriptor.Name == "metertree_view_failures_total" {
			for p := range f.Points {
				counted[p.Labels.String()] = p.Int
			}
		}
	}
	want := map[string]int64{
		`exporter="/metrics",metric="app_level",reason="labels"`: 1,
		`exporter="e",metric="app_level",reason="labels"`:        1,
	}
	if !maps.Equal(counted, want) {
		t.Errorf("counted %v, want %v", counted, want)
	}
}
