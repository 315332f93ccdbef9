package pushtest

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// Noon is the time of batches. It is in no unit coarser than a nanosecond whole.
var Noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// Batch returns one of a minute up to Noon.
func Batch(temporality metric.Temporality, families iter.Seq[*metric.Family]) *export.Batch {
	return &export.Batch{Temporality: temporality, Start: Noon.Add(-time.Minute), Time: Noon, Families: families}
}

// Totals returns a batch of totals.
func Totals(families ...*metric.Family) *export.Batch {
	return Batch(metric.Cumulative, slices.Values(families))
}

// Family returns one of points under the label l.
func Family(d metric.Descriptor, points ...metric.Point) *metric.Family {
	return &metric.Family{Descriptor: d, Keys: []string{"l"}, Points: func(yield func(*metric.Point) bool) {
		for i := range points {
			if !yield(&points[i]) {
				return
			}
		}
	}}
}

// Labelled returns a value of the label l.
func Labelled(value string) metric.LabelSet {
	return metric.EncodeLabels([]string{"l"}, []string{value})
}

// Level returns a gauge of that name with the values 0, 1, … under labels.
func Level(labels ...string) *metric.Family {
	var points []metric.Point
	for i, l := range labels {
		points = append(points, metric.Point{Labels: Labelled(l), Float: float64(i)})
	}
	return Family(metric.Descriptor{Name: "level", Kind: metric.Gauge}, points...)
}

// Many returns Level with the labels 0000, 0001, ….
func Many(n int) *metric.Family {
	var labels []string
	for i := range n {
		labels = append(labels, fmt.Sprintf("%04d", i))
	}
	return Level(labels...)
}
