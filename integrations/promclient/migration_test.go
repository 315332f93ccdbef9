package promclient_test

import (
	"os"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/metertree/metertree/integrations/promclient"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// worker is a job queue's worker, as many programs have one. Its metrics are
// functions, so that each step of docs/migrating-from-client-golang.md can make
// them in its own way.
type worker struct {
	finished func(kind, status string)
	took     func(kind string, seconds float64)
	waiting  func(n float64)
}

// work does the same work in every step.
func (w worker) work() {
	for i, job := range []struct{ kind, status string }{{"mail", "ok"}, {"mail", "ok"}, {"resize", "error"}, {"mail", "error"}} {
		w.finished(job.kind, job.status)
		w.took(job.kind, 0.04*float64(i+1))
	}
	w.waiting(3)
}

// The first step: everything is client_golang's.
func stepTheirs(reg *prometheus.Registry) worker {
	finished := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "worker_jobs_total", Help: "Jobs finished.",
	}, []string{"kind", "status"})
	took := promauto.With(reg).NewHistogramVec(prometheus.HistogramOpts{
		Name: "worker_job_duration_seconds", Help: "How long jobs took.", Buckets: []float64{0.05, 0.1, 0.5},
	}, []string{"kind"})
	waiting := promauto.With(reg).NewGauge(prometheus.GaugeOpts{Name: "worker_jobs_waiting", Help: "Jobs not begun."})
	return worker{
		finished: func(kind, status string) { finished.WithLabelValues(kind, status).Inc() },
		took:     func(kind string, seconds float64) { took.WithLabelValues(kind).Observe(seconds) },
		waiting:  waiting.Set,
	}
}

// The second step: the same instruments, on our page.
func stepImported(t *testing.T, ours *registry.Registry) worker {
	reg := prometheus.NewRegistry()
	w := stepTheirs(reg)
	if _, err := promclient.Import(ours, reg, promclient.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	return w
}

// The third step: what is updated most is ours, the rest is theirs.
func stepCounter(t *testing.T, ours *registry.Registry) worker {
	reg := prometheus.NewRegistry()
	waiting := promauto.With(reg).NewGauge(prometheus.GaugeOpts{Name: "worker_jobs_waiting", Help: "Jobs not begun."})
	if _, err := promclient.Import(ours, reg, promclient.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	scope := meter.New(ours).Scope("worker")
	finished := scope.Counter("jobs_total", meter.Keys("kind", "status"), meter.Help("Jobs finished."))
	took := scope.Histogram("job_duration_seconds", meter.Unit("seconds"), meter.Keys("kind"),
		meter.Buckets(0.05, 0.1, 0.5), meter.Help("How long jobs took."))
	return worker{
		finished: func(kind, status string) { finished.Add(1, kind, status) },
		took:     func(kind string, seconds float64) { took.Observe(seconds, kind) },
		waiting:  waiting.Set,
	}
}

// The last step: client_golang is gone, and label mistakes do not compile.
func stepOurs(t *testing.T, ours *registry.Registry) worker {
	type job struct{ Kind, Status string }
	type kind struct{ Kind string }
	scope := meter.New(ours).Scope("worker")
	finished, err := meter.NewCounter[job](scope, "jobs_total", meter.Help("Jobs finished."))
	if err != nil {
		t.Fatal(err)
	}
	took, err := meter.NewHistogram[kind](scope, "job_duration_seconds", meter.Unit("seconds"),
		meter.Buckets(0.05, 0.1, 0.5), meter.Help("How long jobs took."))
	if err != nil {
		t.Fatal(err)
	}
	waiting := scope.UpDownCounter("jobs_waiting", meter.Help("Jobs not begun."))
	return worker{
		finished: func(kind, status string) { finished.Add(1, job{kind, status}) },
		took:     func(of string, seconds float64) { took.Observe(seconds, kind{of}) },
		waiting:  func(n float64) { waiting.Add(int64(n)) },
	}
}

// TestMigration: the same work gives the same page at every step.
func TestMigration(t *testing.T) {
	reg := prometheus.NewRegistry()
	stepTheirs(reg).work()
	want := theirText(t, reg)
	for name, step := range map[string]func(*testing.T, *registry.Registry) worker{
		"imported": stepImported, "counter": stepCounter, "ours": stepOurs,
	} {
		ours := registry.New(registry.Options{})
		step(t, ours).work()
		if got := ourText(t, ours); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestMigrationGuide: every line of Go in the guide is one that was compiled here.
func TestMigrationGuide(t *testing.T) {
	guide, err := os.ReadFile("../../docs/migrating-from-client-golang.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("migration_test.go")
	if err != nil {
		t.Fatal(err)
	}
	compiled := map[string]bool{}
	for line := range strings.Lines(string(source)) {
		compiled[strings.TrimSpace(line)] = true
	}
	blocks := 0
	for i, block := range strings.Split(string(guide), "```") {
		if code, is := strings.CutPrefix(block, "go\n"); is && i%2 == 1 {
			blocks++
			for line := range strings.Lines(code) {
				if line = strings.TrimSpace(line); line != "" && !compiled[line] {
					t.Errorf("the guide has a line that is not compiled: %s", line)
				}
			}
		}
	}
	if blocks != 4 {
		t.Errorf("%d blocks of Go in the guide, want one for each step", blocks)
	}
}
