package push

import (
	"errors"
	"math"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/apitest"
)

// fuzzLimits are small, so that inputs reach them.
var fuzzLimits = Limits{Points: 50, Labels: 8, Name: 40, Value: 60, Buckets: 40}

// sampleOTLP has a metric of every type.
func sampleOTLP() pmetric.Metrics {
	md := pmetric.NewMetrics()
	resource := md.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "shop")
	list := resource.Resource().Attributes().PutEmptySlice("tags")
	list.AppendEmpty().SetStr("a")
	scope := resource.ScopeMetrics().AppendEmpty()
	scope.Scope().SetName("scope")
	metrics := scope.Metrics()
	gauge := metrics.AppendEmpty()
	gauge.SetName("queue.length")
	gauge.SetEmptyGauge().DataPoints().AppendEmpty().SetIntValue(3)
	gauge.Gauge().DataPoints().At(0).SetTimestamp(2)
	sum := metrics.AppendEmpty()
	sum.SetName("calls")
	sum.SetUnit("1")
	sum.SetEmptySum().SetIsMonotonic(true)
	sum.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	p := sum.Sum().DataPoints().AppendEmpty()
	p.SetDoubleValue(1.5)
	p.SetStartTimestamp(1)
	p.SetTimestamp(2)
	p.Attributes().PutStr("http.method", "GET")
	h := metrics.AppendEmpty()
	h.SetName("wait")
	h.SetUnit("s")
	h.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	hp := h.Histogram().DataPoints().AppendEmpty()
	hp.SetTimestamp(2)
	hp.ExplicitBounds().FromRaw([]float64{1, 2})
	hp.BucketCounts().FromRaw([]uint64{1, 0, 2})
	hp.SetCount(3)
	hp.SetSum(9)
	e := metrics.AppendEmpty()
	e.SetName("size")
	e.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	ep := e.ExponentialHistogram().DataPoints().AppendEmpty()
	ep.SetTimestamp(2)
	ep.SetScale(3)
	ep.Positive().SetOffset(-4)
	ep.Positive().BucketCounts().FromRaw([]uint64{1, 2})
	ep.SetCount(3)
	s := metrics.AppendEmpty()
	s.SetName("old")
	sp := s.SetEmptySummary().DataPoints().AppendEmpty()
	sp.SetTimestamp(2)
	sp.SetCount(4)
	sp.QuantileValues().AppendEmpty().SetQuantile(.5)
	return md
}

// sound holds whatever was decoded to what the next stage relies on.
func sound(t *testing.T, b *Batch, err error) {
	t.Helper()
	if err != nil {
		if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTooLarge) {
			t.Fatalf("error %v is of no kind", err)
		}
		return
	}
	n := b.Refused.Total()
	for _, s := range b.Sources {
		for _, m := range s.Metrics {
			if err := metric.ValidateName(m.Name); err != nil {
				t.Fatal(err)
			}
			for i := range m.Points {
				n++
				soundPoint(t, &m, &m.Points[i])
			}
		}
	}
	if n != b.Points || n > fuzzLimits.Points {
		t.Fatalf("%d points in the batch and refused, of %d", n, b.Points)
	}
}

func soundPoint(t *testing.T, m *Metric, p *Point) {
	t.Helper()
	labels := DecodeLabels(nil, string(p.Labels))
	if string(AppendLabels(nil, labels)) != string(p.Labels) {
		t.Fatalf("labels %q change", p.Labels)
	}
	if _, ok := fuzzLimits.check(m.Name, labels); !ok {
		t.Fatalf("labels %v are beyond the limits", labels)
	}
	if p.Time <= 0 || p.Start < 0 || p.Start > p.Time {
		t.Fatalf("times %d, %d", p.Start, p.Time)
	}
	if p.Ended {
		return
	}
	if (m.Shape == Number) != (p.Distribution == nil) {
		t.Fatalf("a point of shape %v with the distribution %v", m.Shape, p.Distribution)
	}
	if v := p.Value(); math.IsNaN(v) || math.IsInf(v, 0) || m.Kind == metric.Counter && v < 0 {
		t.Fatalf("value %v", v)
	}
	if d := p.Distribution; d != nil && (math.IsNaN(d.Sum()) || d.Count() > 3*maxCount) {
		t.Fatalf("distribution %+v", d)
	}
}

