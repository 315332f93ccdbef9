package prometheus

import (
	"context"
	"iter"
	"slices"

	"github.com/metertree/metertree/metric"
)

// point is one series as a test gives it; values are under the family's keys.
type point struct {
	values []string
	metric.Point
}

func family(d metric.Descriptor, keys []string, points ...point) *metric.Family {
	return &metric.Family{Descriptor: d, Keys: keys, Points: func(yield func(*metric.Point) bool) {
		for _, p := range points {
			p.Labels = metric.EncodeLabels(keys, p.values)
			if !yield(&p.Point) {
				return
			}
		}
	}}
}

func families(all ...*metric.Family) iter.Seq[*metric.Family] { return slices.Values(all) }

// fixed is a Producer that always gives the same.
type fixed []*metric.Family

func (f fixed) Collect(context.Context) iter.Seq[*metric.Family] { return families(f...) }

// producerFunc is a Producer made from a function.
type producerFunc func(context.Context) iter.Seq[*metric.Family]

func (f producerFunc) Collect(ctx context.Context) iter.Seq[*metric.Family] { return f(ctx) }

func intPoint(v int64, values ...string) point {
	return point{values, metric.Point{Int: v}}
}

func floatPoint(v float64, values ...string) point {
	return point{values, metric.Point{Float: v}}
}

func histogramPoint(bounds []float64, counts []uint64, sum float64, values ...string) point {
	return point{values, metric.Point{Histogram: metric.HistogramPoint{Bounds: bounds, Counts: counts, Sum: sum}}}
}
