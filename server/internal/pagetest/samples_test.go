package pagetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/tree"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/teststorage"
)

const (
	step    = 15 * time.Second
	samples = 60
)

// world is a made-up service with everything that can go wrong with samples.
type world struct {
	random *rand.Rand
	begin  time.Time
	// now lies between two samples, so that it does not matter whether a range
	// includes its left end, on which versions of Prometheus differ.
	now    time.Time
	pushed []apitest.Pushed
}

var (
	regions  = []string{"eu", "us", `quo"ted \ é`, ""}
	versions = []string{"1", "2", "", "{x=~\".*\"}"}
	states   = []string{"ok", "error", "timeout"}
)

func newWorld() *world {
	w := &world{random: rand.New(rand.NewPCG(1, 2)), begin: time.Now().Add(-20 * time.Minute).Truncate(time.Minute)}
	w.now = w.begin.Add((samples-1)*step + 8*time.Second)
	w.declare()
	for _, region := range regions {
		for _, version := range versions {
			if w.random.IntN(5) == 0 {
				continue
			}
			pairs := []string{"region", region, "version", version}
			for _, state := range states {
				if state == "ok" || w.random.IntN(3) > 0 { // some have never failed
					w.add("shop_calls_total", w.counter(), append(pairs, "status", state)...)
				}
			}
			w.histogram("shop_call_seconds", w.random.IntN(4) == 0, pairs...)
			w.histogram("shop_query_seconds", false, pairs...)
			w.add("shop_tasks", w.gauge(0), pairs...)
			w.add("shop_pool_fill", w.gauge(0.3), pairs...)
			w.add("shop_oldest_seconds", w.gauge(0.3), pairs...)
			w.add("shop_build", w.gauge(0), pairs...)
			w.add("foreign_requests_total", w.counter(), pairs...)
			w.add("foreign_bytes", w.gauge(0.2), pairs...)
		}
	}
	w.add("größe.total", w.counter(), "region", "eu")
	w.add("shop_replays_total", w.counter(), "region", "eu") // more than the calls it is divided by
	w.add("shop_nothing_total", func(int) float64 { return 0 }, "region", "eu")
	return w
}

// declare makes the series that tell what the metrics and ratios are.
func (w *world) declare() {
	info := func(name string, ls metric.Labels) {
		var pairs []string
		for _, l := range ls {
			pairs = append(pairs, l.Name, l.Value)
		}
		w.add(name, func(int) float64 { return 1 }, pairs...)
	}
	keys := []string{"region", "version"}
	for _, d := range []metric.Descriptor{
		{Name: "shop_calls_total", Kind: metric.Counter, Keys: keys, Role: metric.RoleTraffic},
		{Name: "shop_call_seconds", Kind: metric.Histogram, Unit: "seconds", Keys: keys, Role: metric.RoleLatency},
		{Name: "shop_query_seconds", Kind: metric.Histogram, Unit: "seconds", Keys: keys, Role: metric.RoleLatency},
		{Name: "shop_tasks", Kind: metric.UpDownCounter, Keys: keys},
		{Name: "shop_pool_fill", Kind: metric.Gauge, Unit: "ratio", Fold: metric.FoldAvg, Keys: keys, Role: metric.RoleSaturation},
		{Name: "shop_oldest_seconds", Kind: metric.Gauge, Unit: "seconds", Fold: metric.FoldMax, Keys: keys},
		{Name: "shop_build", Kind: metric.Gauge, Fold: metric.FoldNone, Keys: keys},
		{Name: "shop_replays_total", Kind: metric.Counter},
		{Name: "shop_nothing_total", Kind: metric.Counter},
	} {
		info(metric.MetricInfo, d.Info())
	}
	failed := metric.Selection{Metric: "shop_calls_total", Matchers: metric.Matchers{}.With("status", "error", "timeout")}
	calls := metric.Selection{Metric: "shop_calls_total"}
	for _, r := range []metric.Ratio{
		{Name: "shop_call_error_ratio", Numerator: failed, Denominator: calls, Axes: keys, Role: metric.RoleErrors},
		{Name: "shop_query_ratio", Numerator: metric.Selection{Metric: "shop_query_seconds"}, Denominator: calls, Axes: keys},
		{Name: "shop_replay_ratio", Numerator: metric.Selection{Metric: "shop_replays_total"}, Denominator: metric.Selection{Metric: "shop_calls_total", Matchers: metric.Matchers{}.With("status", "timeout")}},
		{Name: "shop_empty_ratio", Numerator: calls, Denominator: metric.Selection{Metric: "shop_nothing_total"}, Axes: []string{"region"}},
		{Name: "shop_task_ratio", Numerator: metric.Selection{Metric: "shop_tasks", Matchers: metric.Matchers{}.With("region", "eu", "")}, Denominator: metric.Selection{Metric: "shop_tasks"}, Axes: []string{"version"}},
		{Name: "shop_gone_ratio", Numerator: metric.Selection{Metric: "no_such_total"}, Denominator: calls, Axes: keys},
	} {
		info(metric.RatioInfo, r.Info())
	}
}

