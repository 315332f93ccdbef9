package control

import (
	"context"
	"iter"
	"slices"
	"testing"

	"github.com/metertree/metertree/metric"
)

// A view holds all that a point can, and shares nothing that the integrator
// overwrites.
func TestViewCopiesEverything(t *testing.T) {
	point := metric.Point{
		Labels:      `a="b"`,
		Histogram:   metric.HistogramPoint{Bounds: []float64{1, 2}, Counts: []uint64{3, 4, 5}, Sum: 6},
		Exponential: &metric.ExponentialPoint{Scale: 7, Positive: []uint64{8}, Negative: []uint64{9, 10}},
		Summary:     metric.SummaryPoint{Min: 1, Max: 2, Sum: 3, Count: 4},
		Exact:       &metric.ExactPoint{Values: []float64{11, 12}, Missed: 13},
		Exemplars:   []*metric.Exemplar{nil, {TraceID: "ab", Value: 14}, nil},
	}
	keys := []string{"a"}
	v := new(view)
	for range 3 {
		v.reset()
		v.copyFrom(unmarked([]*metric.Family{{
			Descriptor: metric.Descriptor{Name: "h", Kind: metric.Histogram}, Keys: keys,
			Points: func(yield func(*metric.Point) bool) {
				p := point
				p.Histogram.Bounds, p.Histogram.Counts = slices.Clone(point.Histogram.Bounds), slices.Clone(point.Histogram.Counts)
				e, x, m := *point.Exponential, *point.Exact, *point.Exemplars[1]
				e.Positive, e.Negative, x.Values = slices.Clone(e.Positive), slices.Clone(e.Negative), slices.Clone(x.Values)
				p.Exponential, p.Exact, p.Exemplars = &e, &x, []*metric.Exemplar{nil, &m, nil}
				for range 100 {
					if !yield(&p) {
						return
					}
				}
				clear(p.Histogram.Bounds)
				clear(p.Histogram.Counts)
				clear(e.Positive)
				clear(e.Negative)
				clear(x.Values)
				clear(p.Exemplars)
				e.Scale, x.Missed, m.Value, p = 0, 0, 0, metric.Point{}
			},
		}}))
		points := 0
		for f := range v.families(context.Background()) {
			if f.Descriptor.Name != "h" || !slices.Equal(f.Keys, keys) {
				t.Errorf("family %s with keys %v", f.Descriptor.Name, f.Keys)
			}
			for p := range f.Points {
				points++
				if !samePoint(p, &point) {
					t.Fatalf("point %+v, want %+v", p, point)
				}
				// Readers may write to what they are given.
				p.Histogram = metric.HistogramPoint{}
			}
		}
		if points != 100 {
			t.Errorf("%d points, want 100", points)
		}
	}
}

func samePoint(p, q *metric.Point) bool {
	return p.Labels == q.Labels && p.Summary == q.Summary &&
		slices.Equal(p.Histogram.Bounds, q.Histogram.Bounds) && slices.Equal(p.Histogram.Counts, q.Histogram.Counts) &&
		p.Histogram.Sum == q.Histogram.Sum && p.Exponential.Scale == q.Exponential.Scale &&
		slices.Equal(p.Exponential.Positive, q.Exponential.Positive) && slices.Equal(p.Exponential.Negative, q.Exponential.Negative) &&
		slices.Equal(p.Exact.Values, q.Exact.Values) && p.Exact.Missed == q.Exact.Missed &&
		len(p.Exemplars) == 3 && p.Exemplars[0] == nil && *p.Exemplars[1] == *q.Exemplars[1]
}

func TestViewsEndEarly(t *testing.T) {
	v := new(view)
	family := &metric.Family{Points: func(yield func(*metric.Point) bool) { yield(new(metric.Point)) }}
	v.copyFrom(unmarked([]*metric.Family{family, family, family}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := 0
	for f := range v.families(ctx) {
		for range f.Points {
			break
		}
		seen++
		cancel()
	}
	if seen != 1 {
		t.Errorf("%d families, want the one before the context ended", seen)
	}
}

func unmarked(families []*metric.Family) iter.Seq2[*metric.Family, bool] {
	return func(yield func(*metric.Family, bool) bool) {
		for _, f := range families {
			if !yield(f, false) {
				return
			}
		}
	}
}

// What passes through is not copied: it is read when it is asked for.
func TestViewsPassOnWhatPassesThrough(t *testing.T) {
	value, reads := int64(1), 0
	family := &metric.Family{Descriptor: metric.Descriptor{Name: "a_total"}, Points: func(yield func(*metric.Point) bool) {
		reads++
		yield(&metric.Point{Int: value})
	}}
	v := new(view)
	for range 2 {
		v.reset()
		v.copyFrom(func(yield func(*metric.Family, bool) bool) { yield(family, true) })
	}
	value = 2
	for f := range v.families(t.Context()) {
		for p := range f.Points {
			if p.Int != 2 || reads != 1 {
				t.Errorf("value %d after %d readings, want 2 after one", p.Int, reads)
			}
		}
	}
}
