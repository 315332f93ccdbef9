package remotewrite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/integrations/internal/pushtest"
	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// backend is a real receiver that can be asked what it has.
type backend struct {
	*realserver.Process
	// ready makes what was written visible to queries.
	ready func(t *testing.T)
	// more are parameters of queries.
	more url.Values
	// speaks is the version that it knows.
	speaks Version
	// exact says that it keeps every value as it is: VictoriaMetrics keeps twelve
	// digits, and none of what is not finite.
	exact bool
}

// same compares a value that was read with the one that was written.
func (b *backend) same(got, want float64) bool {
	switch {
	case math.IsNaN(want):
		return math.IsNaN(got)
	case b.exact || math.IsInf(want, 0):
		return got == want
	}
	return math.Abs(got-want) <= 1e-11*math.Abs(want)+1e-300
}

// hold reports what a check finds wrong: at once, or, of a backend that shows what
// it has taken only later, if it stays.
func (b *backend) hold(t *testing.T, check func() (faults []string)) {
	t.Helper()
	patience := time.Duration(0)
	if b.ready != nil {
		patience = 20 * time.Second
	}
	var faults []string
	_ = realserver.Eventually(t.Context(), patience, func(context.Context) error {
		if faults = check(); len(faults) > 0 {
			return errors.New(faults[0])
		}
		return nil
	})
	for _, fault := range faults {
		t.Error(fault)
	}
}

const noScrapes = "global: {scrape_interval: 1h}\n"

// prometheus2 is Debian's Prometheus, which knows version 1.
func prometheus2(t *testing.T) *backend {
	return &backend{Process: realserver.Prometheus(t, noScrapes), speaks: Version1, exact: true}
}

// prometheus3 is a Prometheus that knows version 2, of the version that the
// server of this repository embeds, and built there.
func prometheus3(t *testing.T) *backend {
	dir := t.TempDir()
	binary := filepath.Join(dir, "prometheus")
	build := exec.Command(realserver.Find(t, "go"), "build", "-C", filepath.Join("..", "..", "server"), "-tags", "remove_all_sd",
		"-o", binary, "github.com/prometheus/prometheus/cmd/prometheus")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building Prometheus: %v\n%s", err, output)
	}
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte(noScrapes), 0o666); err != nil {
		t.Fatal(err)
	}
	p := realserver.Start(t, "/-/ready", func(address string) *exec.Cmd {
		return exec.Command(binary, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
			"--web.listen-address="+address, "--web.enable-remote-write-receiver", "--log.level=warn",
			"--enable-feature=exemplar-storage,created-timestamp-zero-ingestion")
	})
	return &backend{Process: p, speaks: Version2, exact: true}
}

// victoriaMetrics is Debian's VictoriaMetrics, which knows version 1.
func victoriaMetrics(t *testing.T) *backend {
	b := &backend{Process: realserver.VictoriaMetrics(t), speaks: Version1,
		more: url.Values{"nocache": {"1"}, "latency_offset": {"1ms"}}}
	b.ready = func(t *testing.T) {
		r, err := http.Get(b.URL + "/internal/force_flush")
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
	}
	return b
}

