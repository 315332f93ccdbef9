package integrate

import (
	"fmt"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Of the values, all series together observe these.
var observed = map[string][]float64{"x": {-3, 0, 1, 2}, "y": {2.5, 4, 100}}

func histogram(kept metric.Aggregation) metric.Descriptor {
	d := metric.Descriptor{Name: "sizes", Kind: metric.Histogram, Keys: []string{"a"}, Aggregation: kept}
	switch kept {
	case metric.ExplicitBuckets:
		d.Bounds = []float64{1, 2, 4}
	case metric.ExponentialBuckets:
		d.Exponential = metric.ExponentialLayout{Size: 100, ZeroThreshold: 0x1p-128}
	case metric.Exact:
		d.ExactLimit = 10
	}
	return d
}

// TestWhatCanBeDerived makes everything that can be of what is kept, and is
// refused the rest with the reason.
func TestWhatCanBeDerived(t *testing.T) {
	const refused = "cannot be made"
	for _, test := range []struct {
		kept metric.Aggregation
		view View
		want string
	}{
		{metric.ExplicitBuckets, View{}, "[1 2 4] [3 1 2 1] sum 106.5"},
		{metric.ExplicitBuckets, View{Buckets: []float64{2}}, "[2] [4 3] sum 106.5"},
		{metric.ExplicitBuckets, View{Buckets: []float64{}}, "[] [7] sum 106.5"},
		{metric.ExplicitBuckets, View{Aggregation: metric.SumAggregation}, "[] [7] sum 106.5"},
		{metric.ExplicitBuckets, View{Aggregation: metric.ExplicitBuckets}, "[1 2 4] [3 1 2 1] sum 106.5"},
		{metric.ExplicitBuckets, View{Buckets: []float64{3}}, refused},
		{metric.ExplicitBuckets, View{Size: 20}, refused},
		{metric.ExplicitBuckets, View{Aggregation: metric.MinMaxSumCount}, refused},
		{metric.ExplicitBuckets, View{Aggregation: metric.Exact}, refused},
		{metric.ExponentialBuckets, View{Buckets: []float64{-2, 0, 1, 4, 64}}, "[-2 0 1 4 64] [1 1 1 3 0 1] sum 106.5"},
		{metric.ExponentialBuckets, View{Size: 4}, "scale -2 zero 1 -1:[1 3 1] 0:[1] sum 106.5"},
		{metric.ExponentialBuckets, View{Aggregation: metric.SumAggregation}, "[] [7] sum 106.5"},
		{metric.ExponentialBuckets, View{Buckets: []float64{3}}, refused},
		{metric.ExponentialBuckets, View{Buckets: []float64{0x1p-130}}, refused},
		{metric.ExponentialBuckets, View{Size: 101}, refused},
		{metric.ExponentialBuckets, View{Aggregation: metric.ExplicitBuckets}, refused},
		{metric.ExponentialBuckets, View{Aggregation: metric.Exact}, refused},
		{metric.MinMaxSumCount, View{}, "-3 to 100 sum 106.5 of 7"},
		{metric.MinMaxSumCount, View{Aggregation: metric.SumAggregation}, "[] [7] sum 106.5"},
		{metric.MinMaxSumCount, View{Buckets: []float64{1}}, refused},
		{metric.MinMaxSumCount, View{Size: 20}, refused},
		{metric.MinMaxSumCount, View{Aggregation: metric.Exact}, refused},
		{metric.Exact, View{}, "[-3 0 1 2 2.5 4 100] missed 0 sum 106.5"},
		{metric.Exact, View{Buckets: []float64{-3, 2.2}}, "[-3 2.2] [1 3 3] sum 106.5"},
		{metric.Exact, View{Size: 4}, "scale -2 zero 1 -1:[1 3 1] 0:[1] sum 106.5"},
		{metric.Exact, View{Aggregation: metric.MinMaxSumCount}, "-3 to 100 sum 106.5 of 7"},
		{metric.Exact, View{Aggregation: metric.SumAggregation}, "[] [7] sum 106.5"},
		{metric.Exact, View{Aggregation: metric.ExplicitBuckets}, refused},
		{metric.SumAggregation, View{}, "[] [7] sum 106.5"},
		{metric.SumAggregation, View{Buckets: []float64{1}}, refused},
		{metric.SumAggregation, View{Aggregation: metric.MinMaxSumCount}, refused},
	} {
		for _, temporality := range []metric.Temporality{metric.Delta, metric.Cumulative} {
			t.Run(fmt.Sprintf("%s to %s %v %s", test.kept, test.view.aggregation(), test.view.Buckets, temporality), func(t *testing.T) {
				r := registry.New(registry.Options{})
				sizes := define(t, r, histogram(test.kept))
				for a, list := range observed {
					for _, v := range list {
						sizes.Observe(v, a)
					}
				}
				view := test.view
				view.Match.Name, view.Keep = "sizes", []string{}
				in, err := New(r, Options{Temporality: temporality, Views: newViews(t, view)})
				if test.want == refused {
					mustSay(t, err, "metric sizes keeps "+test.kept.String(), refused, "Views.Define")
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer in.Close()
				mustShow(t, take(t, in), "sizes{} "+test.want)
			})
		}
	}
}

// TestValuesBeyondTheLimit derives from exact values of which some were missed.
func TestValuesBeyondTheLimit(t *testing.T) {
	for want, view := range map[string]View{
		"[4 2 1 9] missed 4 sum 56":                 {Aggregation: metric.Exact},
		"[5 20] [3 5 0] sum 56":                     {Buckets: []float64{5, 20}},
		"1 to 10 sum 56 of 8":                       {Aggregation: metric.MinMaxSumCount},
		"scale 0 zero 0 -1:[1 1 1 0 5] 0:[] sum 56": {Size: 5},
	} {
		r := registry.New(registry.Options{})
		d := histogram(metric.Exact)
		d.ExactLimit = 4
		sizes := define(t, r, d)
		for _, v := range []float64{4, 2, 1, 9, 8, 12, 10, 10} {
			sizes.Observe(v, "x")
		}
		view.Match.Name, view.Keep = "sizes", []string{}
		in := newIntegrator(t, r, Options{Views: newViews(t, view)})
		mustShow(t, take(t, in), "sizes{} "+want)
	}
}

// TestExactTotalsAreBounded has one group of series with more values together
// than one may keep.
func TestExactTotalsAreBounded(t *testing.T) {
	r := registry.New(registry.Options{})
	sizes := define(t, r, histogram(metric.Exact))
	in := newIntegrator(t, r, Options{Views: newViews(t, View{Keep: []string{}})})
	for i := range 8 {
		sizes.Observe(float64(i), "x")
		sizes.Observe(float64(10+i), "y")
	}
	mustShow(t, take(t, in), "sizes{} [0 1 2 3 4 5 6 7 10 11] missed 6 sum 136")
}

func TestExemplars(t *testing.T) {
	now := time.Unix(1000, 0)
	r := registry.New(registry.Options{Now: func() time.Time { return now }})
	sizes := define(t, r, histogram(metric.ExplicitBuckets))
	in := newIntegrator(t, r, Options{Views: newViews(t, View{Match: Match{Name: "sizes"}, Keep: []string{}, Buckets: []float64{2}})})
	sizes.ObserveExemplar(1, "one", "", "x")
	now = now.Add(time.Minute)
	sizes.ObserveExemplar(2, "two", "", "y")
	sizes.ObserveExemplar(3, "three", "", "x")
	for range 2 {
		for f := range take(t, in).Families() {
			if f.Descriptor.Name != "sizes" {
				continue
			}
			for p := range f.Points {
				if len(p.Exemplars) != 2 || p.Exemplars[0].TraceID != "two" || p.Exemplars[1].TraceID != "three" {
					t.Errorf("exemplars are %+v, want the latest of each bucket", p.Exemplars)
				}
			}
		}
	}
}

// TestCallbackBuckets merges distributions whose bounds only their callback knows.
func TestCallbackBuckets(t *testing.T) {
	r := registry.New(registry.Options{})
	d := metric.Descriptor{Name: "pauses_seconds", Kind: metric.Histogram, Keys: []string{"a"}}
	err := r.DefineFunc(registry.Definition{Descriptor: d}, func(o *registry.Observer) {
		o.Histogram(metric.HistogramPoint{Bounds: []float64{1, 2}, Counts: []uint64{1, 2, 3}, Sum: 12}, "x")
		o.Histogram(metric.HistogramPoint{Bounds: []float64{1, 2}, Counts: []uint64{4, 5, 6}, Sum: 30}, "y")
		o.Histogram(metric.HistogramPoint{Bounds: []float64{1, 1.5}, Counts: []uint64{1, 1, 1}, Sum: 5}, "z")
	})
	if err != nil {
		t.Fatal(err)
	}
	in := newIntegrator(t, r, Options{Temporality: metric.Delta, Views: newViews(t, View{Keep: []string{}})})
	mustShow(t, take(t, in), "pauses_seconds{} [1 2] [6 8 10] sum 47")
}
