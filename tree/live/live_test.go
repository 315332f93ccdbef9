package live

import (
	"context"
	"errors"
	"fmt"
	"iter"
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
		test(t, b)
		b.source.Close()
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
		if err := b.scope.CounterFunc("c_total", func(o *meter.Observer) { o.Int(value.Load()) }); err != nil {
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

// TestEqualsExposition: one sample says what tree.Snapshot says about the same
// registry's exposition.
func TestEqualsExposition(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		rng := rand.New(rand.NewPCG(1, 1))
		c := b.scope.Counter("c_total", meter.Keys("x", "y"))
		g := b.scope.Gauge("g", meter.Keys("x"), meter.Fold(metric.FoldMax))
		h := b.scope.Histogram("h_seconds", meter.Keys("x"), meter.Unit("seconds"), meter.Buckets(1, 2, 5))
		for range 200 {
			x, y := []string{"", "a", "b"}[rng.IntN(3)], fmt.Sprint(rng.IntN(3))
			c.Add(int64(rng.IntN(5)), x, y)
			g.Set(float64(rng.IntN(100)), x)
			h.Observe(rng.Float64()*7, x)
		}
		live, shown := b.source, exposition(t.Context(), b.registry)
		for _, name := range []string{"c_total", "g", "h_seconds"} {
			f, sel := b.family(name), tree.Selector{Metric: name}
			for _, by := range []string{"", "x", "y"} {
				q := []tree.Query{{Family: f, Selector: sel, By: by}}
				got, err := live.Fold(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				want, _ := shown.Fold(t.Context(), q)
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s by %q: %v, the exposition says %v", name, by, got, want)
				}
			}
			got, err := live.Axes(t.Context(), sel)
			want, _ := shown.Axes(t.Context(), sel)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("axes of %s: %v, %v; the exposition says %v", name, got, err, want)
			}
		}
	})
}

// exposition is what a scrape of a registry holds.
func exposition(ctx context.Context, p Producer) *tree.Snapshot {
	b := tree.NewSnapshotBuilder()
	for f := range p.Collect(ctx) {
		described := describe(&f.Descriptor)
		b.Declare(f.Descriptor.Name, tree.Metadata{Kind: described.Kind, Unit: described.Unit, Fold: described.Fold})
		for p := range f.Points {
			var labels []tree.Label
			for name, value := range p.Labels.All(f.Keys) {
				if value != "" {
					labels = append(labels, tree.Label{Name: name, Value: value})
				}
			}
			addPoint(b, &f.Descriptor, p, labels)
		}
	}
	return b.Build()
}

func addPoint(b *tree.SnapshotBuilder, d *metric.Descriptor, p *metric.Point, labels []tree.Label) {
	if d.Kind != metric.Histogram {
		b.Add(tree.Sample{Name: d.Name, Labels: labels, Value: valueOf(d, p)})
		return
	}
	total := 0.0
	for i, n := range p.Histogram.Counts {
		le := "+Inf"
		if i < len(p.Histogram.Bounds) {
			le = fmt.Sprint(p.Histogram.Bounds[i])
		}
		total += float64(n)
		with := append([]tree.Label{{Name: "le", Value: le}}, labels...)
		b.Add(tree.Sample{Name: d.Name + "_bucket", Labels: with, Value: total})
	}
	b.Add(tree.Sample{Name: d.Name + "_count", Labels: labels, Value: total})
	b.Add(tree.Sample{Name: d.Name + "_sum", Labels: labels, Value: p.Histogram.Sum})
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

// counting counts collections.
type counting struct {
	Producer
	collections int
}

func (c *counting) Collect(ctx context.Context) iter.Seq[*metric.Family] {
	c.collections++
	return c.Producer.Collect(ctx)
}

// TestSamplesOnlyForThoseWhoLook: nothing is collected before the first question
// nor after the last has been a while ago, and one who returns starts anew.
func TestSamplesOnlyForThoseWhoLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry.New(registry.Options{})
		c := meter.New(r).Counter("c_total")
		p := &counting{Producer: r}
		s := New(p, Options{Interval: interval, IdleAfter: time.Minute})
		b := bench{t: t, registry: r, source: s}
		wait := func(d time.Duration) { time.Sleep(d); synctest.Wait() }
		wait(time.Hour)
		if p.collections != 0 {
			t.Errorf("%d collections before anybody asked", p.collections)
		}
		b.ask("c_total", "")
		c.Add(30)
		wait(30 * time.Second)
		b.expect(":1 rate 1/1", "c_total", "")
		wait(time.Hour)
		if p.collections < 5 || p.collections > 12 {
			t.Errorf("%d collections in half a minute and the idle one after it", p.collections)
		}
		if s.newest() != nil {
			t.Error("an idle source keeps its history")
		}
		b.expect(":30 total 1/1", "c_total", "")
		s.Close()
		if _, err := s.Families(t.Context()); err == nil {
			t.Error("a closed source answers")
		}
	})
}

func TestBoundInSeries(t *testing.T) {
	inBubble(t, Options{MaxSeries: 200}, func(t *testing.T, b bench) {
		small, big := b.scope.Counter("a_small_total", meter.Keys("x")), b.scope.Counter("b_big_total", meter.Keys("x"))
		for i := range 50 {
			small.Add(1, fmt.Sprint(i))
		}
		for i := range 300 {
			big.Add(1, fmt.Sprint(i))
		}
		b.expect(":50 total 50/50", "a_small_total", "")
		r := b.ask("b_big_total", "")
		if r.Err == nil || !strings.Contains(r.Err.Error(), "300 series") {
			t.Errorf("a metric that is left out gives %v, %s", r.Err, show(r))
		}
		notices := b.source.Notices()
		if len(notices) != 1 || !strings.Contains(notices[0], "b_big_total") {
			t.Errorf("notices: %q", notices)
		}
		for i := range 250 {
			big.Delete(fmt.Sprint(i))
		}
		b.pass(1)
		b.expect(":50 total 50/50", "b_big_total", "")
		if notices := b.source.Notices(); len(notices) != 0 {
			t.Errorf("notices stay: %q", notices)
		}
	})
}

func TestBoundInBytes(t *testing.T) {
	inBubble(t, Options{MaxBytes: 60_000}, func(t *testing.T, b bench) {
		c := b.scope.Counter("c_total", meter.Keys("x"))
		for i := range 100 {
			c.Add(1, fmt.Sprint(i))
		}
		b.ask("c_total", "")
		b.pass(25)
		b.source.mu.Lock()
		held, samples := b.source.history.bytes, len(b.source.history.samples)
		b.source.mu.Unlock()
		if held > 60_000 || samples < 3 || samples > 25 {
			t.Errorf("%d samples of %d bytes", samples, held)
		}
		if notices := b.source.Notices(); len(notices) != 1 || !strings.Contains(notices[0], "history reaches back") {
			t.Errorf("notices: %q", notices)
		}
		b.expect(":0 rate 100/100", "c_total", "")
	})
}

// TestWhileUpdated is for the race detector: questions, samples and updates at
// once.
func TestWhileUpdated(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		c := b.scope.Counter("c_total", meter.Keys("x"))
		c.Add(1, "0")
		stop := make(chan struct{})
		for worker := range 3 {
			go func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					case <-time.After(time.Second):
						c.Add(1, fmt.Sprint(i%50))
						if worker > 0 {
							b.ask("c_total", "x")
						}
					}
				}
			}()
		}
		b.pass(30)
		close(stop)
		synctest.Wait()
	})
}
