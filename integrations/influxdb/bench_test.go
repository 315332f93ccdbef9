package influxdb

import (
	"testing"

	"github.com/metertree/metertree/metric"
)

// BenchmarkHistogram writes a point with the default buckets, of which there are
// twelve.
func BenchmarkHistogram(b *testing.B) {
	options, err := Options{}.complete()
	if err != nil {
		b.Fatal(err)
	}
	e := newEncoder(&options)
	e.begin(totals())
	bounds := metric.DefaultLatencyBounds()
	e.family(family(metric.Descriptor{Name: "latency_seconds", Kind: metric.Histogram, Bounds: bounds}))
	p := &metric.Point{Labels: labelled("ok"), Histogram: metric.HistogramPoint{Bounds: bounds, Counts: make([]uint64, len(bounds)+1), Sum: 7.5}}
	var lines []byte
	b.ReportAllocs()
	for b.Loop() {
		lines = e.point(lines[:0], p)
	}
	b.SetBytes(int64(len(lines)))
}
