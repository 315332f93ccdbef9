package prom

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"nothing to hide: a@b?":                "nothing to hide: a@b?",
		"http://h:1/x?y=z":                     "http://h:1/x?y=z",
		"http://me:pass@h/x":                   "http://<secret>@h/x",
		"http://me:p@ss@h/x@y":                 "http://<secret>@h/x@y",
		`Get "https://u:p@h:x/": bad port`:     `Get "https://<secret>@h:x/": bad port`,
		"http://h/?token=a&x=b&Api_Key=c#d":    "http://h/?token=<secret>&x=b&Api_Key=<secret>#d",
		`Post "http://h/w?password=a": refuse`: `Post "http://h/w?password=<secret>": refuse`,
		"http://h/?at=me@h":                    "http://h/?at=me@h",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestRedactLogger(t *testing.T) {
	var log bytes.Buffer
	logger := RedactLogger(slog.New(slog.NewTextHandler(&log, nil)))
	const secret = "http://me:hush@h/?token=hush"
	address, err := url.Parse(secret)
	if err != nil {
		t.Fatal(err)
	}
	logger.With("url", secret).WithGroup("g").Error("asked "+secret, "err", errors.New(secret), "url", address,
		slog.Group("inner", "text", secret), "count", 7)
	if got := log.String(); strings.Contains(got, "hush") || !strings.Contains(got, "g.count=7") || strings.Count(got, "<secret>@h") != 5 {
		t.Errorf("log: %s", got)
	}
	if RedactLogger(logger) != logger {
		t.Error("a logger that redacts is wrapped again")
	}
	if logger.Enabled(context.Background(), slog.LevelDebug) {
		t.Error("more is logged than before")
	}
}

// The pairs of a gathered metric belong to the metric.
func TestRedactedURLsLeaveTheMetricAlone(t *testing.T) {
	registry := prometheus.NewRegistry()
	counts := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sent_total", Help: "Sent."}, []string{"name", "url"})
	registry.MustRegister(counts)
	counts.WithLabelValues("http://h/?token=kept", "http://h/?token=hush").Inc()
	families, err := redactedURLs(registry).Gather()
	if err != nil || len(families) != 1 {
		t.Fatal(families, err)
	}
	if got := families[0].String(); strings.Contains(got, "hush") || !strings.Contains(got, "kept") {
		t.Errorf("gathered %s", got)
	}
	if families, err = registry.Gather(); err != nil || !strings.Contains(families[0].String(), "hush") {
		t.Errorf("the metric itself was changed: %v, %v", families, err)
	}
}

// The job label is on every series.
func TestJobsAreNotNamedAfterSecrets(t *testing.T) {
	config, err := ConfigFromURLs([]string{"h:1/m?token=hush1", "h:1/m?token=hush2", "h:1/m?token=hush3", "h:1/m?token=hush4", "h:1/m?x=y"},
		ScrapeDefaults{Interval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, job := range config.inner.ScrapeConfigs {
		names[job.JobName] = true
		if strings.Contains(job.JobName, "hush") {
			t.Errorf("a job is named %q", job.JobName)
		}
	}
	if len(names) != 5 {
		t.Errorf("names %v", names)
	}
}
