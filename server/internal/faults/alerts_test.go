//go:build linux

package faults

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// alarm is an alert that wakes somebody about a fault, and the metric by which it
// sees it.
type alarm struct{ alert, metric string }

// alarms are those of each fault of the suite.
var alarms = map[string][]alarm{
	"kill": {{"MetertreeServerRestarts", "process_start_time_seconds"}, {"MetertreeServerDown", "up"}},
	"disk-full": {
		{"MetertreeServerStoresNothing", "metertree_storage_writable"},
		{"MetertreeServerStoresNothing", "metertree_ingest_refused_appends_total"},
		{"MetertreeServerPushesRefused", "metertree_ingest_refused_requests_total"},
	},
	"read-only": {{"MetertreeServerDown", "up"}},
	"read-only-running": {
		{"MetertreeServerStoresNothing", "metertree_storage_writable"},
		{"MetertreeServerStoresNothing", "prometheus_tsdb_wal_writes_failed_total"},
	},
	"broken-wal":   {{"MetertreeServerCorruption", "prometheus_tsdb_wal_corruptions_total"}},
	"broken-block": {{"MetertreeServerCorruption", "metertree_storage_broken_blocks"}},
	"clock-jumps":  {{"MetertreeServerSamplesRefused", "metertree_ingest_refused_samples_total"}},
	"slow-loris":   {{"MetertreeServerConnectionsCrowded", "metertree_http_dropped_connections_total"}},
	"slow-bodies":  {{"MetertreeServerPushesRefused", "metertree_ingest_refused_requests_total"}},
	// Of the library nobody knows but who scrapes it.
	"scrape-storm-library": {{"MetertreeServerTargetDown", "up"}},
	"scrape-storm-serve":   {{"MetertreeServerConnectionsCrowded", "metertree_http_delayed_connections_total"}, {"MetertreeServerDown", "up"}},
	"huge-target":          {{"MetertreeServerScrapesRefused", "prometheus_target_scrapes_exceeded_sample_limit_total"}, {"MetertreeServerTargetDown", "up"}},
	"churning-target":      {{"MetertreeServerSeriesRefused", "metertree_ingest_refused_series_total"}, {"MetertreeServerSeriesExplode", "prometheus_tsdb_head_series"}},
	"long-labels":          {{"MetertreeServerSeriesRefused", "metertree_ingest_refused_series_total"}, {"MetertreeServerTargetDown", "up"}},
	"flood":                {{"MetertreeServerPushesRefused", "metertree_ingest_refused_requests_total"}, {"MetertreeServerMemoryNearlyGone", "process_resident_memory_bytes"}},
	"slow-queries":         {{"MetertreeServerQueriesFail", "metertree_query_failures_total"}, {"MetertreeServerQueriesWait", "prometheus_engine_queries"}},
	"cancelled-queries":    {{"MetertreeServerQueriesWait", "prometheus_engine_queries"}},
}

// sees fails unless each of the metrics, by which the alerts see the fault, counts.
func (s *server) sees(t *trial, metrics ...string) {
	t.Helper()
	for _, name := range metrics {
		if s.metric(t, name) == 0 {
			t.Errorf("%s is 0: no alert sees the fault", name)
		}
	}
}

// deployed reads a file of the alerts.
func deployed(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", "prometheus", name))
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Each fault that the suite provokes has an alert, which sees it by a metric, and of
// which a test says when it fires.
func TestEveryFaultHasAnAlert(t *testing.T) {
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	deployed(t, "server-alerts.yaml", &rules)
	expressions := map[string]string{}
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			expressions[rule.Alert] = rule.Expr
		}
	}
	var tests struct {
		Tests []struct {
			Cases []struct {
				Alert string `yaml:"alertname"`
				Fires []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	deployed(t, "server-alerts_test.yaml", &tests)
	fires := map[string]bool{}
	for _, test := range tests.Tests {
		for _, one := range test.Cases {
			fires[one.Alert] = fires[one.Alert] || len(one.Fires) > 0
		}
	}
	for _, f := range suite {
		if len(alarms[f.name]) == 0 {
			t.Errorf("fault %s has no alert", f.name)
		}
		for _, a := range alarms[f.name] {
			if !strings.Contains(expressions[a.alert], a.metric+"{") {
				t.Errorf("%s: alert %s does not look at %s: %q", f.name, a.alert, a.metric, expressions[a.alert])
			}
			if !fires[a.alert] {
				t.Errorf("%s: no test of server-alerts_test.yaml lets %s fire", f.name, a.alert)
			}
		}
	}
	for name := range alarms {
		if !slices.ContainsFunc(suite, func(f fault) bool { return f.name == name }) {
			t.Errorf("%q is no fault of the suite", name)
		}
	}
}
