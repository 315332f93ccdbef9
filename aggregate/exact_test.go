package aggregate

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

func mustExact(t testing.TB, limit int) *Exact {
	t.Helper()
	e, err := NewExact(limit)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func exactOf(t testing.TB, limit int, values ...float64) ExactState {
	t.Helper()
	e := mustExact(t, limit)
	for _, v := range values {
		e.Observe(v)
	}
	var s ExactState
	e.Checkpoint(&s)
	return s
}

func TestNewExactRejects(t *testing.T) {
	for _, limit := range []int{0, -1, MaxExactLimit + 1} {
		if _, err := NewExact(limit); err == nil || !strings.Contains(err.Error(), "limit") {
			t.Errorf("NewExact(%d): error %v, want one about the limit", limit, err)
		}
	}
}

func TestExactKeepsOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	e := mustExact(t, 5000)
	var want []float64
	var s ExactState
	for range 5000 {
		v := random.NormFloat64()
		want = append(want, v)
		e.Observe(v)
		e.Observe(notFinite[len(want)%len(notFinite)])
		if len(want)%500 == 1 {
			if e.Checkpoint(&s); !slices.Equal(s.Values, want) {
				t.Fatalf("after %d: %d values, or another order", len(want), len(s.Values))
			}
		}
	}
	if e.Checkpoint(&s); !slices.Equal(s.Values, want) || s.Missed != 0 || e.Dropped() != 5000 {
		t.Errorf("%d values, %d missed, %d dropped, want 5000, 0, 5000", len(s.Values), s.Missed, e.Dropped())
	}
}

func TestExactBeyondItsLimit(t *testing.T) {
	for _, limit := range []int{1, 3, 64, 65, 200} {
		values := make([]float64, limit+10)
		var sum float64
		for i := range values {
			values[i] = float64(i)
			sum += values[i]
		}
		s := exactOf(t, limit, values...)
		if !slices.Equal(s.Values, values[:limit]) || s.Missed != 10 || s.Limit != limit {
			t.Errorf("limit %d: %d values, %d missed", limit, len(s.Values), s.Missed)
		}
		if s.Count() != uint64(len(values)) || s.Sum() != sum {
			t.Errorf("limit %d: count %d, sum %v, want %d, %v", limit, s.Count(), s.Sum(), len(values), sum)
		}
		if _, err := s.Quantile(0.5); err == nil || !strings.Contains(err.Error(), "10 of") {
			t.Errorf("limit %d: error %v, want one that says how many were missed", limit, err)
		}
	}
}

func TestExactQuantile(t *testing.T) {
	tests := []struct {
		q    float64
		want float64
	}{{0, 1}, {0.1, 1}, {0.2, 1}, {0.21, 2}, {0.5, 3}, {0.8, 4}, {0.81, 5}, {1, 5}}
	s := exactOf(t, 10, 5, 3, 1, 4, 2)
	for _, tt := range tests {
		if got, err := s.Quantile(tt.q); err != nil || got != tt.want {
			t.Errorf("%v-quantile = %v, %v, want %v", tt.q, got, err, tt.want)
		}
	}
	if got, err := s.Quantiles(nil, 0.5, 1); err != nil || !slices.Equal(got, []float64{3, 5}) {
		t.Errorf("quantiles = %v, %v, want 3 and 5", got, err)
	}
	if want := []float64{5, 3, 1, 4, 2}; !slices.Equal(s.Values, want) {
		t.Errorf("values became %v, want %v", s.Values, want)
	}
}

func TestExactMergeLaws(t *testing.T) {
	laws[ExactState]{
		make: func(r *rand.Rand) ExactState {
			values := make([]float64, r.IntN(10))
			for i := range values {
				values[i] = r.NormFloat64()
			}
			return exactOf(t, 1+r.IntN(10), values...)
		},
		clone: func(s ExactState) ExactState {
			var c ExactState
			c.CopyFrom(&s)
			return c
		},
		merge: func(a, b ExactState) ExactState { a.Merge(&b); return a },
		equal: func(a, b ExactState) bool {
			return slices.Equal(a.Values, b.Values) && a.Limit == b.Limit && a.Missed == b.Missed && near(a.MissedSum, b.MissedSum)
		},
	}.check(t)
}

// TestExactLosesNothing takes deltas while writers write, past the limit.
func TestExactLosesNothing(t *testing.T) {
	const writers, each, limit = 4, 5000, 15_000
	e := mustExact(t, limit)
	var wg sync.WaitGroup
	for id := range writers {
		wg.Go(func() {
			for i := range each {
				e.Observe(float64(i*writers + id))
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var all, last, now, delta ExactState
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		e.Checkpoint(&now)
		delta.CopyFrom(&now)
		if err := delta.Sub(&last); err != nil {
			t.Fatal(err)
		}
		all.Merge(&delta)
		last.CopyFrom(&now)
	}
	const n = writers * each
	if len(all.Values) != limit || all.Count() != n || all.Sum() != n*(n-1)/2 {
		t.Errorf("%d values of %d, sum %v, want %d of %d, %v", len(all.Values), all.Count(), all.Sum(), limit, n, n*(n-1)/2)
	}
	if unique := slices.Compact(slices.Clone(all.Values)); len(unique) != limit {
		t.Errorf("%d of %d values are distinct", len(unique), limit)
	}
}

func TestExactSubOfWhatIsNotEarlier(t *testing.T) {
	now := exactOf(t, 10, 1, 2)
	for name, was := range map[string]ExactState{
		"longer": exactOf(t, 10, 1, 2, 3), "other values": exactOf(t, 10, 7), "missed": {Missed: 1},
	} {
		if err := now.Sub(&was); err == nil || !strings.Contains(err.Error(), "reset") {
			t.Errorf("%s: error %v, want one about a reset", name, err)
		}
	}
	if !slices.Equal(now.Values, []float64{1, 2}) {
		t.Errorf("a failed Sub changed the values to %v", now.Values)
	}
}

func TestExactDoesNotAllocate(t *testing.T) {
	e := mustExact(t, 100)
	var s ExactState
	var dst []float64
	wantNoAllocs(t, "Observe", func() { e.Observe(1) })
	wantNoAllocs(t, "Checkpoint", func() { e.Checkpoint(&s) })
	whole := exactOf(t, 100, 3, 2, 1)
	wantNoAllocs(t, "Quantiles", func() {
		var err error
		if dst, err = whole.Quantiles(dst[:0], 0.5, 0.9); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkExact(b *testing.B) {
	e := mustExact(b, MaxExactLimit)
	left := MaxExactLimit
	for b.Loop() {
		if left == 0 {
			b.StopTimer()
			e, left = mustExact(b, MaxExactLimit), MaxExactLimit
			b.StartTimer()
		}
		e.Observe(1)
		left--
	}
}

func BenchmarkExactQuantile(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 10_000)
	for i := range values {
		values[i] = random.NormFloat64()
	}
	s := exactOf(b, len(values), values...)
	for b.Loop() {
		if _, err := s.Quantile(0.99); err != nil {
			b.Fatal(err)
		}
	}
}
