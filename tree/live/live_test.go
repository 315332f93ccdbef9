package live

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
	"github.com/metertree/metertree/tree"
)

// interval is the time between samples in these tests.
const interval = 10 * time.Second

// bench is a program with a live source; it runs in a synctest bubble.
type bench struct {
	t        *testing.T
	registry *registry.Registry
	scope    meter.Scope
	source   *Source
}

// inBubble runs a test with a source that is closed at its end, which must leave
// no goroutine behind.
func inBubble(t *testing.T, options Options, test func(t *testing.T, b bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := registry.New(registry.Options{})
		options.Interval = interval
		b := bench{t, r, meter.New(r), New(r, options)}
		defer b.source.Close()
		test(t, b)
	})
}

// pass lets so many intervals pass, each with its sample.
func (b bench) pass(intervals int) {
	time.Sleep(time.Duration(intervals) * interval)
	synctest.Wait()
}

func (b bench) family(metric string) tree.Family {
	b.t.Helper()
	families, err := b.source.Families(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	i := slices.IndexFunc(families, func(f tree.Family) bool { return f.Name == metric })
	if i < 0 {
		b.t.Fatalf("no family %s", metric)
	}
	return families[i]
}

func (b bench) ask(metric, by string, matchers ...tree.Matcher) tree.Result {
	b.t.Helper()
	q := tree.Query{Family: b.family(metric), Selector: tree.Selector{Metric: metric, Matchers: matchers}, By: by}
	r, err := b.source.Fold(b.t.Context(), []tree.Query{q})
	if err != nil {
		b.t.Fatal(err)
	}
	return r[0]
}

// leaves are those of the last minute.
func (b bench) leaves(metric string, by ...string) []tree.Leaf {
	b.t.Helper()
	q := tree.LeavesQuery{Family: b.family(metric), Selector: tree.Selector{Metric: metric}, By: by, Moment: tree.Moment{Length: time.Minute}}
	leaves, err := b.source.Leaves(b.t.Context(), q)
	if err != nil && !errors.Is(err, tree.ErrNoHistory) {
		b.t.Error(err)
	}
	return leaves
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

func (b bench) expect(want, metric, by string, matchers ...tree.Matcher) {
	b.t.Helper()
	if got := show(b.ask(metric, by, matchers...)); got != want {
		b.t.Errorf("%s %v by %q:\n got %s\nwant %s", metric, matchers, by, got, want)
	}
}

func TestTotalsThenRates(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		requests := b.scope.Counter("req_total", meter.Keys("code"))
		requests.Add(40, "ok")
		b.expect(":40 total 1/1 | ok:40 total 1/1", "req_total", "code")
		requests.Add(60, "ok")
		requests.Add(30, "bad") // a series of which no sample shows the zero
		b.pass(3)
		b.expect(":3 rate 2/2 | ok:2 rate 1/1 | bad:1 rate 1/1", "req_total", "code")
		b.expect(":1 rate 1/1", "req_total", "", tree.Matcher{Name: "code", Value: "bad"})
		b.expect(":NaN none 0/0", "req_total", "", tree.Matcher{Name: "code", Value: "other"})
		b.pass(10) // beyond the rate window
		b.expect(":0 rate 2/2 | bad:0 rate 1/1 | ok:0 rate 1/1", "req_total", "code")
	})
}

func TestGaugesFoldAsDeclared(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		for name, fold := range map[string]metric.Fold{
			"sum": metric.FoldSum, "min": metric.FoldMin, "max": metric.FoldMax,
			"avg": metric.FoldAvg, "none": metric.FoldNone, "last": metric.FoldLast,
		} {
			g := b.scope.Gauge("g_"+name, meter.Keys("host"), meter.Fold(fold))
			g.Set(2, "a")
			g.Set(4, "b")
		}
		for name, want := range map[string]string{
			"sum": ":6 sum", "min": ":2 min", "max": ":4 max", "avg": ":3 avg", "none": ":NaN none", "last": ":NaN none",
		} {
			b.expect(want+" 2/2 | b:4 single 1/1 | a:2 single 1/1", "g_"+name, "host")
			if f := b.family("g_" + name); f.Inferred != (tree.Inferred{}) {
				t.Errorf("%s: %+v is inferred", name, f.Inferred)
			}
		}
	})
}

