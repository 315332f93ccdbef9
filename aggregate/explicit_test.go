package aggregate

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/metertree/metertree/metric"
)

func mustExplicit(t testing.TB, bounds ...float64) *Explicit {
	t.Helper()
	e, err := NewExplicit(bounds)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestNewExplicitRejectsBounds(t *testing.T) {
	for _, bounds := range [][]float64{{1, 1}, {2, 1}, {math.NaN()}, {1, math.Inf(1)}} {
		if _, err := NewExplicit(bounds); err == nil || !strings.Contains(err.Error(), "bucket bound") {
			t.Errorf("NewExplicit(%v): error %v, want one about a bucket bound", bounds, err)
		}
	}
}

func TestExplicitCountsByBucket(t *testing.T) {
	bounds := []float64{-1, 0, 10}
	e := mustExplicit(t, bounds...)
	bounds[0] = 5
	for _, v := range append([]float64{-2, -1, -0.5, 0, 0.1, 10, 10.1, 1e9}, notFinite...) {
		e.Observe(v)
	}
	var s ExplicitState
	e.Checkpoint(&s)
	if want := []uint64{2, 2, 2, 2}; !slices.Equal(s.Counts, want) {
		t.Errorf("counts = %v, want %v", s.Counts, want)
	}
	if want := 1e9 + 16.7; !near(s.Sum, want) || s.Count() != 8 || e.Dropped() != 3 {
		t.Errorf("sum %v, count %d, dropped %d, want %v, 8, 3", s.Sum, s.Count(), e.Dropped(), want)
	}
	if want := []float64{-1, 0, 10}; !slices.Equal(s.Bounds, want) {
		t.Errorf("bounds = %v, want %v as given, whatever became of the argument", s.Bounds, want)
	}
}

func TestExplicitCountsAllOfManyWriters(t *testing.T) {
	e := mustExplicit(t, metric.DefaultLatencyBounds()...)
	const writers, each = 8, 10_000
	var wg sync.WaitGroup
	for id := range writers {
		wg.Go(func() {
			for i := range each {
				e.Observe(float64(i%40) / float64(id+1))
			}
		})
	}
	wg.Wait()
	var s ExplicitState
	if e.Checkpoint(&s); s.Count() != writers*each {
		t.Errorf("count = %d, want %d", s.Count(), writers*each)
	}
}

func TestExplicitQuantile(t *testing.T) {
	tests := []struct {
		name   string
		bounds []float64
		counts []uint64
		q      float64
		want   float64
	}{
		{"middle of a bucket", []float64{1, 2}, []uint64{0, 10, 0}, 0.5, 1.5},
		{"first bucket begins at zero", []float64{4, 8}, []uint64{10, 0, 0}, 0.25, 1},
		{"first bucket with a negative bound", []float64{-4, 8}, []uint64{10, 0, 0}, 0.25, -4},
		{"from a negative bound", []float64{-4, 4}, []uint64{0, 8, 0}, 0.75, 2},
		{"beyond the last bound", []float64{1, 2}, []uint64{1, 1, 8}, 0.9, 2},
		{"on a bound", []float64{1, 2, 3}, []uint64{5, 5, 0, 0}, 0.5, 1},
		{"skips empty buckets", []float64{1, 2, 3}, []uint64{0, 0, 4, 0}, 1, 3},
		{"zero with an empty first bucket", []float64{1, 2}, []uint64{0, 4, 0}, 0, 0},
	}
	for _, tt := range tests {
		s := ExplicitState{Bounds: tt.bounds, Counts: tt.counts}
		if got := s.Quantile(tt.q); got != tt.want {
			t.Errorf("%s: %v-quantile = %v, want %v", tt.name, tt.q, got, tt.want)
		}
	}
	if got := (&ExplicitState{Counts: []uint64{3}}).Quantile(0.5); !math.IsNaN(got) {
		t.Errorf("median without bounds = %v, want NaN", got)
	}
}

func TestExplicitMergeLaws(t *testing.T) {
	laws[ExplicitState]{
		make: func(r *rand.Rand) ExplicitState {
			e := mustExplicit(t, 0.01, 0.1, 1)
			for range r.IntN(20) {
				e.Observe(latency(r))
			}
			var s ExplicitState
			e.Checkpoint(&s)
			return s
		},
		clone: func(s ExplicitState) ExplicitState {
			var c ExplicitState
			c.CopyFrom(&s)
			return c
		},
		merge: func(a, b ExplicitState) ExplicitState {
			if err := a.Merge(&b); err != nil {
				t.Fatal(err)
			}
			return a
		},
		equal: func(a, b ExplicitState) bool {
			return slices.Equal(a.Bounds, b.Bounds) && slices.Equal(a.Counts, b.Counts) && near(a.Sum, b.Sum)
		},
	}.check(t)
}

func TestExplicitMergeOfDifferentBounds(t *testing.T) {
	a := ExplicitState{Bounds: []float64{1, 2}, Counts: []uint64{1, 2, 3}, Sum: 9}
	b := ExplicitState{Bounds: []float64{1, 2.5}, Counts: []uint64{1, 2, 3}}
	err := a.Merge(&b)
	if err == nil || !strings.Contains(err.Error(), "[1 2]") || !strings.Contains(err.Error(), "[1 2.5]") {
		t.Errorf("error = %v, want one that names both", err)
	}
	if !slices.Equal(a.Counts, []uint64{1, 2, 3}) || a.Sum != 9 {
		t.Errorf("a failed merge changed the state to %+v", a)
	}
	short := ExplicitState{Bounds: []float64{1, 2}, Counts: []uint64{1, 2}}
	if err := a.Merge(&short); err == nil {
		t.Error("a state with a count missing was merged")
	}
}

func TestExplicitSub(t *testing.T) {
	e := mustExplicit(t, 1, 2)
	var acknowledged, now ExplicitState
	e.Observe(0.5)
	e.Observe(1.5)
	e.Checkpoint(&acknowledged)
	e.Observe(1.75)
	e.Observe(3)
	e.Checkpoint(&now)
	var delta ExplicitState
	delta.CopyFrom(&now)
	if err := delta.Sub(&acknowledged); err != nil {
		t.Fatal(err)
	}
	if want := []uint64{0, 1, 1}; !slices.Equal(delta.Counts, want) || delta.Sum != 4.75 {
		t.Errorf("delta = %+v, want counts %v and sum 4.75", delta, want)
	}
	if err := acknowledged.Sub(&now); err == nil || !strings.Contains(err.Error(), "reset") {
		t.Errorf("subtracting a later state: error %v, want one about a reset", err)
	}
	if acknowledged.Count() != 2 {
		t.Errorf("a failed Sub changed the state to %+v", acknowledged)
	}
	if err := now.Sub(&ExplicitState{}); err != nil || now.Count() != 4 {
		t.Errorf("subtracting nothing: %v, %+v", err, now)
	}
}

func TestExplicitDoesNotAllocate(t *testing.T) {
	e := mustExplicit(t, metric.DefaultLatencyBounds()...)
	var s, sum ExplicitState
	wantNoAllocs(t, "Observe", func() { e.Observe(0.2) })
	wantNoAllocs(t, "Checkpoint", func() { e.Checkpoint(&s) })
	wantNoAllocs(t, "Merge", func() {
		if err := sum.Merge(&s); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkExplicit(b *testing.B) {
	e := mustExplicit(b, metric.DefaultLatencyBounds()...)
	for b.Loop() {
		e.Observe(0.2)
	}
}

func BenchmarkExplicitParallel(b *testing.B) {
	e := mustExplicit(b, metric.DefaultLatencyBounds()...)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			e.Observe(0.2)
		}
	})
}

func BenchmarkExplicitCheckpoint(b *testing.B) {
	e := mustExplicit(b, metric.DefaultLatencyBounds()...)
	var s ExplicitState
	for b.Loop() {
		e.Checkpoint(&s)
	}
}
