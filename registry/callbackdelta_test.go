package registry

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/metertree/metertree/metric"
)

// TestReaderIsToldHowMuchCallbacksGrew reads totals that a callback gives, of
// which one begins anew.
func TestReaderIsToldHowMuchCallbacksGrew(t *testing.T) {
	r := New(Options{})
	var value float64
	var counts []uint64
	read := func(o *Observer) {
		o.Float(value, "x")
		o.Float(100, "constant")
	}
	d := counter("calls_total", "a")
	d.Number = metric.Float64
	if err := r.DefineFunc(d, read); err != nil {
		t.Fatal(err)
	}
	level := counter("level", "a")
	level.Kind, level.Number = metric.Gauge, metric.Float64
	if err := r.DefineFunc(level, read); err != nil {
		t.Fatal(err)
	}
	sizes := observing("sizes", metric.ExplicitBuckets)
	sizes.Bounds = []float64{1}
	err := r.DefineFunc(sizes, func(o *Observer) {
		o.Histogram(metric.HistogramPoint{Bounds: []float64{1}, Counts: counts, Sum: value}, "x")
	})
	if err != nil {
		t.Fatal(err)
	}
	reader := r.NewReader()
	defer reader.Close()
	steps := []struct {
		value         float64
		counts        []uint64
		ack           bool
		grew, told    float64
		grown         []uint64
		constantGrown float64
	}{
		{5, []uint64{1, 2}, true, 5, 5, []uint64{1, 2}, 100},
		{7, []uint64{1, 4}, false, 2, 7, []uint64{0, 2}, 0},
		{9, []uint64{2, 4}, true, 4, 9, []uint64{1, 2}, 0},
		{3, []uint64{0, 1}, true, 3, 3, []uint64{0, 1}, 0}, // begun anew
		{3, []uint64{0, 1}, true, 0, 3, []uint64{0, 0}, 0},
	}
	for i, step := range steps {
		value, counts = step.value, step.counts
		c, err := reader.Checkpoint(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		var grown []uint64
		for f := range c.Families() {
			for p := range f.Points {
				got[f.Descriptor.Name+"{"+p.Labels.String()+"}"] = p.Float
				if f.Descriptor.Name == "sizes" {
					grown = slices.Clone(p.Histogram.Counts)
				}
			}
		}
		if got[`calls_total{a="x"}`] != step.grew || got[`calls_total{a="constant"}`] != step.constantGrown ||
			got[`level{a="x"}`] != step.told || !slices.Equal(grown, step.grown) {
			t.Errorf("step %d: told %v and buckets %v, want %+v", i, got, grown, step)
		}
		if step.ack {
			if err := c.Ack(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestCallbacksThatGiveNoNumbers reads totals of which some are infinite or no
// number: a reader adds up what it is told, and goes on.
func TestCallbacksThatGiveNoNumbers(t *testing.T) {
	r := New(Options{})
	var value float64
	d := counter("calls_total", "a")
	d.Number = metric.Float64
	if err := r.DefineFunc(d, func(o *Observer) { o.Float(value, "x") }); err != nil {
		t.Fatal(err)
	}
	sizes := observing("sizes", metric.ExplicitBuckets)
	sizes.Bounds = []float64{1}
	err := r.DefineFunc(sizes, func(o *Observer) {
		o.Histogram(metric.HistogramPoint{Bounds: []float64{1}, Counts: []uint64{1, 2}, Sum: value}, "x")
	})
	if err != nil {
		t.Fatal(err)
	}
	reader := r.NewReader()
	defer reader.Close()
	for i, step := range []struct{ value, grew, sum float64 }{
		{math.NaN(), 0, 0}, {5, 0, 0}, {7, 2, 2}, {math.Inf(1), 0, 0}, {math.Inf(1), 0, 0}, {4, 4, 0}, {math.NaN(), 0, 0}, {6, 0, 0}, {7, 1, 1},
	} {
		value = step.value
		c, err := reader.Checkpoint(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		grew, sum := math.NaN(), math.NaN()
		for f := range c.Families() {
			for p := range f.Points {
				switch f.Descriptor.Name {
				case d.Name:
					grew = p.Float
				case sizes.Name:
					sum = p.Histogram.Sum
				}
			}
		}
		if grew != step.grew || sum != step.sum {
			t.Errorf("step %d: told that it grew by %v and %v to %v, want %+v", i, grew, sum, value, step)
		}
		if err := c.Ack(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCallbacksGiveExplicitBuckets(t *testing.T) {
	d := observing("sizes", metric.Exact)
	if err := New(Options{}).DefineFunc(d, func(*Observer) {}); err == nil {
		t.Error("a callback that would have to give exact values is no error")
	}
}
