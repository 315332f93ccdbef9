package otlp

import (
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// chunk is what one request holds. Its memory serves again for the next one,
// once the request was answered.
type chunk struct {
	metrics []metricdata.Metrics
	// points is how many data points the metrics have, size about how many bytes
	// they are when they are sent.
	points, size int

	ints        []metricdata.DataPoint[int64]
	floats      []metricdata.DataPoint[float64]
	explicit    []metricdata.HistogramDataPoint[float64]
	exponential []metricdata.ExponentialHistogramDataPoint[float64]
	// What the slices of points hold lies in these.
	counts    []uint64
	bounds    []float64
	exemplars []metricdata.Exemplar[float64]
	ids       []byte
}

// reset forgets the points, and what they refer to.
func (c *chunk) reset() {
	c.points, c.size = 0, 0
	c.counts, c.bounds, c.ids = c.counts[:0], c.bounds[:0], c.ids[:0]
	empty(&c.metrics)
	empty(&c.ints)
	empty(&c.floats)
	empty(&c.explicit)
	empty(&c.exponential)
	empty(&c.exemplars)
}

func empty[T any](s *[]T) {
	clear(*s)
	*s = (*s)[:0]
}

// carve returns a copy of a slice in the arena, or where the arena grew in an
// earlier one.
func carve[T any](arena *[]T, from []T) []T {
	if len(from) == 0 {
		return nil
	}
	start := len(*arena)
	*arena = append(*arena, from...)
	return (*arena)[start:len(*arena):len(*arena)]
}

// bucketBounds returns a copy of the bounds: the last one, where they are the
// same, as they are throughout a family.
func (c *chunk) bucketBounds(from []float64) []float64 {
	if n := len(from); n > 0 && n <= len(c.bounds) {
		if last := c.bounds[len(c.bounds)-n:]; equalBounds(last, from) {
			return last[:n:n]
		}
	}
	return carve(&c.bounds, from)
}

func equalBounds(a, b []float64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// halves returns the metrics in two parts, with half of their points each.
func halves(metrics []metricdata.Metrics, points int) (first, second []metricdata.Metrics) {
	left := points / 2
	for _, m := range metrics {
		n := pointsOf(m.Data)
		if take := min(left, n); take > 0 {
			first = append(first, part(m, 0, take))
		}
		if left < n {
			second = append(second, part(m, max(left, 0), n))
		}
		left -= n
	}
	return first, second
}

// pointsOf counts data points.
func pointsOf(data metricdata.Aggregation) int {
	switch data := data.(type) {
	case metricdata.Gauge[float64]:
		return len(data.DataPoints)
	case metricdata.Sum[int64]:
		return len(data.DataPoints)
	case metricdata.Sum[float64]:
		return len(data.DataPoints)
	case metricdata.Histogram[float64]:
		return len(data.DataPoints)
	case metricdata.ExponentialHistogram[float64]:
		return len(data.DataPoints)
	}
	return 0
}

// part returns the metric with some of its points.
func part(m metricdata.Metrics, from, to int) metricdata.Metrics {
	switch data := m.Data.(type) {
	case metricdata.Gauge[float64]:
		data.DataPoints = data.DataPoints[from:to]
		m.Data = data
	case metricdata.Sum[int64]:
		data.DataPoints = data.DataPoints[from:to]
		m.Data = data
	case metricdata.Sum[float64]:
		data.DataPoints = data.DataPoints[from:to]
		m.Data = data
	case metricdata.Histogram[float64]:
		data.DataPoints = data.DataPoints[from:to]
		m.Data = data
	case metricdata.ExponentialHistogram[float64]:
		data.DataPoints = data.DataPoints[from:to]
		m.Data = data
	}
	return m
}