// counter grows unevenly, begins and ends anywhere, and restarts now and then.
func (w *world) counter() func(int) float64 {
	total, rate := float64(w.random.IntN(1000)), w.random.Float64()*50
	first, last := -1, samples
	switch w.random.IntN(6) {
	case 0:
		first = w.random.IntN(samples)
	case 1:
		last = w.random.IntN(samples)
	}
	return func(n int) float64 {
		if total += rate * w.random.Float64(); w.random.IntN(40) == 0 {
			total = 0
		}
		if n < first || n > last || w.random.IntN(15) == 0 {
			return absent
		}
		return total
	}
}

// absent stands for no sample.
var absent = math.Inf(-1)

// gauge is not a number now and then.
func (w *world) gauge(notANumber float64) func(int) float64 {
	level := float64(w.random.IntN(100))
	never := w.random.Float64() < notANumber
	return func(int) float64 {
		if never {
			return math.NaN()
		}
		return level + float64(w.random.IntN(20)-10)
	}
}

// histogram has buckets of its own, or those of the others.
func (w *world) histogram(name string, coarse bool, pairs ...string) {
	bounds := []string{"0.1", "0.5", "2.5", "10", "+Inf"}
	if coarse {
		bounds = []string{"0.2", "2.5", "+Inf"}
	}
	within := make([]float64, len(bounds))
	counts := make([][]float64, samples)
	for n := range counts {
		for i := range within {
			within[i] += float64(w.random.IntN(9))
		}
		below := 0.0
		for _, v := range within {
			below += v
			counts[n] = append(counts[n], below)
		}
	}
	for i, bound := range bounds {
		w.add(name+"_bucket", func(n int) float64 { return counts[n][i] }, append(pairs[:len(pairs):len(pairs)], "le", bound)...)
	}
	count := func(n int) float64 { return counts[n][len(bounds)-1] }
	w.add(name+"_count", count, pairs...)
	w.add(name+"_sum", count, pairs...)
}

func (w *world) add(name string, value func(n int) float64, pairs ...string) {
	p := apitest.Pushed{Labels: []string{"__name__", name}}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			p.Labels = append(p.Labels, pairs[i], pairs[i+1])
		}
	}
	sortPairs(p.Labels)
	for n := range samples {
		if v := value(n); !math.IsInf(v, -1) {
			p.Samples = append(p.Samples, apitest.PushedSample{Millis: w.begin.Add(time.Duration(n) * step).UnixMilli(), Value: v})
		}
	}
	if len(p.Samples) > 0 {
		w.pushed = append(w.pushed, p)
	}
}

// sortPairs orders names and values, which alternate, by name.
func sortPairs(pairs []string) {
	for i := 2; i < len(pairs); i += 2 {
		for j := i; j > 0 && pairs[j] < pairs[j-2]; j -= 2 {
			pairs[j], pairs[j-2] = pairs[j-2], pairs[j]
			pairs[j+1], pairs[j-1] = pairs[j-1], pairs[j+1]
		}
	}
}

// embedded is the server's own source over the samples.
func (w *world) embedded(t *testing.T) tree.Source {
	t.Helper()
	db := teststorage.New(t)
	app := db.Appender(t.Context())
	for _, p := range w.pushed {
		ls := labels.FromStrings(p.Labels...)
		for _, s := range p.Samples {
			if _, err := app.Append(0, ls, s.Millis, s.Value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1e7, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: parser.NewParser(parser.Options{}),
	})
	return prom.NewTreeSource(engine, db, nil, prom.TreeSourceOptions{Now: func() time.Time { return w.now }})
}

// push sends the samples to a server, and waits until it shows them.
func (w *world) push(t *testing.T, server apitest.Client) {
	t.Helper()
	server.MustWrite(t, apitest.RemoteWriteV1(w.pushed), apitest.TypeV1)
	last := w.pushed[len(w.pushed)-1]
	query := fmt.Sprintf("count_over_time(%s[1h])", last.Labels[1])
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		got := server.Query(t, query, w.now)
		return len(got) == 1 && got[0].Samples[0].Value == fmt.Sprint(len(last.Samples)), fmt.Sprintf("%s is %v", query, got)
	})
}
