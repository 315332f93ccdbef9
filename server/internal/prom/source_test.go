package prom

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/prometheus/prometheus/util/teststorage"

	"github.com/metertree/metertree/tree"
)

// sourceNow is the present of these tests.
var sourceNow = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// sourceStep is the time between samples.
const sourceStep = 15 * time.Second

// history holds series that have a value for every step before sourceNow.
type history struct {
	t  testing.TB
	db *teststorage.TestStorage
}

func newHistory(t testing.TB) history { return history{t, teststorage.New(t)} }

// add stores a series whose value is a function of the number of seconds since
// its first sample, ten minutes ago.
func (h history) add(ls labels.Labels, value func(seconds float64) float64) {
	h.t.Helper()
	app := h.db.Appender(h.t.Context())
	start := sourceNow.Add(-10 * time.Minute)
	for at := start; !at.After(sourceNow); at = at.Add(sourceStep) {
		if _, err := app.Append(0, ls, at.UnixMilli(), value(at.Sub(start).Seconds())); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := app.Commit(); err != nil {
		h.t.Fatal(err)
	}
}

func sourceEngine() *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: newParser()})
}

func (h history) source(meta map[string]tree.Metadata) *TreeSource {
	return NewTreeSource(sourceEngine(), h.db, func(context.Context) map[string]tree.Metadata { return meta },
		TreeSourceOptions{Now: func() time.Time { return sourceNow.Add(time.Second) }})
}

func grow(perSecond float64) func(float64) float64 {
	return func(s float64) float64 { return perSecond * s }
}

func constant(v float64) func(float64) float64 { return func(float64) float64 { return v } }

func series(name string, pairs ...string) labels.Labels {
	return labels.FromStrings(append([]string{model.MetricNameLabel, name}, pairs...)...)
}

var sourceMeta = map[string]tree.Metadata{
	"req_total":   {Kind: tree.KindCounter, Help: "Requests."},
	"dur_seconds": {Kind: tree.KindHistogram, Unit: "seconds"},
	"temp":        {Kind: tree.KindGauge, Fold: tree.FoldMax},
	"share":       {Kind: tree.KindGauge, Fold: tree.FoldAvg},
	"lone":        {Kind: tree.KindGauge, Fold: tree.FoldNone},
}

func stocked(t testing.TB) *TreeSource {
	h := newHistory(t)
	h.add(series("req_total", "code", "200", "host", "a"), grow(8))
	h.add(series("req_total", "code", "200", "host", "b"), grow(4))
	h.add(series("req_total", "code", "500", "host", "a"), grow(1))
	h.add(series("req_total", "host", "a"), grow(2))
	for _, host := range []string{"a", "b"} {
		h.add(series("dur_seconds_bucket", "le", "0.1", "host", host), grow(5))
		h.add(series("dur_seconds_bucket", "le", "1", "host", host), grow(9))
		h.add(series("dur_seconds_bucket", "le", "+Inf", "host", host), grow(10))
		h.add(series("dur_seconds_count", "host", host), grow(10))
		h.add(series("dur_seconds_sum", "host", host), grow(3))
		h.add(series("temp", "host", host), constant(float64(21+int(host[0]-'a'))))
		h.add(series("share", "host", host), constant(float64(host[0]-'a')))
		h.add(series("lone", "host", host), constant(7))
	}
	return h.source(sourceMeta)
}

func ask(t *testing.T, s *TreeSource, metric, by string, matchers ...tree.Matcher) tree.Result {
	t.Helper()
	f, ok := families(t, s)[metric]
	if !ok {
		t.Fatalf("no family %s", metric)
	}
	r, err := s.Fold(t.Context(), []tree.Query{{Family: f, Selector: tree.Selector{Metric: metric, Matchers: matchers}, By: by}})
	if err != nil {
		t.Fatal(err)
	}
	if r[0].Err != nil {
		t.Fatal(r[0].Err)
	}
	return r[0]
}

// show writes a result in one line.
func show(r tree.Result) string {
	one := func(g tree.Group) string {
		return fmt.Sprintf("%s:%.4g %s %d/%d", g.Value, float64(g.Reading.Value), g.Reading.Meaning, g.Series, g.Streams)
	}
	parts := []string{one(r.Total)}
	for _, g := range r.Groups {
		parts = append(parts, one(g))
	}
	return strings.Join(parts, " | ")
}

