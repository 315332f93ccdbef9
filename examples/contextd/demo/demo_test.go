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

// families are what there are ready collectors for, each with beginnings of series
// that the demonstration's load makes greater than 0.
var families = map[string][]string{
	"HTTP server":  {"contextd_http_server_requests_total", "contextd_http_server_request_duration_seconds_count"},
	"HTTP client":  {"contextd_http_client_requests_total", "contextd_http_client_exchange_duration_seconds_count"},
	"load":         {"contextd_load_requests_total"},
	"retrieval":    {"contextd_retrieval_searches_total", "contextd_retrieval_candidates_scanned_total"},
	"model usage":  {`contextd_model_calls_total{model_name="writer"`, `contextd_model_tokens_total{kind="output"`, `contextd_model_tokens_total{kind="embedding"`},
	"ingestion":    {"contextd_ingest_resources_total", "contextd_ingest_stage_duration_seconds_count"},
	"queues":       {"contextd_queue_enqueued_total", "contextd_queue_wait_seconds_count", "contextd_queue_capacity"},
	"tasks":        {`contextd_tasks_finished_total{status="ok",task_type="ingest_document"`, `contextd_tasks_finished_total{status="ok",task_type="extract_memories"`},
	"sessions":     {"contextd_sessions_open"},
	"locks":        {"contextd_locks_hold_seconds_count"},
	"caches":       {`contextd_cache_lookups_total{component="documents",level="l1",status="hit"`, "contextd_cache_size_bytes"},
	"encryption":   {"contextd_encryption_operations_total", "contextd_encryption_key_created_timestamp_seconds"},
	"components":   {`contextd_component_up{component="encryption"`},
	"write buffer": {"contextd_buffer_flushes_total"},
	"probes": {
		`contextd_probe_up{component="service"`, `contextd_probe_up{component="storage"`, `contextd_probe_up{component="retrieval"`,
		`contextd_probe_up{component="model_provider"`, `contextd_probe_up{component="async"`, `contextd_probe_up{component="encryption"`,
	},
	"statistics":       {"contextd_store_appends_total", "contextd_store_live_bytes"},
	"telemetry bridge": {"contextd_operation_requests_total", "contextd_llm_input_tokens_total", "contextd_memory_extracted_total"},
	// Which accounts are shown is decided at collections, at most twice a minute.
	"accounts":    {"contextd_tenant_operations_total{account_id=", "contextd_store_documents{account_id="},
	"connections": {"go_sql_open_connections"},
	"Go runtime":  {"go_goroutines"},
	"process":     {"process_cpu_seconds_total"},
	"refresher":   {"metertree_collector_up", "metertree_collector_duration_seconds_count"},
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
	await(t, at.Metrics, "the shard's failure", positive(
		`contextd_incident_active{kind="shard_failure"}`, "contextd_buffer_retries_total"))
	await(t, at.Metrics, "the tenant's flood", positive(`contextd_incident_active{kind="tenant_flood"}`))
	for family, prefixes := range families {
		await(t, at.Metrics, family, positive(prefixes...))
	}
	if components := get(t, at.Metrics+"/api/v1/observer/"); !strings.Contains(components, `"encryption"`) {
		t.Errorf("the observer does not show the components: %s", components)
	}
	if changes := get(t, at.Metrics+"/api/v1/stats/audit?limit=3"); strings.Count(changes, `"put_document"`) == 0 {
		t.Errorf("the audit log does not show what was put: %s", changes)
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
