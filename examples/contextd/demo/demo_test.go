package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/metertree/metertree/examples/contextd/incident"
	"github.com/metertree/metertree/internal/realserver"
)

// scrape is what a metrics address serves, by series.
func scrape(t *testing.T, url string) map[string]float64 {
	t.Helper()
	response, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	series := map[string]float64{}
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		end := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[end+1:], 64)
		if err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		series[line[:end]] = value
	}
	return series
}

// get returns what an address answers.
func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// await scrapes until the condition holds.
func await(t *testing.T, url, what string, holds func(map[string]float64) bool) {
	t.Helper()
	err := realserver.Eventually(t.Context(), 20*time.Second, func(context.Context) error {
		series := scrape(t, url)
		if !holds(series) {
			return fmt.Errorf("no %s; series: %v", what, series)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// positive holds if a series whose name begins with each of the prefixes is above 0.
func positive(prefixes ...string) func(map[string]float64) bool {
	return func(series map[string]float64) bool {
		for _, prefix := range prefixes {
			found := false
			for name, value := range series {
				found = found || value > 0 && strings.HasPrefix(name, prefix)
			}
			if !found {
				return false
			}
		}
		return true
	}
}

// TestRun goes through real HTTP: load, a failing shard, a flood, and the end.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ready := make(chan Addresses, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Config{
			Rate:      150,
			Incidents: incident.Schedule{First: time.Second, Every: 3 * time.Second, Lasting: 2 * time.Second},
			Ready:     func(at Addresses) { ready <- at },
		})
	}()
	var at Addresses
	select {
	case at = <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	await(t, at.Metrics, "the load's work", positive(
		"contextd_http_requests_total", "contextd_load_requests_total", "contextd_store_documents",
		"contextd_cache_lookups_total", "contextd_search_vectors_scanned_total", "contextd_component_up",
		"go_goroutines", "process_cpu_seconds_total"))
	await(t, at.Metrics, "the shard's failure", positive(
		`contextd_incident_active{kind="shard_failure"}`, "contextd_buffer_retries_total"))
	await(t, at.Metrics, "the tenant's flood", positive(`contextd_incident_active{kind="tenant_flood"}`))
	if components := get(t, at.Metrics+"/api/v1/observer/"); !strings.Contains(components, `"encryption"`) {
		t.Errorf("the observer does not show the components: %s", components)
	}
	if rejected := scrape(t, at.Metrics)["metertree_rejected_definitions_total"]; rejected != 0 {
		t.Errorf("%v metrics were rejected", rejected)
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("end: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the demonstration did not end within 5s")
	}
	for _, url := range []string{at.Service, at.Metrics} {
		if _, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s after the end: %v; want a refused connection", url, err)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	taken := realserver.TakenAddress(t)
	for name, config := range map[string]Config{
		"taken address":         {Listen: taken},
		"taken metrics address": {MetricsListen: taken},
		"rate":                  {Rate: -1},
		"schedule":              {Incidents: incident.Schedule{Every: time.Second, Lasting: time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Run(t.Context(), config); err == nil {
				t.Error(fmt.Errorf("%+v was accepted", config))
			}
		})
	}
}