func FuzzOTLP(f *testing.F) {
	body, err := pmetricotlp.NewExportRequestFromMetrics(sampleOTLP()).MarshalProto()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add(body[:len(body)/2])
	f.Add([]byte("\x0a\x00\x0a\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := Decode(Request{Protocol: OTLP, Body: body}, fuzzLimits, 5)
		sound(t, b, err)
	})
}

func FuzzOTLPJSON(f *testing.F) {
	body, err := pmetricotlp.NewExportRequestFromMetrics(sampleOTLP()).MarshalJSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"x","gauge":{"dataPoints":[{},{"asInt":"1","timeUnixNano":"3"}]}}]}]}]}`))
	f.Add([]byte(`{"resourceMetrics":[[[[[[[[[[[`))
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := Decode(Request{Protocol: OTLPJSON, Body: body}, fuzzLimits, 5)
		sound(t, b, err)
	})
}

var fuzzSeries = []apitest.Pushed{
	{Labels: []string{"__name__", "calls_total", "op", "put"}, Samples: []apitest.PushedSample{{Millis: 5, Value: 3}, {Millis: 6, Value: math.Float64frombits(staleNaN)}}},
	{Labels: []string{"__name__", "wait_seconds_bucket", "le", "+Inf"}, Samples: []apitest.PushedSample{{Millis: 5, Value: 3}}},
	{Labels: []string{"__name__", "old_seconds", "quantile", "0.5"}, Samples: []apitest.PushedSample{{Millis: 5, Value: 3}}},
}

func FuzzRemoteWrite1(f *testing.F) {
	f.Add(unsnapped(f, apitest.RemoteWriteV1(fuzzSeries, apitest.PushedMetadata{Family: "wait_seconds", Type: 3, Help: "Wait."})))
	f.Add(nativeV1())
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := Decode(Request{Protocol: RemoteWrite1, Body: body}, fuzzLimits, 5)
		sound(t, b, err)
	})
}

func FuzzRemoteWrite2(f *testing.F) {
	f.Add(unsnapped(f, apitest.RemoteWriteV2(fuzzSeries, "Help.")))
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := Decode(Request{Protocol: RemoteWrite2, Body: body}, fuzzLimits, 5)
		sound(t, b, err)
	})
}

const sampleText = `# HELP rows_total Rows.
# TYPE rows_total counter
rows_total{table="a\"b"} 12
# TYPE wait_seconds histogram
wait_seconds_bucket{le="1"} 1
wait_seconds_bucket{le="+Inf"} 3
wait_seconds_sum 9
wait_seconds_count 3
# TYPE old summary
old{quantile="0.5"} 1
old_sum 4
old_count 2
process_start_time_seconds 0.000000001
untyped 3 1
`

func FuzzText(f *testing.F) {
	f.Add([]byte(sampleText))
	f.Add([]byte("a 1\nb{x=\"y\"} NaN\nc{"))
	f.Add([]byte("# TYPE a counter\n{}")) // the parser panics
	f.Add([]byte("a{b=\"\\\"\"} 0\n# TYPE a1 histogram\n{} 0\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		group := Group{Labels: metric.Labels{{Name: "job", Value: "j"}}}
		b, err := Decode(Request{Protocol: Text, Group: group, Body: body}, fuzzLimits, 5)
		sound(t, b, err)
	})
}

// FuzzRecord reads records of a journal, which may be damaged in ways that a
// checksum misses.
func FuzzRecord(f *testing.F) {
	f.Add(Request{Protocol: Text, Group: Group{Labels: metric.Labels{{Name: "job", Value: "j"}}, Replaces: true, Start: 7}, Body: []byte("a 1\n")}.Append(nil))
	f.Add([]byte{1, 0, 0, 200, 1})
	f.Fuzz(func(t *testing.T, record []byte) {
		r, err := ParseRequest(record)
		if err != nil {
			return
		}
		again, err := ParseRequest(r.Append(nil))
		if err != nil || again.Protocol != r.Protocol || again.Group.Start != r.Group.Start || string(again.Body) != string(r.Body) {
			t.Fatalf("%+v becomes %+v, %v", r, again, err)
		}
	})
}
