package prom_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// changing is a producer whose values change from round to round: a registry,
// and families that no registry has yet. The gauge round is set last, so a scrape
// that has it has all of that round.
type changing struct {
	registry *registry.Registry
	calls    *registry.Instrument
	waits    *registry.Instrument
	adaptive *registry.Instrument
	round    *registry.Instrument
	rounds   atomic.Int64
}

func newChanging(t *testing.T) *changing {
	t.Helper()
	c := &changing{registry: registry.New(registry.Options{})}
	define := func(d metric.Descriptor) *registry.Instrument {
		d.Help = "Something."
		i, err := c.registry.Define(registry.Definition{Descriptor: d})
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	c.calls = define(metric.Descriptor{Name: "calls_total", Kind: metric.Counter, Keys: []string{"op"}})
	c.waits = define(metric.Descriptor{Name: "wait_seconds", Kind: metric.Histogram, Unit: "seconds", Bounds: []float64{.1, 1, 10}, Keys: []string{"op"}})
	c.adaptive = define(metric.Descriptor{Name: "adaptive_seconds", Kind: metric.Histogram, Unit: "seconds",
		Exponential: metric.ExponentialLayout{Size: 40, ZeroThreshold: 1e-3}})
	c.round = define(metric.Descriptor{Name: "round", Kind: metric.Gauge, Number: metric.Float64})
	return c
}

// next begins another round.
func (c *changing) next() int64 {
	n := c.rounds.Add(1)
	for _, op := range []string{"put", "quote\" back\\slash\nline", "caf\xe9", "ünï"} {
		c.calls.AddInt(n, op)
	}
	for i := range 10 * n {
		v := float64(i*i) / 7
		c.waits.Observe(v, "put")
		c.adaptive.Observe(v)
		c.adaptive.Observe(-v / 3)
	}
	c.round.SetGauge(float64(n))
	return n
}

// Collect implements prometheus.Producer.
func (c *changing) Collect(ctx context.Context) iter.Seq[*metric.Family] {
	n := float64(c.rounds.Load())
	handMade := []*metric.Family{
		familyOf(metric.Descriptor{Name: "spread_seconds", Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount, Help: "Spread."}, []string{"op"},
			series{[]string{"get"}, metric.Point{Summary: metric.SummaryPoint{Min: 1 / n, Max: n * 1.5, Sum: n * 7, Count: uint64(n)}}}),
		familyOf(metric.Descriptor{Name: "batch_bytes", Kind: metric.Histogram, Aggregation: metric.Exact, Help: "Batches."}, nil,
			series{nil, metric.Point{Exact: &metric.ExactPoint{Values: []float64{n, 2 * n, n / 3}}}}),
		familyOf(metric.Descriptor{Name: "sent_bytes", Kind: metric.Histogram, Aggregation: metric.SumAggregation, Help: "Sent."}, nil,
			series{nil, metric.Point{Histogram: metric.HistogramPoint{Counts: []uint64{uint64(n)}, Sum: n * 100}}}),
	}
	return func(yield func(*metric.Family) bool) {
		for _, f := range handMade {
			if !yield(f) {
				return
			}
		}
		c.registry.Collect(ctx)(yield)
	}
}

func TestRealPrometheusStoresWhatIsExposed(t *testing.T) {
	t.Parallel()
	realserver.Find(t, "prometheus")
	for _, tt := range []struct {
		format prometheus.Format
		flags  []string
		// accept is what the scraper sends, if not what it sends by itself.
		accept string
	}{
		{prometheus.Text, nil, "text/plain;version=0.0.4"},
		{prometheus.OpenMetrics, nil, ""},
		{prometheus.Protobuf, []string{"--enable-feature=native-histograms"}, ""},
	} {
		t.Run(tt.format.String(), func(t *testing.T) {
			t.Parallel()
			source := newChanging(t)
			source.next()
			var scrapes atomic.Int64
			handler := prometheus.Handler(source, prometheus.Options{Quantiles: []float64{.5}, OnScrape: func(s prometheus.Scrape) {
				if s.Err == nil && s.Format == tt.format && s.Series > 0 {
					scrapes.Add(1)
				}
			}})
			target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if tt.accept != "" {
					r.Header.Set("Accept", tt.accept)
				}
				handler.ServeHTTP(w, r)
			}))
			t.Cleanup(target.Close)
			server := startPrometheus(t, target.Listener.Addr().String(), tt.flags...)
			for range 4 {
				n := source.next()
				waitForRound(t, server, n)
				sameStored(t, server, source, tt.format)
			}
			if scrapes.Load() == 0 {
				t.Errorf("no scrape was in %v", tt.format)
			}
			if said := server.Output(); strings.Contains(said, "scrape") {
				t.Errorf("Prometheus complains:\n%s", said)
			}
		})
	}
}

