package main

import (
	"net/http/httptest"
	"testing"

	"github.com/metertree/metertree/metertest"
)

func TestMetrics(t *testing.T) {
	m := metertest.New(t)
	handler, err := newHandler(m.Scope())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path string) {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
	}
	ask("GET", "/quote/fr/rail/5")
	ask("GET", "/quote/fr/rail/5000")
	ask("PUT", "/price/fr/rail/0")
	ask("GET", "/quote/fr/rail/5")
	ask("GET", "/quote/atlantis/submarine/5")

	for _, status := range []string{"ok", "too_heavy", "no_price", "no_route"} {
		if got := m.Counter("parcels_quotes_total", "status", status); got != 1 {
			t.Errorf("%v quotes are %s, want 1", got, status)
		}
	}
	m.Absent("parcels_quotes_total", "country", "atlantis")
	if got := m.Counter("parcels_price_changes_total", "country", "fr", "way", "rail"); got != 1 {
		t.Errorf("%v changes, want 1", got)
	}
	if got := m.Histogram("http_server_request_duration_seconds", "method", "GET").Count; got != 4 {
		t.Errorf("%d durations, want 4", got)
	}
	if got := m.UpDownCounter("parcels_quotes_in_flight"); got != 0 {
		t.Errorf("%v quotes are in flight, want 0", got)
	}
}
