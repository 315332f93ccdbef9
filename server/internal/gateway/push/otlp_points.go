package push

import (
	"fmt"
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
)

// points adds the points of a metric.
func (d *otlp) points(to *Metric, from pmetric.Metric) {
	to.Points = make([]Point, 0, pointsOf(from))
	switch from.Type() {
	case pmetric.MetricTypeGauge:
		d.numbers(to, from.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		d.numbers(to, from.Sum().DataPoints())
	case pmetric.MetricTypeHistogram:
		points := from.Histogram().DataPoints()
		for i := range points.Len() {
			d.histogram(to, points.At(i))
		}
	case pmetric.MetricTypeExponentialHistogram:
		points := from.ExponentialHistogram().DataPoints()
		for i := range points.Len() {
			d.exponential(to, points.At(i))
		}
	case pmetric.MetricTypeSummary:
		points := from.Summary().DataPoints()
		for i := range points.Len() {
			d.summary(to, points.At(i))
		}
	}
}

// stamped is what points of every shape have.
type stamped interface {
	Attributes() pcommon.Map
	StartTimestamp() pcommon.Timestamp
	Timestamp() pcommon.Timestamp
	Flags() pmetric.DataPointFlags
}

// open begins a point with what all have.
func (d *otlp) open(name string, from stamped) (Point, bool) {
	start, at := from.StartTimestamp(), from.Timestamp()
	if at == 0 || at > math.MaxInt64 || start > at {
		d.batch.Refused.Add(Refusal{name, Malformed, fmt.Sprintf("times %d to %d are no period: give start and time in nanoseconds since 1970", start, at)})
		return Point{}, false
	}
	labels, ok := d.encode(name, from.Attributes())
	return Point{Labels: labels, Start: int64(start), Time: int64(at), Ended: from.Flags().NoRecordedValue()}, ok
}

func (d *otlp) numbers(to *Metric, from pmetric.NumberDataPointSlice) {
	for i := range from.Len() {
		n := from.At(i)
		p, ok := d.open(to.Name, n)
		if !ok {
			continue
		}
		if n.ValueType() == pmetric.NumberDataPointValueTypeInt {
			p.Whole, p.Int = true, n.IntValue()
		} else {
			p.Float = n.DoubleValue()
		}
		if n.ValueType() == pmetric.NumberDataPointValueTypeEmpty && !p.Ended {
			d.batch.Refused.Add(Refusal{to.Name, Malformed, "a point without a value and without the flag that says so"})
			continue
		}
		d.add(to, p)
	}
}

// add checks the value of a number and adds the point.
func (d *otlp) add(to *Metric, p Point) {
	if refusal, ok := checkNumber(to, &p); !ok {
		d.batch.Refused.Add(refusal)
		return
	}
	to.Points = append(to.Points, p)
}

// checkNumber reports values that no counter and no gauge can have.
func checkNumber(m *Metric, p *Point) (Refusal, bool) {
	v := p.Value()
	switch {
	case p.Ended:
	case math.IsNaN(v) || math.IsInf(v, 0):
		return Refusal{m.Name, NotFinite, fmt.Sprintf("the value is %v: send finite numbers", v)}, false
	case v < 0 && m.Kind == metric.Counter:
		return Refusal{m.Name, Negative, fmt.Sprintf("a counter of %v: counters never fall below zero, use an up-down counter", v)}, false
	}
	return Refusal{}, true
}

func (d *otlp) histogram(to *Metric, from pmetric.HistogramDataPoint) {
	p, ok := d.open(to.Name, from)
	if !ok {
		return
	}
	bounds, counts := from.ExplicitBounds().AsRaw(), from.BucketCounts().AsRaw()
	if len(counts) == 0 && len(bounds) == 0 {
		counts = []uint64{from.Count()}
	}
	p.Distribution = &Distribution{Explicit: aggregate.ExplicitState{Bounds: bounds, Counts: counts, Sum: from.Sum()}}
	d.addDistribution(to, p, from.Count())
}

func (d *otlp) summary(to *Metric, from pmetric.SummaryDataPoint) {
	p, ok := d.open(to.Name, from)
	if !ok {
		return
	}
	p.Distribution = &Distribution{Explicit: aggregate.ExplicitState{Counts: []uint64{from.Count()}, Sum: from.Sum()}}
	d.addDistribution(to, p, from.Count())
}

func (d *otlp) exponential(to *Metric, from pmetric.ExponentialHistogramDataPoint) {
	p, ok := d.open(to.Name, from)
	if !ok {
		return
	}
	side := func(b pmetric.ExponentialHistogramDataPointBuckets) aggregate.SketchBuckets {
		return aggregate.SketchBuckets{First: int(b.Offset()), Counts: b.BucketCounts().AsRaw()}
	}
	p.Distribution = &Distribution{Exponential: &aggregate.SketchState{
		Scale: int(from.Scale()), Size: SketchSize, ZeroThreshold: from.ZeroThreshold(), Zero: from.ZeroCount(), Sum: from.Sum(),
		Positive: side(from.Positive()), Negative: side(from.Negative()),
	}}
	d.addDistribution(to, p, from.Count())
}

// addDistribution checks a distribution and adds the point.
func (d *otlp) addDistribution(to *Metric, p Point, count uint64) {
	if !p.Ended {
		if refusal, ok := checkDistribution(to.Name, p.Distribution, count, d.limits); !ok {
			d.batch.Refused.Add(refusal)
			return
		}
	}
	to.Points = append(to.Points, p)
}
