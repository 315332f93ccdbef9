package otlp

import (
	"encoding/hex"
	"math"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
)

// added returns a chunk with one point.
func added(t *testing.T, d metric.Descriptor, temporality metric.Temporality, p metric.Point, start time.Time) *chunk {
	t.Helper()
	c := &chunk{}
	s := newSection(&d, temporality)
	c.open(&s)
	c.add(&s, &p, noAttributes, period{start: start, end: start.Add(time.Minute)})
	c.close(&s)
	if c.points != 1 || len(c.metrics) != 1 {
		t.Fatalf("%d points in %d metrics, want 1 in 1", c.points, len(c.metrics))
	}
	return c
}

// Extremes are told where they are those of the point's period.
func TestExtremes(t *testing.T) {
	summary := metric.Point{Summary: metric.SummaryPoint{Min: 1, Max: 5, Sum: 6, Count: 2}}
	exact := metric.Point{Exact: &metric.ExactPoint{Values: []float64{5, 1}}}
	missed := metric.Point{Exact: &metric.ExactPoint{Values: []float64{5, 1}, Missed: 1, MissedSum: 9}}
	for _, tt := range []struct {
		name        string
		kept        metric.Aggregation
		temporality metric.Temporality
		point       metric.Point
		told        bool
		count       uint64
		sum         float64
	}{
		{"totals", metric.MinMaxSumCount, metric.Cumulative, summary, true, 2, 6},
		{"deltas", metric.MinMaxSumCount, metric.Delta, summary, false, 2, 6},
		{"no values", metric.MinMaxSumCount, metric.Cumulative, metric.Point{}, false, 0, 0},
		{"exact", metric.Exact, metric.Cumulative, exact, true, 2, 6},
		{"exact deltas", metric.Exact, metric.Delta, exact, true, 2, 6},
		{"exact with missed ones", metric.Exact, metric.Cumulative, missed, false, 3, 15},
		{"sum", metric.SumAggregation, metric.Cumulative, metric.Point{Histogram: metric.HistogramPoint{Counts: []uint64{4}, Sum: 7}}, false, 4, 7},
	} {
		c := added(t, metric.Descriptor{Name: "h", Kind: metric.Histogram, Aggregation: tt.kept}, tt.temporality, tt.point, time.Unix(1, 0))
		p := c.explicit[0]
		low, told := p.Min.Value()
		high, toldToo := p.Max.Value()
		if told != tt.told || toldToo != tt.told || told && (low != 1 || high != 5) {
			t.Errorf("%s: extremes %v (%v) and %v (%v), want them told: %v", tt.name, low, told, high, toldToo, tt.told)
		}
		if p.Count != tt.count || p.Sum != tt.sum || len(p.BucketCounts) > 0 || len(p.Bounds) > 0 {
			t.Errorf("%s: %+v, want a count of %d, a sum of %v and no buckets", tt.name, p, tt.count, tt.sum)
		}
	}
}

// An exemplar whose identifiers OTLP cannot carry is told without them, and
// deltas have only those of their period.
func TestExemplars(t *testing.T) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	start := time.Unix(1000, 0)
	in, before := start.Add(time.Second), start.Add(-time.Second)
	point := metric.Point{
		Histogram: metric.HistogramPoint{Bounds: []float64{1, 2, 3}, Counts: []uint64{1, 1, 1, 1}},
		Exemplars: []*metric.Exemplar{
			{TraceID: trace, SpanID: span, Value: .5, Time: in},
			nil,
			{TraceID: "x", SpanID: "not hexadecimal!", Value: 2.5, Time: in},
			{TraceID: trace, SpanID: span, Value: math.Inf(1), Time: before},
		},
	}
	d := metric.Descriptor{Name: "h", Kind: metric.Histogram, Bounds: []float64{1, 2, 3}}
	for temporality, want := range map[metric.Temporality]int{metric.Cumulative: 3, metric.Delta: 2} {
		got := added(t, d, temporality, point, start).explicit[0].Exemplars
		if len(got) != want {
			t.Fatalf("%s: %d exemplars, want %d", temporality, len(got), want)
		}
		if e := got[0]; hex.EncodeToString(e.TraceID) != trace || hex.EncodeToString(e.SpanID) != span || e.Value != .5 || !e.Time.Equal(in) {
			t.Errorf("%s: first exemplar %+v", temporality, e)
		}
		if e := got[1]; e.TraceID != nil || e.SpanID != nil || e.Value != 2.5 {
			t.Errorf("%s: exemplar without identifiers %+v", temporality, e)
		}
	}
}
