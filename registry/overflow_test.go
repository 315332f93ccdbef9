package registry

import (
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/metertree/metertree/internal/cell"
	"github.com/metertree/metertree/metric"
)

// sumOf returns what a family's only series holds, as a float64.
func sumOf(t *testing.T, f *metric.Family) (v float64) {
	t.Helper()
	for p := range f.Points {
		switch d := &f.Descriptor; {
		case d.Kept() == metric.ExponentialBuckets:
			v = p.Exponential.Sum
		case d.Kept() == metric.MinMaxSumCount:
			v = p.Summary.Sum
		case d.Kept() == metric.Exact:
			v = p.Exact.Sum()
		case d.Kind == metric.Histogram:
			v = p.Histogram.Sum
		case d.Number == metric.Float64 || d.Kind == metric.Gauge:
			v = p.Float
		default:
			v = float64(p.Int)
		}
	}
	return v
}

// A sum that leaves its range stays at the end of it, for every reader, and is
// counted and logged once.
func TestSumsAtTheEndOfTheirRange(t *testing.T) {
	for _, d := range []metric.Descriptor{
		{Name: "ints", Kind: metric.Counter},
		{Name: "floats", Kind: metric.Counter, Number: metric.Float64},
		{Name: "changes", Kind: metric.UpDownCounter, Number: metric.Float64},
		{Name: "buckets", Kind: metric.Histogram, Bounds: []float64{1}},
		{Name: "sketch", Kind: metric.Histogram, Exponential: metric.ExponentialLayout{Size: 40, ZeroThreshold: 0x1p-128}},
		{Name: "summary", Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount},
		{Name: "exact", Kind: metric.Histogram, Aggregation: metric.Exact, ExactLimit: 1},
	} {
		var log strings.Builder
		r := New(Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		i, err := r.Define(Definition{Descriptor: d})
		if err != nil {
			t.Fatal(err)
		}
		rd := r.NewReader()
		var deltas float64
		most := math.MaxFloat64
		if d.Name == "ints" {
			most = float64(cell.MaxInt)
		}
		for range 4 {
			// Every collection finds it full again, the first one after the second add.
			switch {
			case d.Kind == metric.Histogram:
				i.Observe(most)
			case d.Number == metric.Float64:
				i.AddFloat(most)
			default:
				i.AddInt(cell.MaxInt)
			}
			for range 2 {
				for f := range r.Collect(t.Context()) {
					if v := sumOf(t, f); f.Descriptor.Name == d.Name && v != most {
						t.Errorf("%s is %v, want %v", d.Name, v, most)
					}
				}
				c, err := rd.Checkpoint(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for f := range c.Families() {
					if f.Descriptor.Name == d.Name {
						deltas += sumOf(t, f)
					}
				}
				if err := c.Ack(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if deltas != most && d.Kept() != metric.Exact {
			t.Errorf("the deltas of %s sum to %v, want %v", d.Name, deltas, most)
		}
		if got := dropped(t, r, d.Name, SumOverflow); got != 1 {
			t.Errorf("overflows of %s are counted %d times, want once", d.Name, got)
		}
		if n := strings.Count(log.String(), "reason=overflow"); n != 1 {
			t.Errorf("overflows of %s are logged %d times:\n%s", d.Name, n, log.String())
		}
		if got := dropped(t, r, d.Name, OutOfRange); d.Name == "ints" && got != 3 {
			t.Errorf("%d adds are refused, want 3", got)
		}
	}
}

// dropped returns how many updates of a metric were dropped for a reason.
func dropped(t *testing.T, r *Registry, name string, why Reason) (n int64) {
	t.Helper()
	for f := range r.Families(t.Context()) {
		if f.Descriptor.Name != "metertree_dropped_updates_total" {
			continue
		}
		for p := range f.Points {
			if values := p.Labels.Values(nil, f.Keys); values[0] == name && values[1] == string(why) {
				n = p.Int
			}
		}
	}
	return n
}

// A gauge that is added to is never infinite, merged ones included.
func TestGaugesStayFinite(t *testing.T) {
	for _, monotonic := range []bool{false, true} {
		r := New(Options{})
		i, err := r.Define(Definition{Descriptor: metric.Descriptor{
			Name: "g", Kind: metric.Gauge, Keys: []string{"k"}, Fold: metric.FoldSum, Monotonic: monotonic,
		}, SeriesBudget: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []string{"a", "b", "c", "d"} {
			i.AddGauge(math.MaxFloat64, k)
			i.AddGauge(math.MaxFloat64, k)
			i.AddGauge(1, k)
		}
		for f := range r.Families(t.Context()) {
			for p := range f.Points {
				if math.IsInf(p.Float, 0) || f.Descriptor.Name == "g" && p.Float != math.MaxFloat64 && !monotonic {
					t.Errorf("%s is %v", p.Labels, p.Float)
				}
			}
		}
	}
}