// startPrometheus starts one that scrapes the target, with further flags.
func startPrometheus(t *testing.T, target string, flags ...string) *realserver.Process {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	content := fmt.Sprintf("global: {scrape_interval: 500ms, scrape_timeout: 500ms}\nscrape_configs:\n- job_name: ours\n  static_configs: [{targets: [%q]}]\n", target)
	if err := os.WriteFile(config, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	binary := realserver.Find(t, "prometheus")
	return realserver.Start(t, "/-/ready", func(address string) *exec.Cmd {
		return exec.Command(binary, append([]string{
			"--config.file=" + config, "--storage.tsdb.path=" + filepath.Join(dir, "data"),
			"--web.listen-address=" + address, "--log.level=warn"}, flags...)...)
	})
}

func waitForRound(t *testing.T, server *realserver.Process, n int64) {
	t.Helper()
	err := realserver.Eventually(t.Context(), 30*time.Second, func(context.Context) error {
		for _, r := range stored(t, server, "round") {
			if r.value(t) == float64(n) {
				return nil
			}
		}
		return fmt.Errorf("round %d was not scraped: %s", n, lastError(t, server))
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, server.Output())
	}
}

// lastError tells why the server could not scrape its target.
func lastError(t *testing.T, server *realserver.Process) string {
	t.Helper()
	var answer struct {
		Data struct {
			ActiveTargets []struct{ LastError string }
		}
	}
	getJSON(t, server.URL+"/api/v1/targets", &answer)
	return fmt.Sprint(answer.Data.ActiveTargets)
}

func getJSON(t *testing.T, address string, into any) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
}

// result is one series of the answer to an instant query.
type result struct {
	Metric    map[string]string
	Value     [2]any
	Histogram [2]any
}

func (r result) value(t *testing.T) float64 {
	t.Helper()
	return number(t, r.Value[1])
}

