package otlp

import (
	"encoding/hex"
	"math"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/metertree/metertree/metric"
)

// add appends a point, of which nothing is kept but its labels.
func (c *chunk) add(s *section, p *metric.Point, attributes attribute.Set, t period) {
	c.size += pointSize + len(p.Labels) + attributeSize*attributes.Len()
	switch s.shape {
	case intShape:
		c.ints = append(c.ints, metricdata.DataPoint[int64]{
			Attributes: attributes, StartTime: t.start, Time: t.end, Value: p.Int,
		})
	case gaugeShape:
		c.floats = append(c.floats, metricdata.DataPoint[float64]{Attributes: attributes, Time: t.end, Value: p.Float})
	case floatShape:
		c.floats = append(c.floats, metricdata.DataPoint[float64]{
			Attributes: attributes, StartTime: t.start, Time: t.end, Value: p.Float,
		})
	case explicitShape:
		c.addExplicit(s, p, attributes, t)
	case exponentialShape:
		c.addExponential(s, p, attributes, t)
	}
}

// addExplicit appends a histogram that has explicit buckets or none.
func (c *chunk) addExplicit(s *section, p *metric.Point, attributes attribute.Set, t period) {
	to := metricdata.HistogramDataPoint[float64]{Attributes: attributes, StartTime: t.start, Time: t.end}
	switch {
	case p.Exact != nil:
		to.Count, to.Sum = p.Exact.Count(), p.Exact.Sum()
		if len(p.Exact.Values) > 0 && p.Exact.Missed == 0 {
			to.Min = metricdata.NewExtrema(slices.Min(p.Exact.Values))
			to.Max = metricdata.NewExtrema(slices.Max(p.Exact.Values))
		}
	case p.Summary != metric.SummaryPoint{}:
		to.Count, to.Sum = p.Summary.Count, p.Summary.Sum
		// Those of a delta are older than its period.
		if to.Count > 0 && s.temporality == metricdata.CumulativeTemporality {
			to.Min, to.Max = metricdata.NewExtrema(p.Summary.Min), metricdata.NewExtrema(p.Summary.Max)
		}
	default:
		to.Count, to.Sum = p.Histogram.Count(), p.Histogram.Sum
		if len(p.Histogram.Bounds) > 0 {
			to.Bounds = c.bucketBounds(p.Histogram.Bounds)
			to.BucketCounts = carve(&c.counts, p.Histogram.Counts)
		}
		c.size += bucketSize * len(p.Histogram.Counts)
		to.Exemplars = c.exemplarsOf(s, p, t)
	}
	c.explicit = append(c.explicit, to)
}

func (c *chunk) addExponential(s *section, p *metric.Point, attributes attribute.Set, t period) {
	to := metricdata.ExponentialHistogramDataPoint[float64]{Attributes: attributes, StartTime: t.start, Time: t.end}
	if e := p.Exponential; e != nil {
		to.Count, to.Sum, to.Scale = e.Count(), e.Sum, clampInt32(e.Scale)
		to.ZeroCount, to.ZeroThreshold = e.Zero, e.ZeroThreshold
		to.PositiveBucket = metricdata.ExponentialBucket{Offset: clampInt32(e.PositiveFirst), Counts: carve(&c.counts, e.Positive)}
		to.NegativeBucket = metricdata.ExponentialBucket{Offset: clampInt32(e.NegativeFirst), Counts: carve(&c.counts, e.Negative)}
		c.size += 2 * (len(e.Positive) + len(e.Negative))
	}
	to.Exemplars = c.exemplarsOf(s, p, t)
	c.exponential = append(c.exponential, to)
}

// clampInt32 narrows an index of a bucket, which is within some thousands.
func clampInt32(i int) int32 { return int32(min(max(i, math.MinInt32), math.MaxInt32)) }

// exemplarsOf returns the point's exemplars; of a delta, those of its period.
func (c *chunk) exemplarsOf(s *section, p *metric.Point, t period) []metricdata.Exemplar[float64] {
	start := len(c.exemplars)
	for _, e := range p.Exemplars {
		if e == nil || s.temporality == metricdata.DeltaTemporality && e.Time.Before(t.start) {
			continue
		}
		c.exemplars = append(c.exemplars, metricdata.Exemplar[float64]{
			Time: e.Time, Value: e.Value, TraceID: c.id(e.TraceID, 16), SpanID: c.id(e.SpanID, 8),
		})
		c.size += exemplarSize
	}
	if len(c.exemplars) == start {
		return nil
	}
	return c.exemplars[start:len(c.exemplars):len(c.exemplars)]
}

// id returns the bytes of an identifier in hexadecimal; nil for one that is not
// of the given length, which OTLP cannot carry.
func (c *chunk) id(text string, size int) []byte {
	if len(text) != 2*size {
		return nil
	}
	start := len(c.ids)
	c.ids = append(c.ids, text...)
	id := c.ids[start:len(c.ids):len(c.ids)]
	n, err := hex.Decode(id, id)
	if err != nil {
		c.ids = c.ids[:start]
		return nil
	}
	return id[:n:n]
}
