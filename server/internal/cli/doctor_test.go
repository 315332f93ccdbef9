package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

// examined runs the doctor on a server until it finds what is wanted.
func examined(t *testing.T, url string, wanted []string, more ...string) {
	t.Helper()
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		code, out, said := run(t, append([]string{"doctor", "--url", url}, more...)...)
		for _, want := range wanted {
			if !strings.Contains(out, want) || code != exitFailure || strings.Count(said, "\n") != 1 {
				return false, fmt.Sprintf("exit code %d: %s\n%s\nlacks %s", code, said, out, want)
			}
		}
		return true, ""
	})
}

// A server as it should be has no faults, and its faults are found as they come.
func TestDoctorOnARealServer(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("# TYPE shop_calls_total counter\nshop_calls_total 1\n"))
	}))
	defer page.Close()
	target := strings.TrimPrefix(page.URL, "http://")
	directory := t.TempDir()
	file := filepath.Join(directory, "prometheus.yml")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	job := func(name, address, more string) string {
		return fmt.Sprintf("- job_name: %s\n  scrape_interval: 200ms\n  scrape_timeout: 200ms\n  static_configs: [{targets: ['%s']}]\n%s", name, address, more)
	}
	write(file, "scrape_configs:\n"+job("shop", target, ""))
	p := serveProcess(t, "--storage.path="+dataDir(t), "--config.file="+file)
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		code, out, said := run(t, "doctor", "--url", p.Client.URL)
		// This machine may have little room, which is no fault of the server.
		return (code == exitOK || strings.Contains(out, "(disk)")) && !strings.Contains(out, "(targets)"), said + out
	})
	if code, out, _ := run(t, "doctor", "--ready", "--url", p.Client.URL); code != exitOK || !strings.Contains(out, "all is well") {
		t.Errorf("exit code %d: %s", code, out)
	}

	// A target that nobody serves, and one with more samples than it may have.
	many := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "a 1\nb 1\n") }))
	defer many.Close()
	write(file, "scrape_configs:\n"+job("gone", "127.0.0.1:1", "")+job("full", strings.TrimPrefix(many.URL, "http://"), "  sample_limit: 1\n"))
	if err := p.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	rules := filepath.Join(directory, "rules.yaml")
	write(rules, "groups:\n- name: g\n  rules:\n  - {alert: TargetDown, expr: up == 0, annotations: {description: Start it.}}\n")
	examined(t, p.Client.URL, []string{
		"error (targets): Target 127.0.0.1:1 of job gone is down", "connection refused. Start it, or correct host and port.",
		"of job full is down: sample limit exceeded. Drop metrics",
		"scrapes were given up for too many samples (since the start,",
		"warning (alerts): The condition of alert TargetDown holds for 2 series. Start it.",
	}, "--rules="+rules)

	// A pushed sample of long ago, and a configuration that is refused.
	push := apitest.RemoteWriteV1([]apitest.Pushed{{
		Labels: []string{"__name__", "old"}, Samples: []apitest.PushedSample{{Millis: time.Now().AddDate(0, -1, 0).UnixMilli(), Value: 1}},
	}})
	if status, text, err := p.Write(push, apitest.TypeV1); err != nil || status/100 != 4 {
		t.Fatalf("%d %s %v", status, text, err)
	}
	write(file, "scrape_configs: [{job_nam: a}]\n")
	if err := p.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	examined(t, p.Client.URL, []string{
		"error (config): The configuration " + file + " was refused at the last reload", "metertree check config " + file,
		"warning (ingest): 1 samples were refused because they are older than the retention",
	})
	var report struct {
		Server, Version string
		Findings        []struct{ Severity, Check, Message, Remedy string }
	}
	_, out, _ := run(t, "doctor", "--url", p.Client.URL, "--json")
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Version != Version() || len(report.Findings) < 3 || report.Findings[0].Severity != "error" {
		t.Errorf("%v\n%s", err, out)
	}

	p.Kill()
	examined(t, p.Client.URL, []string{"error (ready): Nothing listens at " + p.Client.URL})
	examined(t, p.Client.URL, []string{"Nothing listens"}, "--ready")
}

func TestDoctorMistakes(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	checkMistakes(t, []mistake{
		{"address", []string{"doctor", "--url=metertree:2122"}, exitUsage, []string{"not a URL", "http://127.0.0.1:2122"}},
		{"rules", []string{"doctor", "--rules=" + none}, exitUsage, []string{"--rules", "no such file"}},
		{"token", []string{"doctor", "--bearer-token-file=" + none}, exitUsage, []string{"--bearer-token-file", "no such file"}},
		{"authority", []string{"doctor", "--ca-file=" + none}, exitUsage, []string{"--ca-file", "PEM"}},
		{"timeout", []string{"doctor", "--timeout=0s"}, exitUsage, []string{"--timeout", "10s"}},
	})
}
