package live

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// TestRangeAgreesWithFold: at every sample a plot shows what an answer for that
// moment says, of whatever is selected.
func TestRangeAgreesWithFold(t *testing.T) {
	inBubble(t, Options{RateWindow: time.Minute}, func(t *testing.T, b bench) {
		c := newChurn(b, 3)
		for range 20 {
			c.live()
			c.query("c_total") // a sample is taken before the first series too
		}
		for _, name := range []string{"c_total", "h", "i", "g"} {
			q := c.query(name)
			forms := []tree.Query{q, q, q, q}
			forms[1].Where = metric.Matchers{}.With("y", "p", "")
			forms[2].Except = &tree.Exclusion{Label: "x", Values: []string{"0"}}
			forms[2].As = tree.MeaningTotal
			if q.Family.Increases() {
				other := c.query(map[string]string{"c_total": "d_total", "h": "i", "i": "h"}[name])
				forms[3].Also = []tree.Part{{Family: other.Family, Where: metric.Matchers{}.With("y", "q")}}
			}
			for _, form := range forms {
				form.By, form.Limit = "x", -1
				c.checkRange(form, 0)
				if q.Family.Kind == tree.KindHistogram {
					c.checkRange(form, tree.ReadingQuantiles()[1])
				}
			}
		}
	})
}

func (c *churn) checkRange(q tree.Query, quantile float64) {
	c.t.Helper()
	window := tree.Window{Start: time.Now().Add(-10 * interval), End: time.Now(), Step: interval}
	q.Quantile = quantile
	r, err := c.source.Range(c.t.Context(), q, window)
	if err != nil {
		c.t.Fatal(err)
	}
	lines := make(map[string][]tree.Number)
	for _, line := range r.Lines {
		lines[line.Value] = line.Points
	}
	compare := func(what string, got tree.Number, g tree.Group) {
		want := g.Reading.Value
		if quantile > 0 {
			want = tree.NoData
			if len(g.Reading.Quantiles) > 0 {
				want = g.Reading.Quantiles[1].Value
			}
		}
		if got.IsNaN() != want.IsNaN() || !got.IsNaN() && !close9(float64(got), float64(want)) {
			c.t.Errorf("%v quantile %v: %s is %v, then it was %v", q, quantile, what, got, want)
		}
	}
	for i, at := range r.Times {
		q.Moment.End = at
		then := c.fold(q)
		compare("the node", r.Total[i], then.Total)
		for _, g := range then.Groups {
			if points, shown := lines[g.Value]; shown {
				compare(fmt.Sprintf("branch %q", g.Value), points[i], g)
			} else if !g.Reading.Value.IsNaN() {
				c.t.Errorf("%v: branch %q is not plotted, and was %v", q, g.Value, g.Reading.Value)
			}
		}
	}
}

// close9 reports whether two numbers agree to nine digits.
func close9(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b), 1) }

// families is a Producer of fixed families.
type families []*metric.Family

func (f families) Collect(context.Context) iter.Seq[*metric.Family] { return slices.Values(f) }

// histogramOf is a family of one histogram without labels.
func histogramOf(d metric.Descriptor, p metric.Point) *metric.Family {
	d.Kind, d.Name = metric.Histogram, "h"
	return &metric.Family{Descriptor: d, Points: func(yield func(*metric.Point) bool) { yield(&p) }}
}

// TestBucketsReplaced: a view may change what is kept of a histogram that goes on
// counting. Its rate goes on too.
func TestBucketsReplaced(t *testing.T) {
	began := time.Unix(1000, 0)
	exponential := &metric.ExponentialPoint{Scale: 0, PositiveFirst: 1, Positive: []uint64{70}}
	kept := []*metric.Family{
		histogramOf(metric.Descriptor{Bounds: []float64{1, 2, 4}}, metric.Point{Start: began, Histogram: metric.HistogramPoint{Bounds: []float64{1, 2, 4}, Counts: []uint64{1, 2, 3, 4}}}),
		histogramOf(metric.Descriptor{Bounds: []float64{1}}, metric.Point{Start: began, Histogram: metric.HistogramPoint{Bounds: []float64{1}, Counts: []uint64{10, 20}}}),
		histogramOf(metric.Descriptor{Aggregation: metric.MinMaxSumCount}, metric.Point{Start: began, Summary: metric.SummaryPoint{Count: 50}}),
		histogramOf(metric.Descriptor{Exponential: metric.ExponentialLayout{Size: 4}}, metric.Point{Start: began, Exponential: exponential}),
		histogramOf(metric.Descriptor{Aggregation: metric.Exact}, metric.Point{Start: began, Exact: &metric.ExactPoint{Missed: 80}}),
		histogramOf(metric.Descriptor{Aggregation: metric.Exact}, metric.Point{Start: began}), // began again
	}
	now := time.Unix(2000, 0)
	var held families = []*metric.Family{nil}
	s := New(&held, Options{Interval: 10 * time.Second})
	defer s.Close()
	s.now = func() time.Time { return now }
	for i, want := range []float64{10, 20. / 10, 40. / 20, 60. / 30, 70. / 40, 70. / 50} {
		held[0] = kept[i]
		r, err := s.Fold(t.Context(), []tree.Query{{Family: tree.Family{Name: "h", Kind: tree.KindHistogram, Fold: tree.FoldSum}, Selector: tree.Selector{Metric: "h"}}})
		if err != nil || r[0].Err != nil || float64(r[0].Total.Reading.Value) != want {
			t.Errorf("%d replacements: %v, %v; want %v", i, r, err, want)
		}
		now = now.Add(10 * time.Second)
	}
}