func TestSourceFold(t *testing.T) {
	s := stocked(t)
	cases := []struct {
		metric, by string
		matchers   []tree.Matcher
		want       string
	}{
		{"req_total", "", nil, ":15 rate 4/4"},
		{"req_total", "code", nil, ":15 rate 4/4 | 200:12 rate 2/2 | :2 rate 1/1 | 500:1 rate 1/1"},
		{"req_total", "host", []tree.Matcher{{Name: "code", Value: "200"}}, ":12 rate 2/2 | a:8 rate 1/1 | b:4 rate 1/1"},
		{"req_total", "host", []tree.Matcher{{Name: "code", Value: ""}}, ":2 rate 1/1 | a:2 rate 1/1"},
		{"req_total", "nothing", nil, ":15 rate 4/4 | :15 rate 4/4"},
		{"req_total", "", []tree.Matcher{{Name: "code", Value: `x"} or vector(1) or up{a="`}}, ":NaN none 0/0"},
		{"dur_seconds", "host", nil, ":20 rate 10/2 | a:10 rate 5/1 | b:10 rate 5/1"},
		{"temp", "host", nil, ":22 max 2/2 | b:22 single 1/1 | a:21 single 1/1"},
		{"share", "", nil, ":0.5 avg 2/2"},
		{"lone", "host", nil, ":NaN none 2/2 | a:7 single 1/1 | b:7 single 1/1"},
	}
	for _, tc := range cases {
		if got := show(ask(t, s, tc.metric, tc.by, tc.matchers...)); got != tc.want {
			t.Errorf("%s %v by %q:\n got %s\nwant %s", tc.metric, tc.matchers, tc.by, got, tc.want)
		}
	}
}

func TestSourceQuantiles(t *testing.T) {
	r := ask(t, stocked(t), "dur_seconds", "")
	if len(r.Total.Reading.Quantiles) != 2 {
		t.Fatalf("quantiles: %v", r.Total.Reading.Quantiles)
	}
	if p50 := float64(r.Total.Reading.Quantiles[0].Value); math.Abs(p50-0.1) > 1e-9 {
		t.Errorf("p50 is %v, want 0.1", p50)
	}
}

func TestSourceAxes(t *testing.T) {
	s := stocked(t)
	for metric, want := range map[string]string{"req_total": "[{code 3} {host 2}]", "dur_seconds": "[{host 2}]"} {
		axes, err := s.Axes(t.Context(), tree.Selector{Metric: metric})
		if err != nil || fmt.Sprint(axes) != want {
			t.Errorf("%s: %v, error %v, want %s", metric, axes, err, want)
		}
	}
	if _, err := s.Axes(t.Context(), tree.Selector{Metric: "none"}); !errors.Is(err, tree.ErrUnknownMetric) {
		t.Errorf("axes of an unknown metric: %v", err)
	}
}

func TestSourceRange(t *testing.T) {
	s := stocked(t)
	window := tree.Window{Start: sourceNow.Add(-20 * time.Minute), End: sourceNow, Step: 30 * time.Second}
	f := families(t, s)["req_total"]
	q := tree.Query{Family: f, Selector: tree.Selector{Metric: "req_total"}, By: "code", Limit: 2}
	r, err := s.Range(t.Context(), q, window)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Times) != 41 || len(r.Total) != 41 || r.Meaning != tree.MeaningRate || len(r.Lines) != 2 || r.Others != 1 {
		t.Fatalf("%d times, %d points, %s, %d lines, %d others", len(r.Times), len(r.Total), r.Meaning, len(r.Lines), r.Others)
	}
	if last := float64(r.Total[40]); math.Abs(last-15) > 1e-9 || !r.Total[0].IsNaN() {
		t.Errorf("first %v, last %v; want no data and 15", r.Total[0], last)
	}
	if r.Lines[0].Value != "200" || r.Lines[1].Value != "" {
		t.Errorf("lines %q and %q", r.Lines[0].Value, r.Lines[1].Value)
	}
	q = tree.Query{Family: families(t, s)["dur_seconds"], Selector: tree.Selector{Metric: "dur_seconds"}, Quantile: 0.5}
	if r, err = s.Range(t.Context(), q, window); err != nil || math.Abs(float64(r.Total[40])-0.1) > 1e-9 {
		t.Errorf("p50 over time ends at %v, error %v", r.Total, err)
	}
}

