package stdout

import (
	"math"
	"strconv"

	"github.com/metertree/metertree/metric"
)

// appendDistribution writes what a point of a histogram holds, which depends on
// what is kept of its values.
func appendDistribution(b []byte, d *metric.Descriptor, p *metric.Point) []byte {
	t := totalsOf(d, p)
	b = appendCount(b, "count", t.count)
	b = appendFloat(appendName(b, "sum"), t.sum)
	switch {
	case p.Exponential != nil:
		b = appendExponential(b, p.Exponential)
	case p.Exact != nil:
		b = appendExact(b, p.Exact)
	case d.Kept() == metric.MinMaxSumCount:
		if p.Summary.Count > 0 {
			b = appendFloat(appendName(b, "min"), p.Summary.Min)
			b = appendFloat(appendName(b, "max"), p.Summary.Max)
		}
	case d.Kept() == metric.ExplicitBuckets:
		b = appendBuckets(b, p.Histogram)
	}
	return appendExemplars(b, p.Exemplars)
}

// totals are what every distribution has.
type totals struct {
	count uint64
	sum   float64
}

func totalsOf(d *metric.Descriptor, p *metric.Point) totals {
	switch {
	case p.Exponential != nil:
		return totals{p.Exponential.Count(), p.Exponential.Sum}
	case p.Exact != nil:
		return totals{p.Exact.Count(), p.Exact.Sum()}
	case d.Kept() == metric.MinMaxSumCount:
		return totals{p.Summary.Count, p.Summary.Sum}
	}
	return totals{p.Histogram.Count(), p.Histogram.Sum}
}

func appendBuckets(b []byte, h metric.HistogramPoint) []byte {
	b = append(b, `,"buckets":[`...)
	for i, n := range h.Counts {
		if i > 0 {
			b = append(b, ',')
		}
		upper := math.Inf(1)
		if i < len(h.Bounds) {
			upper = h.Bounds[i]
		}
		b = appendFloat(append(b, `{"upper":`...), upper)
		b = append(appendCount(b, "count", n), '}')
	}
	return append(b, ']')
}

func appendExponential(b []byte, e *metric.ExponentialPoint) []byte {
	b = strconv.AppendInt(append(b, `,"exponential":{"scale":`...), int64(e.Scale), 10)
	b = appendFloat(appendName(b, "zero_threshold"), e.ZeroThreshold)
	b = appendCount(b, "zero", e.Zero)
	b = appendSide(b, "positive", e.PositiveFirst, e.Positive)
	b = appendSide(b, "negative", e.NegativeFirst, e.Negative)
	return append(b, '}')
}

func appendSide(b []byte, name string, first int, counts []uint64) []byte {
	b = strconv.AppendInt(append(appendName(b, name), `{"first":`...), int64(first), 10)
	b = append(b, `,"counts":[`...)
	for i, n := range counts {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, n, 10)
	}
	return append(b, `]}`...)
}

func appendExact(b []byte, e *metric.ExactPoint) []byte {
	b = append(b, `,"values":[`...)
	for i, v := range e.Values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFloat(b, v)
	}
	b = append(b, ']')
	b = appendCount(b, "missed", e.Missed)
	return appendFloat(appendName(b, "missed_sum"), e.MissedSum)
}

// appendExemplars writes those that there are, if there is one.
func appendExemplars(b []byte, exemplars []*metric.Exemplar) []byte {
	written := 0
	for i, e := range exemplars {
		if e == nil {
			continue
		}
		if written == 0 {
			b = append(b, `,"exemplars":[`...)
		} else {
			b = append(b, ',')
		}
		written++
		b = strconv.AppendInt(append(b, `{"bucket":`...), int64(i), 10)
		b = appendFloat(appendName(b, "value"), e.Value)
		b = appendTime(b, "time", e.Time)
		b = appendText(b, "trace_id", e.TraceID)
		b = appendText(b, "span_id", e.SpanID)
		b = append(b, '}')
	}
	if written > 0 {
		b = append(b, ']')
	}
	return b
}
