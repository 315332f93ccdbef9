package aggregate

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
)

func TestMinMaxSumCount(t *testing.T) {
	tests := []struct {
		name   string
		values []float64
		want   MinMaxSumCountState
	}{
		{"nothing", nil, MinMaxSumCountState{}},
		{"zero", []float64{0}, MinMaxSumCountState{Count: 1}},
		{"one", []float64{3}, MinMaxSumCountState{Min: 3, Max: 3, Sum: 3, Count: 1}},
		{"negative", []float64{-3, -1, -2}, MinMaxSumCountState{Min: -3, Max: -1, Sum: -6, Count: 3}},
		{"mixed", []float64{1, -1, 0.5}, MinMaxSumCountState{Min: -1, Max: 1, Sum: 0.5, Count: 3}},
		{"ends", []float64{math.MaxFloat64, -math.MaxFloat64}, MinMaxSumCountState{
			Min: -math.MaxFloat64, Max: math.MaxFloat64, Count: 2,
		}},
	}
	for _, tt := range tests {
		m := NewMinMaxSumCount()
		for _, v := range append(tt.values, notFinite...) {
			m.Observe(v)
		}
		var got MinMaxSumCountState
		if m.Checkpoint(&got); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
		if m.Dropped() != uint64(len(notFinite)) {
			t.Errorf("%s: dropped %d, want %d", tt.name, m.Dropped(), len(notFinite))
		}
	}
}

// TestMinMaxSumCountIsCoherent checks at any moment that what is counted lies
// between the extremes.
func TestMinMaxSumCountIsCoherent(t *testing.T) {
	m := NewMinMaxSumCount()
	const writers, each = 4, 10_000
	var wg sync.WaitGroup
	for id := range writers {
		wg.Go(func() {
			for i := range each {
				m.Observe(float64(i * (1 - id%2*2)))
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var last, state MinMaxSumCountState
	for running := true; running; last = state {
		select {
		case <-done:
			running = false
		default:
		}
		m.Checkpoint(&state)
		if state.Count < last.Count || state.Min > 0 || state.Max < 0 || state.Min > last.Min || state.Max < last.Max {
			t.Fatalf("%+v after %+v", state, last)
		}
	}
	want := MinMaxSumCountState{Min: 1 - each, Max: each - 1, Count: writers * each}
	if state != want {
		t.Errorf("%+v, want %+v", state, want)
	}
}

func TestMinMaxSumCountMergeLaws(t *testing.T) {
	laws[MinMaxSumCountState]{
		make: func(r *rand.Rand) MinMaxSumCountState {
			m := NewMinMaxSumCount()
			for range r.IntN(5) {
				m.Observe(r.NormFloat64())
			}
			var s MinMaxSumCountState
			m.Checkpoint(&s)
			return s
		},
		clone: func(s MinMaxSumCountState) MinMaxSumCountState { return s },
		merge: func(a, b MinMaxSumCountState) MinMaxSumCountState { a.Merge(b); return a },
		equal: func(a, b MinMaxSumCountState) bool {
			return a.Min == b.Min && a.Max == b.Max && a.Count == b.Count && near(a.Sum, b.Sum)
		},
	}.check(t)
}

func TestMinMaxSumCountDoesNotAllocate(t *testing.T) {
	m := NewMinMaxSumCount()
	var state MinMaxSumCountState
	wantNoAllocs(t, "Observe", func() { m.Observe(1) })
	wantNoAllocs(t, "Checkpoint", func() { m.Checkpoint(&state) })
}

func BenchmarkMinMaxSumCount(b *testing.B) {
	m := NewMinMaxSumCount()
	for b.Loop() {
		m.Observe(1)
	}
}

func BenchmarkMinMaxSumCountParallel(b *testing.B) {
	m := NewMinMaxSumCount()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Observe(1)
		}
	})
}