// TestDistribution: adding up is what tree.MergeBuckets does, and tells whether
// unlike bounds were merged.
func TestDistribution(t *testing.T) {
	one := histogram{bounds: []float64{1, 4}, counts: []float64{2, 5, 6}}
	other := histogram{bounds: []float64{2}, counts: []float64{7, 9}}
	at := func(scale, first int, counts ...uint64) histogram {
		return histogram{scale: scale, buckets: exponential(&metric.ExponentialPoint{Scale: scale, PositiveFirst: first, Positive: counts})}
	}
	for name, test := range map[string]struct {
		parts []histogram
		rough bool
	}{
		"none":              {nil, false},
		"like bounds":       {[]histogram{one, one}, false},
		"unlike bounds":     {[]histogram{one, other, one, other}, true},
		"one scale":         {[]histogram{at(2, 0, 1, 2), at(2, 40, 1), at(2, -3, 5, 0, 7)}, false},
		"two scales":        {[]histogram{at(0, 0, 1, 2), at(1, 0, 1, 2)}, true},
		"declared and not":  {[]histogram{one, at(0, 0, 1, 2)}, true},
		"all of those":      {[]histogram{other, one, at(0, 0, 1, 2), at(1, 0, 1, 2)}, true},
		"nothing was found": {[]histogram{at(0, 0), at(3, 0)}, true},
	} {
		var d, halves distribution
		var list [][]tree.Bucket
		for _, h := range test.parts {
			var half distribution
			half.add(h, histogram{})
			halves.addAll(&half)
			d.add(h, histogram{})
			if h.buckets != nil {
				list = append(list, h.buckets)
			} else {
				list = append(list, bucketsOf(h.bounds, h.counts))
			}
		}
		want := tree.MergeBuckets(list)
		for _, got := range []*distribution{&d, &halves} {
			if !slices.Equal(got.merged(), want) || got.rough() != test.rough {
				t.Errorf("%s: %v, rough %v; want %v, rough %v", name, got.merged(), got.rough(), want, test.rough)
			}
		}
	}
}

// TestAllocations: however many series there are, a fold takes memory for its
// branches and its samples only.
func TestAllocations(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		c := b.scope.Counter("c_total", meter.Keys("x", "y"), meter.SeriesBudget(20_000))
		h := b.scope.Histogram("h", meter.Keys("x", "y"), meter.Buckets(1, 2, 4))
		e := b.scope.Histogram("e", meter.Keys("x", "y"), meter.Exponential(20))
		for i := range 10_000 {
			c.Add(1, fmt.Sprint(i%10), fmt.Sprint(i))
			if i < 1000 {
				h.Observe(1, fmt.Sprint(i%10), fmt.Sprint(i))
				e.Observe(1, fmt.Sprint(i%10), fmt.Sprint(i))
			}
		}
		b.ask("c_total", "")
		b.pass(5)
		for _, name := range []string{"c_total", "h", "e"} {
			q := []tree.Query{{Family: b.family(name), Selector: tree.Selector{Metric: name}, By: "x", Where: metric.Matchers{}.With("x", "1", "2", "3")}}
			allocs := testing.AllocsPerRun(10, func() {
				if r, err := b.source.Fold(t.Context(), q); err != nil || len(r[0].Groups) != 3 || r[0].Total.Streams < 300 {
					t.Error(r, err)
				}
			})
			if allocs > 150 {
				t.Errorf("%s: %v allocations in a fold", name, allocs)
			}
		}
	})
}
