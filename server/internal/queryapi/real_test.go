package queryapi

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/teststorage"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/tree"
)

const (
	sampleStep  = 15 * time.Second
	sampleCount = 40
)

// world is samples that several servers hold, and the moment to ask about.
type world struct {
	pushed []apitest.Pushed
	begin  time.Time
	now    time.Time
}

// newWorld makes samples of every kind that end a minute ago. Questions lie between
// samples, so that it does not matter whether a range includes its left end, on
// which versions of Prometheus differ.
func newWorld() *world {
	w := &world{begin: time.Now().Add(-12 * time.Minute).Truncate(time.Minute)}
	w.now = w.begin.Add((sampleCount-1)*sampleStep + 8*time.Second)
	grow := func(perSample float64) func(int) float64 {
		return func(n int) float64 { return 1000 + perSample*float64(n) }
	}
	for i, code := range []string{"200", "404", ""} {
		for j, host := range []string{"a", `b "quoted" \ é`} {
			w.add("req_total", grow(float64(30*(i+1)+j)), "code", code, "host", host)
		}
	}
	w.add("restarting_total", func(n int) float64 { return 500 + float64(n%25)*7 }, "host", "a")
	w.add("restarting_total", func(n int) float64 { return 900 + float64(n*n) }, "host", "b")
	for i, host := range []string{"a", "b"} {
		for k, le := range []string{"0.1", "1", "+Inf"} {
			w.add("dur_seconds_bucket", grow(float64((k+1)*(i+2)*3)), "host", host, "le", le)
		}
		w.add("dur_seconds_count", grow(float64(9*(i+2))), "host", host)
		w.add("dur_seconds_sum", grow(1.5), "host", host)
		w.add("size", grow(0), "host", host, "quantile", "0.5")
		w.add("size_sum", grow(90), "host", host)
		w.add("size_count", grow(15), "host", host)
		w.add("temperature_celsius", func(n int) float64 { return float64(20+i) + math.Sin(float64(n)) }, "host", host)
		w.add("used_ratio", func(n int) float64 { return float64(i*n) / 100 }, "host", host)
		w.add("queue_items", func(n int) float64 { return float64(i + n) }, "host", host)
		w.add("up", grow(0), "host", host)
	}
	return w
}

func (w *world) add(name string, value func(n int) float64, pairs ...string) {
	p := apitest.Pushed{Labels: []string{"__name__", name}}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			p.Labels = append(p.Labels, pairs[i], pairs[i+1])
		}
	}
	for n := range sampleCount {
		p.Samples = append(p.Samples, apitest.PushedSample{Millis: w.begin.Add(time.Duration(n) * sampleStep).UnixMilli(), Value: value(n)})
	}
	w.pushed = append(w.pushed, p)
}

// embedded is the server's own source over the same samples.
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
		MaxSamples: 1e6, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: parser.NewParser(parser.Options{}),
	})
	return prom.NewTreeSource(engine, db, nil, prom.TreeSourceOptions{Now: func() time.Time { return w.now }})
}

