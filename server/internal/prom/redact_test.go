package prom

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

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
