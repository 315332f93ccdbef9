package prom

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadConfigRefuses(t *testing.T) {
	tests := []struct {
		name, yaml string
		want       []string // all must occur in the one-line message
	}{
		{"unknown key at the top", "scrape_config:\n- job_name: a\n",
			[]string{":1:", `unknown key "scrape_config"`, `did you mean "scrape_configs"?`}},
		{"misspelt key in a job", "scrape_configs:\n- job_name: a\n  scrape_intervall: 5s\n",
			[]string{":3:", `unknown key "scrape_intervall"`, `did you mean "scrape_interval"?`}},
		{"misspelt key in global", "global:\n  scrape_timeouts: 5s\n",
			[]string{":2:", `"scrape_timeouts"`, `did you mean "scrape_timeout"?`}},
		{"key of nothing", "scrape_configs:\n- job_name: a\n  colour: blue\n",
			[]string{":3:", `unknown key "colour"`, "remove it"}},
		{"two unknown keys", "globl: {}\nscrape_konfigs: []\n",
			[]string{":1:", `unknown key "globl"`, "(and 1 more)"}},
		{"discovery that is not built in", "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs:\n  - role: pod\n",
			[]string{":3:", `unknown key "kubernetes_sd_configs"`, "file_sd_configs and http_sd_configs"}},
		{"repeated key", "scrape_configs:\n- job_name: a\n  metrics_path: /a\n  metrics_path: /b\n",
			[]string{"metrics_path"}},
		{"alerting", "global: {}\nalerting:\n  alertmanagers:\n  - static_configs:\n    - targets: [x]\n",
			[]string{":2:", `section "alerting" is not supported`, "sends no alerts"}},
		{"rules", "rule_files: [a.yml]\n", []string{":1:", `section "rule_files" is not supported`, "evaluates no rules"}},
		{"remote read", "remote_read:\n- url: http://x/\n", []string{`section "remote_read"`, "remove it"}},
		{"storage", "storage:\n  tsdb:\n    out_of_order_time_window: 1h\n", []string{`section "storage"`, "--storage.out-of-order-window"}},
		{"query log", "global:\n  query_log_file: q.log\n", []string{":2:", `"query_log_file"`, "remove it"}},
		{"wrong type", "global:\n  scrape_interval: [1]\n", []string{":2:", "correct the value"}},
		{"bad duration", "global:\n  scrape_interval: 5 parsecs\n", []string{"5 parsecs", "correct it"}},
		{"timeout above interval", "scrape_configs:\n- job_name: a\n  scrape_interval: 1s\n  scrape_timeout: 2s\n", []string{"scrape timeout greater than scrape interval"}},
		{"same job twice", "scrape_configs:\n- job_name: a\n- job_name: a\n", []string{"multiple scrape configs with job name"}},
		{"not YAML", "global: [\n", []string{"not YAML", "line"}},
		{"a list", "- job_name: a\n", []string{":1:", "expected keys such as scrape_configs"}},
		{"missing password file", "scrape_configs:\n- job_name: a\n  tls_config:\n    ca_file: gone.pem\n", []string{`job "a"`, "gone.pem", "correct the TLS"}},
		{"remote write with a missing certificate", "remote_write:\n- url: http://u:hush@h/w\n  tls_config:\n    ca_file: gone.pem\n", []string{"remote_write", "gone.pem"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := writeFile(t, "prometheus.yml", test.yaml)
			_, err := LoadConfig(path, ScrapeDefaults{})
			if err == nil {
				t.Fatal("accepted")
			}
			message := err.Error()
			if strings.Contains(message, "\n") {
				t.Errorf("more than one line: %q", message)
			}
			if !strings.Contains(message, path) {
				t.Errorf("%q does not name the file", message)
			}
			if strings.Contains(message, "hush") {
				t.Errorf("%q shows a password", message)
			}
			for _, want := range test.want {
				if !strings.Contains(message, want) {
					t.Errorf("%q lacks %q", message, want)
				}
			}
		})
	}
}

func TestLoadConfigOfMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gone.yml")
	_, err := LoadConfig(path, ScrapeDefaults{})
	if err == nil || !strings.Contains(err.Error(), "no such file") || !strings.Contains(err.Error(), "--config.file") {
		t.Errorf("got %v", err)
	}
}

func TestLoadConfigFillsDefaults(t *testing.T) {
	path := writeFile(t, "prometheus.yml", `
global: {scrape_interval: 7s}
alerting:
rule_files: []
scrape_configs:
- job_name: plain
  static_configs: [{targets: [a:1]}]
- job_name: limited
  body_size_limit: 1MB
  sample_limit: 5
  file_sd_configs: [{files: [targets.json]}]
`)
	config, err := LoadConfig(path, ScrapeDefaults{BodySizeLimit: 3 << 20, SampleLimit: 9, SelfAddress: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	type limits struct {
		body    int64
		samples uint
		every   time.Duration
	}
	want := map[string]limits{
		"plain":   {3 << 20, 9, 7 * time.Second},
		"limited": {1 << 20, 5, 7 * time.Second},
		SelfJob:   {3 << 20, 9, 7 * time.Second},
	}
	got := make(map[string]limits)
	for _, job := range config.inner.ScrapeConfigs {
		got[job.JobName] = limits{int64(job.BodySizeLimit), job.SampleLimit, time.Duration(job.ScrapeInterval)}
	}
	if len(got) != len(want) {
		t.Errorf("jobs %v, want %v", got, want)
	}
	for job, limits := range want {
		if got[job] != limits {
			t.Errorf("job %s: %+v, want %+v", job, got[job], limits)
		}
	}
	if shown := config.redacted(); !strings.Contains(shown.String(), filepath.Join(filepath.Dir(path), "targets.json")) {
		t.Error("a relative path is not resolved against the file's directory")
	}
}

func TestLoadConfigKeepsOwnSelfJob(t *testing.T) {
	path := writeFile(t, "c.yml", "scrape_configs:\n- job_name: metertree\n  metrics_path: /mine\n")
	config, err := LoadConfig(path, ScrapeDefaults{SelfAddress: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(config.inner.ScrapeConfigs); n != 1 || config.inner.ScrapeConfigs[0].MetricsPath != "/mine" {
		t.Errorf("%d jobs, the first at %s", n, config.inner.ScrapeConfigs[0].MetricsPath)
	}
}

func TestShownConfigHidesSecrets(t *testing.T) {
	path := writeFile(t, "c.yml", `
scrape_configs:
- job_name: a
  basic_auth: {username: me, password: hush1}
  params: {api_key: [hush2], module: [shown]}
  http_sd_configs:
  - url: http://me:hush3@sd.example/targets
    authorization: {credentials: hush4}
remote_write:
- url: http://me:hush5@store.example/write
  headers: {X-Scope: hush6}
  bearer_token: hush7
`)
	config, err := LoadConfig(path, ScrapeDefaults{})
	if err != nil {
		t.Fatal(err)
	}
	redacted := config.redacted()
	shown := redacted.String()
	if strings.Contains(shown, "hush") {
		t.Errorf("a secret is shown:\n%s", shown)
	}
	for _, want := range []string{"sd.example/targets", "store.example/write", "module", "shown", "X-Scope"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not shown:\n%s", want, shown)
		}
	}
	if got := config.inner.RemoteWriteConfigs[0].Headers["X-Scope"]; got != "hush6" {
		t.Errorf("hiding changed the running configuration: header is %q", got)
	}
}
