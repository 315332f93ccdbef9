package aggregate

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
)

func TestIntSumAddsAll(t *testing.T) {
	var s IntSum
	const writers, each = 8, 10_000
	var wg sync.WaitGroup
	for id := range writers {
		wg.Go(func() {
			for range each {
				s.Add(int64(id + 1))
			}
		})
	}
	wg.Wait()
	var state SumState[int64]
	s.Checkpoint(&state)
	if want := int64(each * writers * (writers + 1) / 2); state.Value != want {
		t.Errorf("sum = %d, want %d", state.Value, want)
	}
}

func TestFloatSumAddsAll(t *testing.T) {
	var s FloatSum
	const writers, each = 8, 10_000
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				s.Add(0.25)
			}
		})
	}
	wg.Wait()
	var state SumState[float64]
	s.Checkpoint(&state)
	if state.Value != writers*each*0.25 {
		t.Errorf("sum = %v, want %v", state.Value, writers*each*0.25)
	}
}

func TestSumsIgnoreWhatTheyCannotHold(t *testing.T) {
	var ints IntSum
	ints.Add(5)
	ints.Add(math.MaxInt64)
	ints.Add(math.MinInt64)
	ints.Add(-3)
	var i SumState[int64]
	if ints.Checkpoint(&i); i.Value != 2 || ints.Dropped() != 2 {
		t.Errorf("int sum = %d with %d dropped, want 2 with 2", i.Value, ints.Dropped())
	}
	var floats FloatSum
	floats.Add(1.5)
	for _, v := range notFinite {
		floats.Add(v)
	}
	var f SumState[float64]
	if floats.Checkpoint(&f); f.Value != 1.5 || floats.Dropped() != 3 {
		t.Errorf("float sum = %v with %d dropped, want 1.5 with 3", f.Value, floats.Dropped())
	}
}

func TestSumMergeLaws(t *testing.T) {
	laws[SumState[int64]]{
		make:  func(r *rand.Rand) SumState[int64] { return SumState[int64]{r.Int64N(1e12) - 5e11} },
		clone: func(s SumState[int64]) SumState[int64] { return s },
		merge: func(a, b SumState[int64]) SumState[int64] { a.Merge(b); return a },
		equal: func(a, b SumState[int64]) bool { return a == b },
	}.check(t)
	laws[SumState[float64]]{
		make:  func(r *rand.Rand) SumState[float64] { return SumState[float64]{r.NormFloat64() * 100} },
		clone: func(s SumState[float64]) SumState[float64] { return s },
		merge: func(a, b SumState[float64]) SumState[float64] { a.Merge(b); return a },
		equal: func(a, b SumState[float64]) bool { return near(a.Value, b.Value) },
	}.check(t)
}

func TestSumSub(t *testing.T) {
	var s IntSum
	s.Add(40)
	var acknowledged, now SumState[int64]
	s.Checkpoint(&acknowledged)
	s.Add(2)
	s.Checkpoint(&now)
	if now.Sub(acknowledged); now.Value != 2 {
		t.Errorf("delta = %d, want 2", now.Value)
	}
}

func TestSumDoesNotAllocate(t *testing.T) {
	var ints IntSum
	var floats FloatSum
	var i SumState[int64]
	var f SumState[float64]
	wantNoAllocs(t, "IntSum.Add", func() { ints.Add(1) })
	wantNoAllocs(t, "FloatSum.Add", func() { floats.Add(1) })
	wantNoAllocs(t, "IntSum.Checkpoint", func() { ints.Checkpoint(&i) })
	wantNoAllocs(t, "FloatSum.Checkpoint", func() { floats.Checkpoint(&f) })
}

func BenchmarkIntSum(b *testing.B) {
	var s IntSum
	for b.Loop() {
		s.Add(1)
	}
}

func BenchmarkFloatSum(b *testing.B) {
	var s FloatSum
	for b.Loop() {
		s.Add(1)
	}
}

func BenchmarkIntSumParallel(b *testing.B) {
	var s IntSum
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.Add(1)
		}
	})
}