func TestHistogramsMergeBeforeQuantiles(t *testing.T) {
	for name, layout := range map[string]meter.Option{"explicit": meter.Buckets(1, 2, 4), "exponential": meter.Exponential(0)} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Options{}, func(t *testing.T, b bench) {
				h := b.scope.Histogram("dur_seconds", meter.Keys("host"), meter.Unit("seconds"), layout)
				for range 1000 {
					h.Observe(100, "a") // before the window, so out of its quantiles
				}
				b.ask("dur_seconds", "")
				b.pass(8)
				// a's are all below 2, b's above: the median of both lies between.
				for range 99 {
					h.Observe(1.5, "a")
					h.Observe(3, "b")
				}
				b.pass(1)
				r := b.ask("dur_seconds", "host")
				if rate := float64(r.Total.Reading.Value); math.Abs(rate-198.0/60) > 1e-9 || len(r.Groups) != 2 {
					t.Errorf("%s", show(r))
				}
				p50, p99 := float64(r.Total.Reading.Quantiles[0].Value), float64(r.Total.Reading.Quantiles[1].Value)
				if p50 < 1.4 || p50 > 2 || p99 < 2.9 || p99 > 4 {
					t.Errorf("median %v, p99 %v", p50, p99)
				}
				for _, g := range r.Groups {
					p50 := float64(g.Reading.Quantiles[0].Value)
					if low := g.Value == "a"; low && (p50 < 1 || p50 > 2) || !low && (p50 < 2 || p50 > 4) {
						t.Errorf("median of %s: %v", g.Value, p50)
					}
				}
			})
		})
	}
}

// Values that widen an exponential histogram change its scale between samples;
// what was observed in between stays exact.
func TestExponentialScaleChanges(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		h := b.scope.Histogram("h", meter.Exponential(8))
		for i := range 100 {
			h.Observe(1 + float64(i)/100)
		}
		b.ask("h", "")
		h.Observe(1e6)
		h.Observe(1e-6)
		b.pass(2)
		r := b.ask("h", "")
		if got := float64(r.Total.Reading.Value) * (2 * interval).Seconds(); math.Abs(got-2) > 1e-9 {
			t.Errorf("%v observations, want 2", got)
		}
		if p99 := float64(r.Total.Reading.Quantiles[1].Value); p99 < 1e5 {
			t.Errorf("p99 is %v: older observations are in it", p99)
		}
	})
}

func TestResets(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		var value atomic.Int64
		value.Store(100)
		if err := b.scope.CounterFunc("c_total", func(o *meter.Observer) { o.Float(float64(value.Load())) }); err != nil {
			t.Fatal(err)
		}
		b.ask("c_total", "")
		value.Store(130)
		b.pass(1)
		value.Store(20) // began again
		b.pass(1)
		b.expect(":2.5 rate 1/1", "c_total", "")
	})
}

// TestConservation: over samples with series that come, go and return, the
// branches of every additive node add up to it, in either order of labels.
func TestConservation(t *testing.T) {
	for seed := range uint64(6) {
		inBubble(t, Options{RateWindow: time.Minute}, func(t *testing.T, b bench) {
			rng := rand.New(rand.NewPCG(seed, 9))
			c := b.scope.Counter("c_total", meter.Keys("x", "y"))
			h := b.scope.Histogram("h", meter.Keys("x", "y"), meter.Buckets(1, 5))
			for range 10 {
				for range 60 {
					x, y := fmt.Sprint(rng.IntN(4)), []string{"", "p", "q"}[rng.IntN(3)]
					c.Add(int64(rng.IntN(9)), x, y)
					h.Observe(rng.Float64()*8, x, y)
					if rng.IntN(30) == 0 {
						c.Delete(x, y)
						h.Delete(x, y)
					}
				}
				for _, m := range []string{"c_total", "h"} {
					for _, by := range []string{"x", "y"} {
						b.checkPartition(m, by)
					}
					b.checkOrder(m)
				}
				b.pass(1)
			}
		})
	}
}

