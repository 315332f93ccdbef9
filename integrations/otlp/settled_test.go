package otlp

import (
	"slices"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
)

// less returns a point less the share that another one is.
func less(t *testing.T, d metric.Descriptor, p, settled metric.Point) *chunk {
	t.Helper()
	start := time.Unix(1000, 0)
	s := newSection(&d, metric.Delta)
	share := added(t, d, metric.Delta, settled, start).shareOf(&s, start.Add(time.Minute))
	c := added(t, d, metric.Delta, p, start)
	c.subtract(&s, share)
	return c
}

// buckets returns a point of exponential buckets.
func buckets(scale, first int, counts ...uint64) metric.Point {
	return metric.Point{Exponential: &metric.ExponentialPoint{Scale: scale, Zero: 1, Sum: 8, PositiveFirst: first, Positive: counts}}
}

func TestSettledExponentialBuckets(t *testing.T) {
	d := metric.Descriptor{Name: "h", Kind: metric.Histogram, Exponential: metric.ExponentialLayout{Size: 10}}
	for _, tt := range []struct {
		name       string
		p, settled metric.Point
		want       []uint64
		count      uint64
	}{
		{"same scale", buckets(2, 3, 5, 6, 7), buckets(2, 4, 6, 1), []uint64{5, 0, 6}, 11},
		{"settled at a finer scale", buckets(0, -1, 9, 9), buckets(1, -2, 1, 2, 3, 4), []uint64{6, 2}, 8},
		{"settled at a coarser scale", buckets(2, 3, 5, 6), buckets(1, 1, 2), []uint64{5, 6}, 12},
		{"more than there is", buckets(2, 3, 5, 6), buckets(2, 3, 6), []uint64{5, 6}, 12},
		{"beyond what there is", buckets(2, 3, 5, 6), buckets(2, 9, 1), []uint64{5, 6}, 12},
	} {
		p := less(t, d, tt.p, tt.settled).exponential[0]
		if !slices.Equal(p.PositiveBucket.Counts, tt.want) || p.Count != tt.count {
			t.Errorf("%s: buckets %v and a count of %d are left, want %v and %d", tt.name, p.PositiveBucket.Counts, p.Count, tt.want, tt.count)
		}
	}
}

func TestSettledExplicitBuckets(t *testing.T) {
	d := metric.Descriptor{Name: "h", Kind: metric.Histogram, Bounds: []float64{1, 2}}
	point := func(bounds []float64, counts ...uint64) metric.Point {
		return metric.Point{Histogram: metric.HistogramPoint{Bounds: bounds, Counts: counts, Sum: 1}}
	}
	bounds := []float64{1, 2}
	for _, tt := range []struct {
		name    string
		settled metric.Point
		want    []uint64
	}{
		{"part", point(bounds, 1, 0, 2), []uint64{2, 4, 3}},
		{"all", point(bounds, 3, 4, 5), []uint64{0, 0, 0}},
		{"other bounds", point([]float64{1, 3}, 1, 1, 1), []uint64{3, 4, 5}},
		{"fewer bounds", point([]float64{1}, 1, 1), []uint64{3, 4, 5}},
		{"more than there is", point(bounds, 0, 5, 0), []uint64{3, 4, 5}},
	} {
		p := less(t, d, point(bounds, 3, 4, 5), tt.settled).explicit[0]
		if !slices.Equal(p.BucketCounts, tt.want) {
			t.Errorf("%s: %v are left, want %v", tt.name, p.BucketCounts, tt.want)
		}
		untouched := slices.Equal(tt.want, []uint64{3, 4, 5})
		if began := time.Unix(1000, 0); p.StartTime.Equal(began) != untouched {
			t.Errorf("%s: begins at %v", tt.name, p.StartTime)
		}
	}
}

func TestSettledSums(t *testing.T) {
	for _, tt := range []struct{ p, settled, want int64 }{{7, 3, 4}, {7, 7, 0}, {3, 7, 3}} {
		ints := less(t, metric.Descriptor{Name: "c", Kind: metric.Counter}, metric.Point{Int: tt.p}, metric.Point{Int: tt.settled})
		floats := less(t, metric.Descriptor{Name: "c", Kind: metric.Counter, Number: metric.Float64},
			metric.Point{Float: float64(tt.p)}, metric.Point{Float: float64(tt.settled)})
		if got, float := ints.ints[0].Value, floats.floats[0].Value; got != tt.want || float != float64(tt.want) {
			t.Errorf("%d less %d is %d and %v, want %d", tt.p, tt.settled, got, float, tt.want)
		}
	}
}