// TestSourceRangeLeavesOut: what is not a number is left out at each instant, and
// several series without a common value have none, while each has its own.
func TestSourceRangeLeavesOut(t *testing.T) {
	h := newHistory(t)
	h.add(series("level", "host", "a"), constant(3))
	h.add(series("level", "host", "b"), func(s float64) float64 {
		if s < 300 {
			return 4
		}
		return math.NaN()
	})
	h.add(series("lone", "host", "a"), constant(7))
	h.add(series("lone", "host", "b"), constant(8))
	s := h.source(sourceMeta)
	window := tree.Window{Start: sourceNow.Add(-8 * time.Minute), End: sourceNow, Step: 8 * time.Minute}
	for metric, want := range map[string]string{"level": "[7 3] a [3 3] b [4 NaN] ", "lone": "[NaN NaN] b [8 8] a [7 7] "} {
		r, err := s.Range(t.Context(), tree.Query{Family: families(t, s)[metric], Selector: tree.Selector{Metric: metric}, By: "host"}, window)
		text := fmt.Sprint(r.Total) + " "
		for _, l := range r.Lines {
			text += fmt.Sprint(l.Value, " ", l.Points, " ")
		}
		if err != nil || text != want {
			t.Errorf("%s: %s, error %v; want %s", metric, text, err, want)
		}
	}
}

