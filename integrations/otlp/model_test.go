package otlp_test

import (
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	pb "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/metertree/metertree/metric"
)

// model is what series come to: those of a registry, or those that a backend
// was given, by name and labels.
type model map[string]*value

// value is what one series comes to.
type value struct {
	kind     string
	integer  int64
	float    float64
	count    uint64
	sum      float64
	bounds   []float64
	buckets  []uint64
	scale    int
	zero     uint64
	positive map[int]uint64
	negative map[int]uint64
	min, max float64
	// exemplars are values by trace and span.
	exemplars map[string]float64
}

// modelOf is the model of what a registry or a test holds. Extremes are those
// that OTLP is given of totals.
func modelOf(families iter.Seq[*metric.Family]) model {
	m := model{}
	for f := range families {
		for p := range f.Points {
			var labels []string
			for k, v := range p.Labels.All(f.Keys) {
				labels = append(labels, fmt.Sprintf("%s=%q", k, v))
			}
			m[f.Descriptor.Name+"{"+strings.Join(labels, ",")+"}"] = valueOf(&f.Descriptor, p)
		}
	}
	return m
}

func valueOf(d *metric.Descriptor, p *metric.Point) *value {
	v := &value{exemplars: map[string]float64{}}
	for _, e := range p.Exemplars {
		if e != nil {
			v.exemplars[e.TraceID+"/"+e.SpanID] = e.Value
		}
	}
	switch {
	case d.Kind == metric.Gauge:
		v.kind, v.float = "gauge", p.Float
	case d.Kind != metric.Histogram:
		v.kind = map[bool]string{true: "counter", false: "updown"}[d.Kind == metric.Counter] + " " + d.Number.String()
		v.integer, v.float = p.Int, p.Float
	case d.Kept() == metric.ExponentialBuckets:
		e := p.Exponential
		v.kind, v.count, v.sum, v.scale, v.zero = "exponential", e.Count(), e.Sum, e.Scale, e.Zero
		v.positive, v.negative = sparse(e.PositiveFirst, e.Positive), sparse(e.NegativeFirst, e.Negative)
	case d.Kept() == metric.MinMaxSumCount:
		v.kind, v.count, v.sum = "histogram", p.Summary.Count, p.Summary.Sum
		if v.count > 0 {
			v.min, v.max = p.Summary.Min, p.Summary.Max
		}
	case d.Kept() == metric.Exact:
		v.kind, v.count, v.sum = "histogram", p.Exact.Count(), p.Exact.Sum()
		if len(p.Exact.Values) > 0 && p.Exact.Missed == 0 {
			v.min, v.max = slices.Min(p.Exact.Values), slices.Max(p.Exact.Values)
		}
	default:
		v.kind, v.count, v.sum = "histogram", p.Histogram.Count(), p.Histogram.Sum
		if len(p.Histogram.Bounds) > 0 {
			v.bounds, v.buckets = slices.Clone(p.Histogram.Bounds), slices.Clone(p.Histogram.Counts)
		}
	}
	return v
}

func sparse(first int, counts []uint64) map[int]uint64 {
	m := map[int]uint64{}
	for i, n := range counts {
		if n > 0 {
			m[first+i] = n
		}
	}
	return m
}

// received is the model of requests. Deltas add up; of totals the last counts.
func received(t testing.TB, requests []*collector.ExportMetricsServiceRequest) model {
	t.Helper()
	m := model{}
	for _, request := range requests {
		for _, rm := range request.GetResourceMetrics() {
			for _, sm := range rm.GetScopeMetrics() {
				for _, metric := range sm.GetMetrics() {
					m.add(t, metric)
				}
			}
		}
	}
	return m
}