func number(t *testing.T, text any) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(fmt.Sprint(text), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// key returns the key under which a sample is compared, without the labels that
// the scraper added.
func (r result) key(t *testing.T) string {
	t.Helper()
	b := labels.NewScratchBuilder(len(r.Metric))
	for k, v := range r.Metric {
		switch k {
		case "job", "instance":
			continue
		case "le":
			v = formatted(number(t, v))
		}
		b.Add(k, v)
	}
	b.Sort()
	return b.Labels().String()
}

func stored(t *testing.T, server *realserver.Process, query string) []result {
	t.Helper()
	var answer struct {
		Error string
		Data  struct{ Result []result }
	}
	getJSON(t, server.URL+"/api/v1/query?query="+url.QueryEscape(query), &answer)
	if answer.Error != "" {
		t.Fatalf("%s: %s", query, answer.Error)
	}
	return answer.Data.Result
}

// sameStored compares all that the server has with all that is to be exposed.
func sameStored(t *testing.T, server *realserver.Process, source *changing, f prometheus.Format) {
	t.Helper()
	got, natives := map[string]float64{}, []result(nil)
	for _, r := range stored(t, server, `{job="ours",__name__!~"up|scrape_.*"}`) {
		if r.Histogram[1] != nil {
			natives = append(natives, r)
			continue
		}
		got[r.key(t)] = r.value(t)
	}
	want := expected(source.Collect(t.Context()), .5)
	native := f == prometheus.Protobuf
	for key := range want {
		if native && strings.Contains(key, `"adaptive_seconds_`) {
			delete(want, key)
		}
	}
	// The parts of a sum are added in an order that may change.
	for _, samples := range []map[string]float64{got, want} {
		for key, v := range samples {
			if strings.Contains(key, `_sum"`) {
				samples[key] = rounded(v)
			}
		}
	}
	sameSamples(t, got, want, func(key string) bool {
		// Of exponential buckets for values below zero OpenMetrics has no sum.
		return f == prometheus.OpenMetrics && (strings.Contains(key, `"adaptive_seconds_sum"`) || strings.Contains(key, `"adaptive_seconds_count"`))
	})
	if native {
		sameNative(t, natives, source)
	}
}

// sameNative compares a native histogram, bucket by bucket, with the registry's.
func sameNative(t *testing.T, got []result, source *changing) {
	t.Helper()
	if len(got) != 1 {
		t.Fatalf("%d native histograms, want 1: %v", len(got), got)
	}
	histogram := got[0].Histogram[1].(map[string]any)
	var want *metric.ExponentialPoint
	for f := range source.Collect(t.Context()) {
		for p := range f.Points {
			if p.Exponential != nil {
				point := *p.Exponential
				point.Positive, point.Negative = slices.Clone(point.Positive), slices.Clone(point.Negative)
				want = &point
			}
		}
	}
	if count := number(t, histogram["count"]); count != float64(want.Count()) {
		t.Errorf("count %v, want %d", count, want.Count())
	}
	if sum := number(t, histogram["sum"]); math.Abs(sum-want.Sum) > 1e-9*math.Abs(want.Sum) {
		t.Errorf("sum %v, want %v", sum, want.Sum)
	}
	shown := map[float64]float64{}
	for _, b := range histogram["buckets"].([]any) {
		edges := b.([]any)
		lower, upper := number(t, edges[1]), number(t, edges[2])
		edge := upper
		if lower < 0 && upper < 0 {
			edge = lower
		}
		shown[rounded(edge)] = number(t, edges[3])
	}
	for edge, n := range magnitudes(want) {
		if shown[edge] != n {
			t.Errorf("bucket up to %v has %v, want %v", edge, shown[edge], n)
		}
		delete(shown, edge)
	}
	for edge, n := range shown {
		t.Errorf("bucket up to %v has %v, and is not expected", edge, n)
	}
}

// magnitudes are the counts of buckets by the bound of greater magnitude.
func magnitudes(p *metric.ExponentialPoint) map[float64]float64 {
	counts := map[float64]float64{}
	shift := max(p.Scale-8, 0)
	add := func(sign float64, first int, buckets []uint64) {
		for i, n := range buckets {
			if n > 0 {
				counts[rounded(sign*math.Exp2(math.Ldexp(float64((first+i)>>shift+1), shift-p.Scale)))] += float64(n)
			}
		}
	}
	add(1, p.PositiveFirst, p.Positive)
	add(-1, p.NegativeFirst, p.Negative)
	if p.Zero > 0 {
		counts[rounded(p.ZeroThreshold)] = float64(p.Zero)
	}
	return counts
}

// rounded makes values comparable that were computed in different ways.
func rounded(v float64) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 9, 64), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

func TestPromtoolIsSilent(t *testing.T) {
	promtool := realserver.Find(t, "promtool")
	command := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	command.Stdin = bytes.NewReader(written(t, prometheus.Exposition{}, append(wellNamed(), exponentials())))
	if said, err := command.CombinedOutput(); err != nil || len(said) != 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, said)
	}
}
