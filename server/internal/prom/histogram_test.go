package prom

import "github.com/prometheus/prometheus/model/histogram"

// testHistogram is a small valid native histogram of two observations.
func testHistogram() *histogram.FloatHistogram {
	return &histogram.FloatHistogram{
		Count: 2, Sum: 3, Schema: 0,
		PositiveSpans:   []histogram.Span{{Offset: 0, Length: 2}},
		PositiveBuckets: []float64{1, 1},
	}
}