func (b bench) checkPartition(metric, by string) {
	t := b.t
	t.Helper()
	q := tree.Query{Family: b.family(metric), Selector: tree.Selector{Metric: metric}, By: by, Limit: 2}
	results, err := b.source.Fold(t.Context(), []tree.Query{q})
	if err != nil || results[0].Err != nil {
		t.Fatal(err, results[0].Err)
	}
	r := results[0]
	sum, series := 0.0, 0
	add := func(g tree.Group) {
		if !g.Reading.Value.IsNaN() {
			sum += float64(g.Reading.Value)
		}
		series += g.Series
	}
	for _, g := range r.Groups {
		add(g)
	}
	if r.Other != nil {
		add(*r.Other)
	}
	if total := float64(r.Total.Reading.Value); math.Abs(sum-total) > 1e-9*(1+total) || series != r.Total.Series {
		t.Errorf("%s by %s: branches add up to %v of %d series, the node is %v of %d", metric, by, sum, series, total, r.Total.Series)
	}
}

func (b bench) checkOrder(metric string) {
	b.t.Helper()
	x, y := tree.Matcher{Name: "x", Value: "1"}, tree.Matcher{Name: "y", Value: ""}
	if one, other := show(b.ask(metric, "", x, y)), show(b.ask(metric, "", y, x)); one != other {
		b.t.Errorf("%s: x then y is %s, y then x is %s", metric, one, other)
	}
}

func TestRange(t *testing.T) {
	inBubble(t, Options{RateWindow: 20 * time.Second}, func(t *testing.T, b bench) {
		c := b.scope.Counter("c_total", meter.Keys("x"))
		g := b.scope.Gauge("g", meter.Keys("x"), meter.Fold(metric.FoldSum))
		h := b.scope.Histogram("h", meter.Buckets(1, 2, 4))
		c.Add(0, "a")
		b.ask("c_total", "")
		for i := range 6 {
			c.Add(20, "a")
			c.Add(10, "b")
			g.Set(float64(i), "a")
			g.Set(1, "b")
			h.Observe(1.5)
			b.pass(1)
		}
		window := tree.Window{Start: time.Now().Add(-2 * time.Minute), End: time.Now(), Step: interval}
		plot := func(metric, by string, quantile float64) tree.RangeResult {
			q := tree.Query{Family: b.family(metric), Selector: tree.Selector{Metric: metric}, By: by, Limit: 1, Quantile: quantile}
			r, err := b.source.Range(t.Context(), q, window)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Times) != 13 || len(r.Total) != 13 || !r.Total[0].IsNaN() {
				t.Fatalf("%s: %d instants, %v", metric, len(r.Times), r.Total)
			}
			return r
		}
		r := plot("c_total", "x", 0)
		if r.Total[12] != 3 || r.Meaning != tree.MeaningRate || len(r.Lines) != 1 || r.Others != 1 || r.Lines[0].Value != "a" || r.Lines[0].Points[12] != 2 {
			t.Errorf("counter: %+v", r)
		}
		if r := plot("g", "x", 0); r.Total[12] != 6 || r.Meaning != tree.MeaningSum || r.Lines[0].Points[12] != 5 {
			t.Errorf("gauge: %+v", r)
		}
		if r := plot("h", "", 0.5); r.Total[12] != 1.5 {
			t.Errorf("median: %+v", r)
		}
	})
}

func TestUnknownMetric(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		sel := tree.Selector{Metric: "none"}
		_, err := b.source.Axes(t.Context(), sel)
		results, foldErr := b.source.Fold(t.Context(), []tree.Query{{Selector: sel}})
		_, rangeErr := b.source.Range(t.Context(), tree.Query{Selector: sel}, tree.Window{})
		if foldErr != nil {
			t.Fatal(foldErr)
		}
		for _, err := range []error{err, results[0].Err, rangeErr} {
			if !errors.Is(err, tree.ErrUnknownMetric) {
				t.Errorf("an unknown metric gives %v", err)
			}
		}
	})
}