// TestSourceLeaves: rates, and the means of gauges, by several labels, with their
// streams, at a moment of the past too.
func TestSourceLeaves(t *testing.T) {
	s := stocked(t)
	leaves := func(metric string, by ...string) string {
		t.Helper()
		q := tree.LeavesQuery{
			Family: families(t, s)[metric], Selector: tree.Selector{Metric: metric}, By: by, Limit: 10,
			Moment: tree.Moment{End: sourceNow.Add(-2 * time.Minute), Length: 5 * time.Minute},
		}
		found, err := s.Leaves(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, l := range found {
			out = append(out, fmt.Sprintf("%q %.4g/%d", l.Values, l.Value, l.Streams))
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	for _, tt := range []struct {
		metric string
		by     []string
		want   string
	}{
		{"req_total", []string{"host", "code"}, `["a" ""] 2/1 ["a" "200"] 8/1 ["a" "500"] 1/1 ["b" "200"] 4/1`},
		{"req_total", nil, `[] 15/4`},
		{"dur_seconds", []string{"host"}, `["a"] 10/1 ["b"] 10/1`},
		{"temp", nil, `[] 43/2`},
	} {
		if got := leaves(tt.metric, tt.by...); got != tt.want {
			t.Errorf("%s by %q: %s, want %s", tt.metric, tt.by, got, tt.want)
		}
	}
}

// TestSourceIncompleteHistograms: buckets alone still count observations, and
// quantiles alone are never added up.
func TestSourceIncompleteHistograms(t *testing.T) {
	h := newHistory(t)
	h.add(series("b_bucket", "le", "1", "host", "a"), grow(3))
	h.add(series("b_bucket", "le", "+Inf", "host", "a"), grow(4))
	h.add(series("q", "quantile", "0.5"), constant(3))
	h.add(series("q", "quantile", "0.9"), constant(4))
	s := h.source(map[string]tree.Metadata{"b": {Kind: tree.KindHistogram}, "q": {Kind: tree.KindSummary}})
	if got, want := show(ask(t, s, "b", "host")), ":4 rate 2/1 | a:4 rate 2/1"; got != want {
		t.Errorf("buckets alone: %s, want %s", got, want)
	}
	if got := ask(t, s, "q", "").Total.Reading; !got.Value.IsNaN() {
		t.Errorf("quantiles alone have the value %v", got.Value)
	}
}

func TestSourceNativeHistogram(t *testing.T) {
	h := newHistory(t)
	app := h.db.Appender(t.Context())
	for i := range 41 {
		at := sourceNow.Add(time.Duration(i-40) * sourceStep).UnixMilli()
		sample := tsdbutil.GenerateTestHistogram(int64(i))
		if _, err := app.AppendHistogram(0, series("native_seconds", "host", "a"), at, sample, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	s := h.source(map[string]tree.Metadata{"native_seconds": {Kind: tree.KindHistogram}})
	r := ask(t, s, "native_seconds", "host")
	if len(r.Groups) != 1 || !(r.Total.Reading.Value > 0) || r.Groups[0].Reading.Value != r.Total.Reading.Value || len(r.Total.Reading.Quantiles) != 2 {
		t.Errorf("%s with quantiles %v", show(r), r.Total.Reading.Quantiles)
	}
}

// TestSourceWithoutHistory: one sample gives a total and no rate, and branches
// are read the same way as their parent.
func TestSourceWithoutHistory(t *testing.T) {
	h := newHistory(t)
	app := h.db.Appender(t.Context())
	for i, code := range []string{"200", "500"} {
		if _, err := app.Append(0, series("new_total", "code", code), sourceNow.UnixMilli(), float64(10*(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	got := show(ask(t, h.source(nil), "new_total", "code"))
	if want := ":30 total 2/2 | 500:20 total 1/1 | 200:10 total 1/1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestSourceConservation: with series that reset, end and begin, the branches of
// a counter still add up to it, along every label.
func TestSourceConservation(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 3))
		h := newHistory(t)
		for i := range 25 {
			perSecond, resets := float64(1+rng.IntN(50)), float64(60+rng.IntN(600))
			ls := []string{"i", fmt.Sprint(i)}
			for _, label := range []string{"zone", "method"} {
				if v := rng.IntN(4); v > 0 {
					ls = append(ls, label, fmt.Sprintf("v%d", v))
				}
			}
			h.add(series("c_total", ls...), func(s float64) float64 { return perSecond * math.Mod(s, resets) })
			// Some series end: a staleness marker follows their last sample.
			if rng.IntN(4) == 0 {
				h.end(series("c_total", ls...))
			}
		}
		s := h.source(nil)
		for _, by := range []string{"zone", "method", "i"} {
			r := ask(t, s, "c_total", by)
			sum := 0.0
			for _, g := range r.Groups {
				sum += float64(g.Reading.Value)
			}
			if total := float64(r.Total.Reading.Value); math.Abs(sum-total) > 1e-9*total {
				t.Errorf("seed %d by %s: branches add up to %v, the node is %v", seed, by, sum, total)
			}
		}
	}
}

// end marks a series as gone, after the last of its samples and before now.
func (h history) end(ls labels.Labels) {
	h.t.Helper()
	app := h.db.Appender(h.t.Context())
	if _, err := app.Append(0, ls, sourceNow.Add(time.Millisecond).UnixMilli(), math.Float64frombits(value.StaleNaN)); err != nil {
		h.t.Fatal(err)
	}
	if err := app.Commit(); err != nil {
		h.t.Fatal(err)
	}
}

func TestSourceOddNames(t *testing.T) {
	h := newHistory(t)
	h.add(series("sum", "by", "x"), constant(1))
	h.add(series("http.requests.total", "the.route", "/a\\b\"c\n"), constant(5))
	h.add(series("inf"), constant(2))
	s := h.source(nil)
	for metric, by := range map[string]string{"sum": "by", "http.requests.total": "the.route", "inf": ""} {
		if r := ask(t, s, metric, by); r.Total.Reading.Value.IsNaN() {
			t.Errorf("%s has no value", metric)
		}
	}
	r := ask(t, s, "http.requests.total", "", tree.Matcher{Name: "the.route", Value: "/a\\b\"c\n"})
	if r.Total.Reading.Value != 5 {
		t.Errorf("matched by a value with quotes: %v", r.Total.Reading.Value)
	}
}

func TestSourceStops(t *testing.T) {
	s := stocked(t)
	f := families(t, s)["req_total"]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Fold(ctx, []tree.Query{{Family: f, Selector: tree.Selector{Metric: "req_total"}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled call gives %v", err)
	}
}