// exporter returns one to the backend.
func (b *backend) exporter(t *testing.T, job string, o Options) *Exporter {
	t.Helper()
	o.Retry.Initial, o.Retry.Max, o.Retry.Attempts = time.Millisecond, 10*time.Millisecond, 3
	o.ExternalLabels = map[string]string{"job": job}
	e, err := New(b.URL+"/api/v1/write", o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// result is one series of an instant query.
type result struct {
	Metric    map[string]string
	Value     [2]any
	Histogram [2]json.RawMessage
}

func (r result) number(t *testing.T) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(fmt.Sprint(r.Value[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// query asks for the values at a time.
func (b *backend) query(t *testing.T, promql string, at time.Time) []result {
	t.Helper()
	if b.ready != nil {
		b.ready(t)
	}
	parameters := url.Values{"query": {promql}, "time": {strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)}}
	maps.Copy(parameters, b.more)
	var answer struct {
		Error string
		Data  struct{ Result []result }
	}
	b.get(t, "/api/v1/query?"+parameters.Encode(), &answer)
	if answer.Error != "" {
		t.Fatal(answer.Error)
	}
	return answer.Data.Result
}

func (b *backend) get(t *testing.T, path string, into any) {
	t.Helper()
	r, err := http.Get(b.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func TestRealPrometheus2(t *testing.T) { testBackend(t, prometheus2(t)) }

func TestRealVictoriaMetrics(t *testing.T) { testBackend(t, victoriaMetrics(t)) }

func TestRealPrometheus3(t *testing.T) {
	b := prometheus3(t)
	testBackend(t, b)
	t.Run("native histograms", func(t *testing.T) { testNative(t, b) })
	t.Run("start times", func(t *testing.T) { testStarts(t, b) })
	t.Run("exemplars", func(t *testing.T) { testExemplars(t, b) })
	t.Run("out of order", func(t *testing.T) { testOutOfOrder(t, b) })
}

func testBackend(t *testing.T, b *backend) {
	t.Run("every kind", func(t *testing.T) { testEveryKind(t, b) })
	t.Run("ends", func(t *testing.T) { testEnds(t, b) })
	t.Run("killed and restarted", func(t *testing.T) { testKilled(t, b) })
	t.Run("shutdown", func(t *testing.T) { testShutdown(t, b) })
}

// testEveryKind reads back what was written of every kind and odd value.
func testEveryKind(t *testing.T, b *backend) {
	now := time.Now()
	e := b.exporter(t, "kinds", Options{MaxSamples: 50})
	want := map[string]float64{}
	for i, families := range []*export.Batch{batchOf(metric.Cumulative, exporttest.Families(now)), batchOf(metric.Delta, exporttest.OddFamilies(now))} {
		families.Start, families.Time = now.Add(-time.Minute), now.Add(time.Duration(i)*time.Millisecond)
		mustExport(t, e, families)
		for _, s := range wire(t, Options{ExternalLabels: map[string]string{"job": "kinds"}}, families) {
			want[s.series()] = s.value
		}
	}
	if got := e.Stats().Version; got != b.speaks {
		t.Errorf("version %v is spoken, want %v", got, b.speaks)
	}
	b.hold(t, func() (faults []string) {
		// The first batch ends with the second, which has other families.
		got := map[string]float64{}
		for _, at := range []time.Time{now, now.Add(time.Millisecond)} {
			for _, r := range b.query(t, `{job="kinds"}`, at) {
				got[format(r.Metric)] = r.number(t)
			}
		}
		for id, v := range want {
			if !b.exact && (math.IsNaN(v) || math.IsInf(v, 0)) {
				continue
			}
			if have, is := got[id]; !is || !b.same(have, v) {
				faults = append(faults, fmt.Sprintf("%s is %v, want %v", id, have, v))
			}
		}
		if b.exact && len(got) != len(want) {
			faults = append(faults, fmt.Sprintf("%d series are there, want %d", len(got), len(want)))
		}
		return faults
	})
}

// testEnds forgets series, which queries then do not show.
func testEnds(t *testing.T, b *backend) {
	e := b.exporter(t, "ends", Options{})
	now := time.Now()
	shown := func(at time.Time) (all []string) {
		for _, r := range b.query(t, `level{job="ends"}`, at) {
			all = append(all, r.Metric["l"])
		}
		slices.Sort(all)
		return all
	}
	for i, labels := range [][]string{{"a", "b"}, {"a"}, {"a", "b"}, nil} {
		batch := totals(level(labels...))
		batch.Time = now.Add(time.Duration(i-4) * time.Second)
		mustExport(t, e, batch)
		b.hold(t, func() (faults []string) {
			if got := shown(batch.Time); !slices.Equal(got, labels) {
				faults = append(faults, fmt.Sprintf("batch %d: %v are shown, want %v", i, got, labels))
			}
			return faults
		})
	}
	if s := e.Stats(); s.Ends != 3 {
		t.Errorf("counted %+v", s)
	}
}

// program is one that exports to the real receiver.
type program struct {
	*metertree.Runtime
	calls    meter.Counter
	seconds  meter.Histogram
	adaptive meter.Histogram
	recorded int
}

func start(t *testing.T, e *Exporter, period time.Duration) *program {
	t.Helper()
	rt, err := metertree.Start(t.Context(), metertree.Config{
		Listen: metertree.NoListener, Period: period, Grace: 20 * time.Second,
		Exporters: []metertree.Exporter{{Name: "remote write", Exporter: e}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Instrument(rt.Scope()); err != nil {
		t.Error(err)
	}
	scope := rt.Scope("app")
	return &program{Runtime: rt, calls: scope.Counter("calls_total", meter.Keys("status")),
		seconds:  scope.Histogram("seconds", meter.Keys("status"), meter.Buckets(0.1, 1)),
		adaptive: scope.Histogram("adaptive", meter.Keys("status"), meter.Exponential(160))}
}

// record records what is known, so that it can be read back.
func (p *program) record() {
	p.recorded++
	p.calls.Add(3, "ok, or not")
	for _, v := range []float64{0.0625, 0.5} {
		p.seconds.Observe(v, "ok, or not")
		p.adaptive.Observe(v, "ok, or not")
	}
}

// check compares what the receiver has with what was recorded.
func (p *program) check(t *testing.T, b *backend, job string) (faults []string) {
	t.Helper()
	n := float64(p.recorded)
	for promql, want := range map[string]float64{
		`app_calls_total{%s}`:                  3 * n,
		`app_seconds_count{%s}`:                2 * n,
		`app_seconds_sum{%s}`:                  0.5625 * n,
		`app_seconds_bucket{le="0.1",%s}`:      n,
		`app_seconds_bucket{le="1",%s}`:        2 * n,
		`app_seconds_bucket{le="+Inf",%s}`:     2 * n,
		`app_adaptive_bucket{le="0.0625",%s}`:  n,
		`app_adaptive_bucket{le="0.5",%s}`:     2 * n,
		`resets(app_calls_total{%s}[5m])`:      0,
		`resets(app_adaptive_count{%s}[5m])`:   0,
		`resets(app_seconds_bucket{%s}[5m])[]`: 0,
	} {
		promql, every := strings.CutSuffix(promql, "[]")
		promql = fmt.Sprintf(promql, fmt.Sprintf(`job=%q,status="ok, or not"`, job))
		got := b.query(t, promql, time.Now())
		if len(got) == 0 || !every && len(got) != 1 {
			faults = append(faults, fmt.Sprintf("%s gives %d series", promql, len(got)))
		}
		for _, r := range got {
			if v := r.number(t); v != want {
				faults = append(faults, fmt.Sprintf("%s is %v, want %v", promql, v, want))
			}
		}
	}
	return faults
}

// eventually records until the exporter has counted something more.
func (p *program) eventually(t *testing.T, e *Exporter, count func(Stats) uint64) {
	t.Helper()
	pushtest.Progress(t, func() uint64 { return count(e.Stats()) }, p.record)
}

func testKilled(t *testing.T, b *backend) {
	e := b.exporter(t, "killed", Options{MaxSamples: 40})
	p := start(t, e, 10*time.Millisecond)
	delivered := func(s Stats) uint64 { return s.Delivered }
	p.eventually(t, e, delivered)
	b.Kill()
	p.eventually(t, e, func(s Stats) uint64 { return s.Failures })
	b.Restart(t)
	p.eventually(t, e, delivered)
	p.record()
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	b.hold(t, func() []string { return p.check(t, b, "killed") })
	if s := e.Stats(); s.Rejected != 0 || s.Version != b.speaks {
		t.Errorf("counted %+v", s)
	}
}

func testShutdown(t *testing.T, b *backend) {
	for _, marks := range []bool{false, true} {
		job := fmt.Sprint("shutdown ", marks)
		e := b.exporter(t, job, Options{MarkStaleAtShutdown: marks})
		p := start(t, e, time.Hour)
		p.record()
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		b.hold(t, func() (faults []string) {
			if !marks {
				return p.check(t, b, job)
			}
			if got := b.query(t, fmt.Sprintf(`{job=%q}`, job), time.Now()); len(got) != 0 {
				faults = append(faults, fmt.Sprintf("%d series are shown after the end, want none", len(got)))
			}
			return faults
		})
	}
}
