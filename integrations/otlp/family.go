package otlp

import (
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/metertree/metertree/internal/lossless"
	"github.com/metertree/metertree/metric"
)

// shape is the form that a metric has in OTLP.
type shape uint8

const (
	gaugeShape shape = iota
	intShape
	floatShape
	explicitShape
	exponentialShape
)

func shapeOf(d *metric.Descriptor) shape {
	switch {
	case d.Kind == metric.Gauge:
		return gaugeShape
	case d.Kind == metric.Histogram && d.Kept() == metric.ExponentialBuckets:
		return exponentialShape
	case d.Kind == metric.Histogram:
		return explicitShape
	case d.Number == metric.Int64:
		return intShape
	}
	return floatShape
}

// section is the part of a family that a chunk has, while it is filled.
type section struct {
	metric      metricdata.Metrics
	shape       shape
	temporality metricdata.Temporality
	monotonic   bool
	// first is where the section's points begin, in the slice of its shape.
	first int
}

// newSection returns the section of a family that has none of its points yet.
func newSection(d *metric.Descriptor, t metric.Temporality) section {
	s := section{
		metric:      metricdata.Metrics{Name: d.Name, Description: lossless.UTF8(d.Help), Unit: unitOf(d)},
		shape:       shapeOf(d),
		temporality: metricdata.CumulativeTemporality,
		monotonic:   d.Kind.Monotonic(),
	}
	if t == metric.Delta && d.Kind != metric.UpDownCounter {
		s.temporality = metricdata.DeltaTemporality
	}
	return s
}

// deltas reports whether a section's points are deltas.
func (s *section) deltas() bool {
	return s.temporality == metricdata.DeltaTemporality && s.shape != gaugeShape
}

// open begins a section in the chunk.
func (c *chunk) open(s *section) {
	s.first = c.length(s.shape)
	c.size += len(s.metric.Name) + len(s.metric.Description) + len(s.metric.Unit) + metricSize
}

// length returns how many points of a shape there are.
func (c *chunk) length(s shape) int {
	switch s {
	case intShape:
		return len(c.ints)
	case gaugeShape, floatShape:
		return len(c.floats)
	case explicitShape:
		return len(c.explicit)
	default:
		return len(c.exponential)
	}
}

// close makes a metric of the section, unless it has no points.
func (c *chunk) close(s *section) {
	n := c.length(s.shape) - s.first
	if n == 0 {
		return
	}
	m := s.metric
	switch s.shape {
	case gaugeShape:
		m.Data = metricdata.Gauge[float64]{DataPoints: c.floats[s.first:]}
	case intShape:
		m.Data = metricdata.Sum[int64]{DataPoints: c.ints[s.first:], Temporality: s.temporality, IsMonotonic: s.monotonic}
	case floatShape:
		m.Data = metricdata.Sum[float64]{DataPoints: c.floats[s.first:], Temporality: s.temporality, IsMonotonic: s.monotonic}
	case explicitShape:
		m.Data = metricdata.Histogram[float64]{DataPoints: c.explicit[s.first:], Temporality: s.temporality}
	case exponentialShape:
		m.Data = metricdata.ExponentialHistogram[float64]{DataPoints: c.exponential[s.first:], Temporality: s.temporality}
	}
	c.metrics = append(c.metrics, m)
	c.points += n
}

// About how many bytes things are when they are sent, besides their texts and
// buckets.
const (
	metricSize    = 16
	pointSize     = 32
	attributeSize = 8
	bucketSize    = 10
	exemplarSize  = 56
)

// period is the time of a point.
type period struct{ start, end time.Time }
