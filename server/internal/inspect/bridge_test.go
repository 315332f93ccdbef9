package inspect

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"go.yaml.in/yaml/v2"

	"github.com/metertree/metertree/internal/realserver"
)

const (
	beforeRenames = `# TYPE http_calls_total counter
http_calls_total{op="put"} 70
# TYPE http_wait_seconds histogram
http_wait_seconds_bucket{le="+Inf"} 4
http_wait_seconds_sum 8
http_wait_seconds_count 4
# TYPE queue_age_ms gauge
queue_age_ms 1500
# TYPE disk_used_kilobytes gauge
disk_used_kilobytes 1500
# TYPE farewell gauge
farewell 1
`
	afterRenames = `# TYPE shop_http_calls_total counter
shop_http_calls_total{op="put"} 71
# TYPE shop_http_wait_seconds histogram
shop_http_wait_seconds_bucket{le="+Inf"} 5
shop_http_wait_seconds_sum 9
shop_http_wait_seconds_count 5
# TYPE shop_queue_age_seconds gauge
shop_queue_age_seconds 1.5
# TYPE disk_used_bytes gauge
disk_used_bytes 1.5e+06
`
)

func TestRecordingRules(t *testing.T) {
	got, err := Diff(parse(t, beforeRenames), parse(t, afterRenames)).RecordingRules()
	if err != nil {
		t.Fatal(err)
	}
	want := `# Records renamed metrics under their old names, too; add it to rule_files.
# Not bridged: disk_used_kilobytes is disk_used_bytes now, in bytes instead of kilobytes.
# Removed, and no successor was found: farewell.
groups:
  - name: renamed-metrics
    rules:
      - record: http_calls_total
        expr: shop_http_calls_total
      - record: http_wait_seconds_bucket
        expr: shop_http_wait_seconds_bucket
      - record: http_wait_seconds_count
        expr: shop_http_wait_seconds_count
      - record: http_wait_seconds_sum
        expr: shop_http_wait_seconds_sum
      - record: queue_age_ms
        expr: shop_queue_age_seconds * 1000
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A unit in a name that was wrong is no conversion.
func TestRecordingRulesOfAWrongUnit(t *testing.T) {
	d := Diff(parse(t, "queue_age_ms 7\n"), parse(t, "queue_age_seconds 7\n"))
	got, err := d.RecordingRules()
	if err != nil || !strings.Contains(string(got), "expr: queue_age_seconds\n") {
		t.Errorf("error %v, got\n%s", err, got)
	}
}

// oddNames are renames to and from names that need quoting.
func oddNames(t *testing.T) Difference {
	return Diff(parse(t, "# HELP \"http.calls\" Calls.\n{\"http.calls\",op=\"put\"} 70\n# HELP nan_x X.\nnan_x 1\n# HELP \"a$1 b\" Odd.\n{\"a$1 b\"} 1\n"),
		parse(t, "# HELP http_calls Calls.\nhttp_calls{op=\"put\"} 70\n# HELP nan X.\nnan 1\n# HELP \"b.c\" Odd.\n{\"b.c\"} 1\n"))
}

// TestPrometheusTakesWhatBridgesRenames asks the real promtool.
func TestPrometheusTakesWhatBridgesRenames(t *testing.T) {
	promtool := realserver.Find(t, "promtool")
	renamed := Diff(parse(t, beforeRenames), parse(t, afterRenames))
	nothing := Diff(parse(t, afterRenames), parse(t, afterRenames))
	for name, d := range map[string]Difference{"renamed": renamed, "nothing": nothing} {
		rules, err := d.RecordingRules()
		if err != nil {
			t.Fatal(err)
		}
		check(t, promtool, "rules", rules)
		configs, err := d.RelabelConfigs()
		if err != nil {
			t.Fatal(err)
		}
		whole := "scrape_configs:\n- job_name: " + name + "\n  static_configs: [{targets: ['127.0.0.1:1']}]\n"
		for line := range strings.Lines(string(configs)) {
			whole += "  " + line
		}
		check(t, promtool, "config", []byte(whole))
	}
}

func check(t *testing.T, promtool, what string, content []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), what+".yml")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(promtool, "check", what, path).CombinedOutput(); err != nil {
		t.Errorf("promtool check %s: %v\n%s\n%s", what, err, out, content)
	}
}

// TestRelabelConfigsRename applies the configuration as a scrape would.
func TestRelabelConfigsRename(t *testing.T) {
	for _, tt := range []struct {
		d    Difference
		want map[string]string
	}{
		{Diff(parse(t, beforeRenames), parse(t, afterRenames)), map[string]string{
			"shop_http_calls_total":         "http_calls_total",
			"shop_http_wait_seconds_bucket": "http_wait_seconds_bucket",
			"shop_http_wait_seconds_sum":    "http_wait_seconds_sum",
			"shop_queue_age_seconds":        "shop_queue_age_seconds", // would need a conversion
			"xshop_http_calls_total":        "xshop_http_calls_total",
		}},
		{oddNames(t), map[string]string{"http_calls": "http.calls", "nan": "nan_x", "b.c": `a$1 b`, "bXc": "bXc"}},
	} {
		content, err := tt.d.RelabelConfigs()
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			Configs []*relabel.Config `yaml:"metric_relabel_configs"`
		}
		if err := yaml.UnmarshalStrict(content, &document); err != nil {
			t.Fatalf("%v\n%s", err, content)
		}
		for _, c := range document.Configs {
			if err := c.Validate(model.UTF8Validation); err != nil {
				t.Fatal(err)
			}
		}
		for name, want := range tt.want {
			b := labels.NewBuilder(labels.FromStrings(model.MetricNameLabel, name, "op", "put"))
			kept := relabel.ProcessBuilder(b, document.Configs...)
			if got := b.Labels(); !kept || got.Get(model.MetricNameLabel) != want || got.Get("op") != "put" {
				t.Errorf("%s became %s, want %s\n%s", name, got, want, content)
			}
		}
	}
}

// Names that are no identifiers are selected by their label.
func TestRecordingRulesOfOddNames(t *testing.T) {
	got, err := oddNames(t).RecordingRules()
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []recordingRule
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(got, &document); err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	rules := map[string]string{}
	for _, r := range document.Groups[0].Rules {
		rules[r.Record] = r.Expr
	}
	for record, expr := range map[string]string{"http.calls": "http_calls", "nan_x": `{__name__="nan"}`, `a$1 b`: `{__name__="b.c"}`} {
		if rules[record] != expr {
			t.Errorf("%s is recorded from %q, want %q", record, rules[record], expr)
		}
	}
}

// A name that somebody else has now is left alone.
func TestRecordingRulesTakeNoNameInUse(t *testing.T) {
	d := Diff(parse(t, "# TYPE http_wait histogram\nhttp_wait_bucket{le=\"+Inf\"} 4\nhttp_wait_sum 8\nhttp_wait_count 4\n"),
		parse(t, "# TYPE a_http_wait histogram\na_http_wait_bucket{le=\"+Inf\"} 4\na_http_wait_sum 8\na_http_wait_count 4\n# TYPE http_wait_count gauge\nhttp_wait_count 7\n"))
	got, err := d.RecordingRules()
	if err != nil || len(d.Renamed) != 1 || strings.Contains(string(got), "record: http_wait_count") || !strings.Contains(string(got), "record: http_wait_sum") {
		t.Errorf("error %v, got\n%s", err, got)
	}
}

// TestPrometheusRecordsTheOldNames evaluates the rules with the real promtool.
func TestPrometheusRecordsTheOldNames(t *testing.T) {
	promtool := realserver.Find(t, "promtool")
	rules, err := Diff(parse(t, beforeRenames), parse(t, afterRenames)).RecordingRules()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"rules.yml": string(rules), "test.yml": `
rule_files: [rules.yml]
tests:
- interval: 1m
  input_series:
  - {series: 'shop_queue_age_seconds{queue="in"}', values: '1.5 1.5 1.5'}
  - {series: 'shop_http_wait_seconds_bucket{le="+Inf"}', values: '5 5 5'}
  promql_expr_test:
  - {expr: queue_age_ms, eval_time: 2m, exp_samples: [{labels: 'queue_age_ms{queue="in"}', value: 1500}]}
  - {expr: http_wait_seconds_bucket, eval_time: 2m, exp_samples: [{labels: 'http_wait_seconds_bucket{le="+Inf"}', value: 5}]}
  - {expr: http_calls_total, eval_time: 2m, exp_samples: []}
`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command(promtool, "test", "rules", filepath.Join(dir, "test.yml")).CombinedOutput(); err != nil {
		t.Errorf("promtool test rules: %v\n%s", err, out)
	}
}
