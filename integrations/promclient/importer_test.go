package promclient_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	text "github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/integrations/promclient"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// theirs is a client_golang registry with a metric of every kind.
func theirs(t *testing.T) (*prometheus.Registry, *prometheus.CounterVec) {
	t.Helper()
	r := prometheus.NewRegistry()
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "Requests\nserved."}, []string{"code", "method"})
	requests.WithLabelValues("200", "get").Add(7)
	requests.WithLabelValues("500", `p"ut\`).Inc()
	depth := prometheus.NewGauge(prometheus.GaugeOpts{Name: "depth", Help: "How deep.", ConstLabels: prometheus.Labels{"queue": "a"}})
	depth.Set(-2.5)
	latency := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "latency_seconds", Help: "How long.", Buckets: []float64{0.1, 1}}, []string{"code"})
	for _, v := range []float64{0.05, 0.1, 0.5, 7} {
		latency.WithLabelValues("200").Observe(v)
	}
	latency.WithLabelValues("500")
	r.MustRegister(requests, depth, latency)
	return r, requests
}

// theirText is a gatherer as client_golang exposes it.
func theirText(t *testing.T, g prometheus.Gatherer) string {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// ourText is a registry's exposition without the registry's own metrics.
func ourText(t *testing.T, r *registry.Registry) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := text.Write(t.Context(), &b, r.Collect(t.Context())); err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, line := range strings.SplitAfter(b.String(), "\n") {
		if !strings.Contains(line, "metertree_") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func TestImportShowsWhatTheyShow(t *testing.T) {
	g, requests := theirs(t)
	r := registry.New(registry.Options{})
	if _, err := promclient.Import(r, g, promclient.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got, want := ourText(t, r), theirText(t, g); got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
		requests.WithLabelValues("404", "get").Add(3) // a series that appears
	}
	requests.Reset()
	requests.WithLabelValues("200", "get").Inc() // less than before
	if got, want := ourText(t, r), theirText(t, g); got != want {
		t.Errorf("after a reset, got:\n%s\nwant:\n%s", got, want)
	}
}

// gathered is a gatherer that a test writes.
type gathered func() ([]*dto.MetricFamily, error)

func (g gathered) Gather() ([]*dto.MetricFamily, error) { return g() }

func parse(t *testing.T, exposition string) []*dto.MetricFamily {
	t.Helper()
	p := expfmt.NewTextParser(model.UTF8Validation)
	byName, err := p.TextToMetricFamilies(strings.NewReader(exposition))
	if err != nil {
		t.Fatal(err)
	}
	var families []*dto.MetricFamily
	for _, f := range byName {
		families = append(families, f)
	}
	return families
}

var emptyLabels = strings.NewReplacer(`{host="",zone=""}`, "", `{host=""}`, "", `,zone=""`, "")

func TestImportOfChangingLabels(t *testing.T) {
	now := "# TYPE a_total counter\na_total 1\n"
	r := registry.New(registry.Options{})
	g := gathered(func() ([]*dto.MetricFamily, error) { return parse(t, now), nil })
	if _, err := promclient.Import(r, g, promclient.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, exposition := range []string{
		now,
		"# TYPE a_total counter\na_total 2\na_total{host=\"x\"} 5\n",
		"# TYPE a_total counter\na_total{host=\"x\"} 6\na_total{host=\"x\",zone=\"1\"} 1\n",
		"",
		"# TYPE a_total counter\na_total 3\n",
	} {
		now = exposition
		// A label that a series does not have is exposed as an empty one, which is
		// the same to Prometheus.
		got := emptyLabels.Replace(ourText(t, r))
		if got != exposition {
			t.Errorf("got:\n%s\nwant:\n%s", got, exposition)
		}
	}
}

// The series of a summary are there, under types that we have.
func TestImportOfSummary(t *testing.T) {
	r := registry.New(registry.Options{})
	g := gathered(func() ([]*dto.MetricFamily, error) {
		return parse(t, "# TYPE s_seconds summary\ns_seconds{host=\"x\",quantile=\"0.5\"} 3\ns_seconds_sum{host=\"x\"} 12\ns_seconds_count{host=\"x\"} 4\n"), nil
	})
	if _, err := promclient.Import(r, g, promclient.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	got := ourText(t, r)
	for _, line := range []string{"s_seconds{host=\"x\",quantile=\"0.5\"} 3\n", "s_seconds_sum{host=\"x\"} 12\n", "s_seconds_count{host=\"x\"} 4\n"} {
		if !strings.Contains(got, line) {
			t.Errorf("%q is missing in\n%s", line, got)
		}
	}
}

func TestImportOfTheirCollectors(t *testing.T) {
	g := prometheus.NewRegistry()
	g.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	r := registry.New(registry.Options{})
	if _, err := promclient.Import(r, g, promclient.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	names := func(exposition string) (names []string) {
		for line := range strings.Lines(exposition) {
			if !strings.HasPrefix(line, "#") {
				name, _, _ := strings.Cut(line, " ")
				names = append(names, name)
			}
		}
		return names
	}
	got := names(ourText(t, r))
	for _, name := range names(theirText(t, g)) {
		if !strings.Contains(strings.Join(got, "\n"), name) {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestImportFaults(t *testing.T) {
	var log bytes.Buffer
	r := registry.New(registry.Options{})
	meter.New(r).Counter("mine_total").Add(1)
	var answer func() ([]*dto.MetricFamily, error)
	im, err := promclient.Import(r, gathered(func() ([]*dto.MetricFamily, error) { return answer() }),
		promclient.ImportOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	good := "# TYPE b_total counter\nb_total 4\n"
	for _, step := range []struct {
		answer func() ([]*dto.MetricFamily, error)
		shows  string // of theirs
		says   string
	}{
		{func() ([]*dto.MetricFamily, error) { return parse(t, good), nil }, "b_total 4\n", ""},
		{func() ([]*dto.MetricFamily, error) { return nil, errors.New("broken") }, "b_total 4\n", "gathering: broken"},
		{func() ([]*dto.MetricFamily, error) { panic("lost") }, "b_total 4\n", "the gatherer panicked: lost"},
		{func() ([]*dto.MetricFamily, error) {
			return parse(t, "# TYPE b_total counter\nb_total 5\n"), errors.New("half of it")
		}, "b_total 5\n", "half of it"},
		{func() ([]*dto.MetricFamily, error) {
			return parse(t, good+"# TYPE mine_total counter\nmine_total 9\n"), nil
		}, "b_total 4\n", "mine_total"},
	} {
		answer = step.answer
		got := ourText(t, r)
		if !strings.Contains(got, step.shows) || !strings.Contains(got, "mine_total 1\n") || strings.Contains(got, "mine_total 9") {
			t.Errorf("want %q and our own in\n%s", step.shows, got)
		}
		if !strings.Contains(log.String(), step.says) {
			t.Errorf("the log does not say %q:\n%s", step.says, &log)
		}
	}
	before := log.Len()
	ourText(t, r)
	if log.Len() != before {
		t.Errorf("the same is said again:\n%s", &log)
	}
	if err := im.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := ourText(t, r); strings.Contains(got, "b_total") {
		t.Errorf("after Close there is still\n%s", got)
	}
}

func TestImportRefusesItself(t *testing.T) {
	r := registry.New(registry.Options{})
	if _, err := promclient.Import(r, prometheus.Gatherers{prometheus.NewRegistry(), promclient.NewGatherer(r)}, promclient.ImportOptions{}); err == nil {
		t.Error("a registry is imported into itself")
	}
}

// A gatherer that hangs delays a collection by no more than the timeout, once, and
// the values of before stay.
func TestImportOfWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var calls atomic.Int32
		r := registry.New(registry.Options{})
		im, err := promclient.Import(r, gathered(func() ([]*dto.MetricFamily, error) {
			if calls.Add(1) > 1 {
				<-release
			}
			return parse(t, "# TYPE b_total counter\nb_total 4\n"), nil
		}), promclient.ImportOptions{Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		ourText(t, r)
		began := time.Now()
		if got := ourText(t, r); !strings.Contains(got, "b_total 4\n") || time.Since(began) != time.Second {
			t.Errorf("after %s:\n%s", time.Since(began), got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := im.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closing while the gatherer hangs: %v", err)
		}
		if n := calls.Load(); n != 2 {
			t.Errorf("%d calls, want 2: those that hang are shared", n)
		}
		close(release)
		if err := im.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