// remote pushes the samples to a server and returns a source over it, once it
// shows them all.
func (w *world) remote(t *testing.T, url string) *Source {
	t.Helper()
	apitest.Client{URL: url}.MustWrite(t, apitest.RemoteWriteV1(w.pushed), apitest.TypeV1)
	for query, want := range map[string]int{
		`count({host=~".+"})`:                   len(w.pushed),
		`sum(count_over_time(size_count[20m]))`: 2 * sampleCount, // among the last pushed
	} {
		apitest.Eventually(t, 30*time.Second, func() (bool, string) {
			got := apitest.Client{URL: url}.Query(t, query, w.now)
			return len(got) == 1 && got[0].Samples[0].Value == fmt.Sprint(want), fmt.Sprintf("%s is %v, want %d", query, got, want)
		})
	}
	s, err := New(Options{URL: url, Now: func() time.Time { return w.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestEqualsEmbeddedOnPrometheus(t *testing.T) {
	t.Parallel()
	w := newWorld()
	compare(t, w.remote(t, realserver.Prometheus(t, "{}").URL), w.embedded(t), w, everything)
}

// VictoriaMetrics computes rates in a way of its own, which gives the same for
// counters that grow evenly.
func TestEqualsEmbeddedOnVictoriaMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld()
	remote := w.remote(t, realserver.VictoriaMetrics(t).URL)
	compare(t, remote, w.embedded(t), w, func(f tree.Family) bool { return f.Name != "restarting_total" })

	// Where it differs, branches still add up.
	f := family(t, remote, "restarting_total")
	r := fold(t, remote, tree.Query{Family: f, Selector: tree.Selector{Metric: f.Name}, By: "host"})
	sum := 0.0
	for _, g := range r.Groups {
		sum += float64(g.Reading.Value)
	}
	if total := float64(r.Total.Reading.Value); len(r.Groups) != 2 || !(total > 0) || !near(sum, total) {
		t.Errorf("branches add up to %v, the node is %v", sum, total)
	}
}

func everything(tree.Family) bool { return true }

// compare holds every number of a source against another's.
func compare(t *testing.T, got, want tree.Source, w *world, numbers func(tree.Family) bool) {
	t.Helper()
	wanted, err := want.Families(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	listed, err := got.Families(t.Context())
	if err != nil || fmt.Sprintf("%+v", listed) != fmt.Sprintf("%+v", wanted) {
		t.Fatalf("families, error %v:\n got %+v\nwant %+v", err, listed, wanted)
	}
	if len(wanted) != 8 {
		t.Fatalf("%d families, want 8", len(wanted))
	}
	for _, f := range wanted {
		sel := tree.Selector{Metric: f.Name}
		axes, err := got.Axes(t.Context(), sel)
		wantedAxes, wantErr := want.Axes(t.Context(), sel)
		if err != nil || wantErr != nil || !slices.Equal(axes, wantedAxes) {
			t.Errorf("axes of %s: %v, %v; want %v, %v", f.Name, axes, err, wantedAxes, wantErr)
		}
		if !numbers(f) {
			continue
		}
		for _, sel := range []tree.Selector{sel, sel.With("host", `b "quoted" \ é`), sel.With("code", "")} {
			for _, by := range []string{"", "host", "code"} {
				if !sel.Has(by) {
					compareNumbers(t, got, want, tree.Query{Family: f, Selector: sel, By: by}, w)
				}
			}
		}
	}
}

func compareNumbers(t *testing.T, got, want tree.Source, q tree.Query, w *world) {
	t.Helper()
	a, b := fold(t, got, q), fold(t, want, q)
	name := fmt.Sprintf("%s by %q", q.Selector, q.By)
	compareGroup(t, name, a.Total, b.Total)
	if len(a.Groups) != len(b.Groups) {
		t.Errorf("%s: %d branches, want %d", name, len(a.Groups), len(b.Groups))
		return
	}
	for i := range a.Groups {
		compareGroup(t, fmt.Sprintf("%s, branch %d", name, i), a.Groups[i], b.Groups[i])
	}
	for _, quantile := range []float64{0, 0.9} {
		if quantile > 0 && q.Family.Kind != tree.KindHistogram {
			continue
		}
		q.Quantile = quantile
		window := tree.Window{Start: w.begin.Add(2*time.Minute + 8*time.Second), End: w.now, Step: 30 * time.Second}
		x, err := got.Range(t.Context(), q, window)
		y, wantErr := want.Range(t.Context(), q, window)
		if err != nil || wantErr != nil {
			t.Errorf("%s over time: %v, %v", name, err, wantErr)
			continue
		}
		compareRange(t, name, x, y)
	}
}

func compareGroup(t *testing.T, name string, got, want tree.Group) {
	t.Helper()
	same := got.Value == want.Value && got.Series == want.Series && got.Streams == want.Streams &&
		got.Reading.Meaning == want.Reading.Meaning && nearNumber(got.Reading.Value, want.Reading.Value) &&
		slices.EqualFunc(got.Reading.Quantiles, want.Reading.Quantiles, func(a, b tree.Quantile) bool {
			return a.Q == b.Q && nearNumber(a.Value, b.Value)
		})
	if !same {
		t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
	}
}

func compareRange(t *testing.T, name string, got, want tree.RangeResult) {
	t.Helper()
	same := got.Meaning == want.Meaning && got.Others == want.Others && slices.EqualFunc(got.Total, want.Total, nearNumber) &&
		slices.EqualFunc(got.Lines, want.Lines, func(a, b tree.Line) bool {
			return a.Value == b.Value && slices.EqualFunc(a.Points, b.Points, nearNumber)
		})
	if !same {
		t.Errorf("%s over time:\n got %+v\nwant %+v", name, got, want)
	}
}

func nearNumber(a, b tree.Number) bool {
	return a.IsNaN() && b.IsNaN() || near(float64(a), float64(b))
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(math.Abs(a), math.Abs(b)) }

func family(t *testing.T, s tree.Source, name string) tree.Family {
	t.Helper()
	families, err := s.Families(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no family %s among %v", name, families)
	return tree.Family{}
}

func fold(t *testing.T, s tree.Source, q tree.Query) tree.Result {
	t.Helper()
	r, err := s.Fold(t.Context(), []tree.Query{q})
	if err != nil {
		t.Fatal(err)
	}
	if r[0].Err != nil {
		t.Fatalf("%s by %q: %v", q.Selector, q.By, r[0].Err)
	}
	return r[0]
}

// What targets declare comes through the metadata API, and through series that say
// what that has no words for, and is not inferred.
func TestDeclarationsOfARealPrometheus(t *testing.T) {
	t.Parallel()
	ratio := metric.Ratio{
		Name:        "deep_ratio",
		Numerator:   metric.Selection{Metric: "depth", Matchers: metric.Matchers{}.With("a", "b", `c"\|d`)},
		Denominator: metric.Selection{Metric: "depth"},
	}
	exposition := "# TYPE depth counter\n# HELP depth How deep.\ndepth{a=\"b\"} 3\n# TYPE load gauge\nload 5\n" +
		exposed(metric.MetricInfo, metric.Descriptor{Name: "load", Kind: metric.Gauge, Fold: metric.FoldMax, Unit: "widgets", Keys: []string{"zone"}}.Info()) +
		exposed(metric.RatioInfo, ratio.Info())
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprint(w, exposition)
	}))
	t.Cleanup(target.Close)
	url := realserver.Prometheus(t, fmt.Sprintf(`
global: {scrape_interval: 200ms}
scrape_configs:
- job_name: it
  static_configs: [{targets: [%q]}]
`, strings.TrimPrefix(target.URL, "http://"))).URL
	s, err := New(Options{URL: url + "/graph", CacheFor: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		got := apitest.Client{URL: url}.Query(t, "depth", time.Now())
		return len(got) == 1, fmt.Sprint(got)
	})
	f := family(t, s, "depth")
	if f.Kind != tree.KindCounter || f.Help != "How deep." || f.Inferred.Kind {
		t.Errorf("declared %+v", f)
	}
	if f := family(t, s, "load"); f.Fold != tree.FoldMax || f.Unit != "widgets" || !slices.Equal(f.Axes, []string{"zone"}) || f.Inferred.Fold {
		t.Errorf("declared in a series: %+v", f)
	}
	ratios, err := s.Ratios(t.Context())
	if err != nil || len(ratios) != 1 || ratios[0].Conflict(ratio) != nil {
		t.Errorf("ratios %+v, error %v", ratios, err)
	}
	if n := s.Notices(); len(n) != 0 {
		t.Errorf("notices %q", n)
	}
}

// exposed is a series of constant 1 in the text format.
func exposed(name string, labels metric.Labels) string {
	var b strings.Builder
	b.WriteString(name + "{")
	for _, l := range labels {
		fmt.Fprintf(&b, "%s=%q,", l.Name, l.Value)
	}
	return b.String() + "} 1\n"
}