func (m model) add(t testing.TB, metric *pb.Metric) {
	t.Helper()
	put := func(attributes []*common.KeyValue, temporality pb.AggregationTemporality, v *value) {
		key := metric.GetName() + "{" + labelsOf(attributes) + "}"
		have := m[key]
		if have == nil || temporality != pb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA {
			m[key] = v
			return
		}
		have.merge(v)
	}
	switch data := metric.GetData().(type) {
	case *pb.Metric_Gauge:
		for _, p := range data.Gauge.GetDataPoints() {
			put(p.GetAttributes(), 0, &value{kind: "gauge", float: p.GetAsDouble(), exemplars: map[string]float64{}})
		}
	case *pb.Metric_Sum:
		kind := map[bool]string{true: "counter", false: "updown"}[data.Sum.GetIsMonotonic()]
		for _, p := range data.Sum.GetDataPoints() {
			v := &value{integer: p.GetAsInt(), float: p.GetAsDouble(), exemplars: map[string]float64{}}
			v.kind = kind + " float64"
			if _, is := p.GetValue().(*pb.NumberDataPoint_AsInt); is {
				v.kind = kind + " int64"
			}
			put(p.GetAttributes(), data.Sum.GetAggregationTemporality(), v)
		}
	case *pb.Metric_Histogram:
		for _, p := range data.Histogram.GetDataPoints() {
			put(p.GetAttributes(), data.Histogram.GetAggregationTemporality(), &value{
				kind: "histogram", count: p.GetCount(), sum: p.GetSum(), bounds: p.GetExplicitBounds(), buckets: p.GetBucketCounts(),
				min: p.GetMin(), max: p.GetMax(), exemplars: exemplarsOf(p.GetExemplars()),
			})
		}
	case *pb.Metric_ExponentialHistogram:
		for _, p := range data.ExponentialHistogram.GetDataPoints() {
			put(p.GetAttributes(), data.ExponentialHistogram.GetAggregationTemporality(), &value{
				kind: "exponential", count: p.GetCount(), sum: p.GetSum(), scale: int(p.GetScale()), zero: p.GetZeroCount(),
				positive:  sparse(int(p.GetPositive().GetOffset()), p.GetPositive().GetBucketCounts()),
				negative:  sparse(int(p.GetNegative().GetOffset()), p.GetNegative().GetBucketCounts()),
				exemplars: exemplarsOf(p.GetExemplars()),
			})
		}
	default:
		t.Fatalf("metric %s has data of the unexpected type %T", metric.GetName(), data)
	}
}

func labelsOf(attributes []*common.KeyValue) string {
	labels := make([]string, len(attributes))
	for i, a := range attributes {
		labels[i] = fmt.Sprintf("%s=%q", a.GetKey(), a.GetValue().GetStringValue())
	}
	slices.Sort(labels)
	return strings.Join(labels, ",")
}

func exemplarsOf(all []*pb.Exemplar) map[string]float64 {
	m := map[string]float64{}
	for _, e := range all {
		m[hex.EncodeToString(e.GetTraceId())+"/"+hex.EncodeToString(e.GetSpanId())] = e.GetAsDouble()
	}
	return m
}

// merge adds a delta.
func (v *value) merge(d *value) {
	v.integer += d.integer
	v.float += d.float
	v.count += d.count
	v.sum += d.sum
	for i, n := range d.buckets {
		v.buckets[i] += n
	}
	v.zero += d.zero
	scale := min(v.scale, d.scale)
	v.rescale(scale)
	d.rescale(scale)
	for i, n := range d.positive {
		v.positive[i] += n
	}
	for i, n := range d.negative {
		v.negative[i] += n
	}
	maps.Copy(v.exemplars, d.exemplars)
}

// rescale makes exponential buckets coarser.
func (v *value) rescale(scale int) {
	shift := v.scale - scale
	for _, side := range []*map[int]uint64{&v.positive, &v.negative} {
		coarse := map[int]uint64{}
		for i, n := range *side {
			coarse[i>>shift] += n
		}
		*side = coarse
	}
	v.scale = scale
}

// same reports whether two values are the same, but for rounding.
func (v *value) same(o *value) bool {
	a, b := *v, *o
	if a.kind == "exponential" && b.kind == a.kind {
		scale := min(a.scale, b.scale)
		a.rescale(scale)
		b.rescale(scale)
	}
	return a.kind == b.kind && a.integer == b.integer && near(a.float, b.float) && a.count == b.count && near(a.sum, b.sum) &&
		slices.Equal(a.bounds, b.bounds) && slices.Equal(a.buckets, b.buckets) && a.scale == b.scale && a.zero == b.zero &&
		maps.Equal(a.positive, b.positive) && maps.Equal(a.negative, b.negative) && near(a.min, b.min) && near(a.max, b.max)
}

func near(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b), 1)
}

// withoutExtremes is the model without what deltas do not add up to.
func (m model) withoutExtremes() model {
	for _, v := range m {
		v.min, v.max = 0, 0
	}
	return m
}

// withoutNothing is the model of what deltas add up to, among which a series
// that counted nothing does not appear.
func (m model) withoutNothing() model {
	maps.DeleteFunc(m, func(_ string, v *value) bool {
		return v.kind != "gauge" && !strings.HasPrefix(v.kind, "updown") &&
			v.integer == 0 && v.float == 0 && v.count == 0 && v.sum == 0
	})
	return m
}

// mustBe fails the test unless the models are equal.
func (m model) mustBe(t testing.TB, want model) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		got := m[key]
		if got == nil || !got.same(want[key]) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", key, got, want[key])
			continue
		}
		// Deltas have brought exemplars that are gone since.
		for trace, v := range want[key].exemplars {
			if has, found := got.exemplars[trace]; !found || has != v {
				t.Errorf("%s: exemplar of trace %s is %v, %v, want %v", key, trace, has, found, v)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if want[key] == nil {
			t.Errorf("%s: got %+v, want no such series", key, m[key])
		}
	}
}
