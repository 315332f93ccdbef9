package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
)

// A real Prometheus scrapes the gateway, which restarts meanwhile: what it stores
// is what was pushed, and its increase is that of the pushers.
func TestRealPrometheusScrapesTheGateway(t *testing.T) {
	realserver.Find(t, "prometheus")
	path := t.TempDir()
	var g *running
	address := realserver.FreeAddress(t)
	g = startAt(t, address, path)
	began := time.Now().Add(-time.Minute)
	everything(t, g, began)
	prometheus := realserver.Prometheus(t, fmt.Sprintf(
		"global: {scrape_interval: 300ms, scrape_timeout: 300ms}\nscrape_configs: [{job_name: gateway, honor_labels: true, static_configs: [{targets: [%q]}]}]\n", address))
	for sample, want := range map[string]float64{
		`calls_total{job="shop"}`:         42,
		`rows_total{job="nightly"}`:       42,
		`bytes_total`:                     2.5,
		`in_flight{job="shop"}`:           7,
		`temperature_celsius{job="shop"}`: 21.5,
		`wait_seconds_bucket{le="1.0"}`:   6,
		`wait_seconds_count{job="shop"}`:  7,
		`size_bytes_count{job="shop"}`:    8,
		`lag_seconds_sum{job="nightly"}`:  6,
	} {
		wantStored(t, prometheus.URL, sample, want)
	}
	// Restarts of the pusher and of the gateway, in orderly and other ways.
	total := 42.0
	for life := range 4 {
		start := began.Add(time.Duration(life+1) * time.Second)
		for n := 1; n <= 3; n++ {
			g.mustPush(t, counterPush("a", start, start.Add(time.Duration(n)*time.Millisecond), int64(10*n), "http.route", "/api/\"x\""))
		}
		total += 30
		wantStored(t, prometheus.URL, `calls_total{job="shop"}`, total)
		if life%2 == 0 {
			g.stop(t)
		} else {
			g.crash(t)
		}
		g = startAt(t, address, path)
	}
	wantStored(t, prometheus.URL, `calls_total{job="shop"}`, total)
	wantStored(t, prometheus.URL, `resets(calls_total{job="shop"}[1h])`, 0)
}

// wantStored waits until a query has the value.
func wantStored(t *testing.T, server, query string, want float64) {
	t.Helper()
	eventually(t, func() error {
		response, err := http.Get(server + "/api/v1/query?query=" + url.QueryEscape(query))
		if err != nil {
			return err
		}
		defer response.Body.Close()
		var answer struct {
			Data struct{ Result []struct{ Value [2]any } }
		}
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			return err
		}
		if len(answer.Data.Result) != 1 {
			return fmt.Errorf("%s has %d results, want 1", query, len(answer.Data.Result))
		}
		got, err := strconv.ParseFloat(strings.TrimSpace(fmt.Sprint(answer.Data.Result[0].Value[1])), 64)
		if err != nil || got != want {
			return fmt.Errorf("%s is %v, want %v", query, got, want)
		}
		return nil
	})
}
