package cell

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

func TestSumAddsWhatItTook(t *testing.T) {
	var ints, floats Sum
	for v := range int64(5000) {
		if !ints.AddInt(v) || !floats.AddFloat(float64(v)/2) {
			t.Fatalf("a live cell refused %d", v)
		}
	}
	if got, want := ints.Int(), int64(5000*4999/2); got != want {
		t.Errorf("Int() = %d, want %d", got, want)
	}
	if got, want := floats.Float(), float64(5000*4999)/4; got != want {
		t.Errorf("Float() = %v, want %v", got, want)
	}
	if !ints.Hot() || !floats.Hot() {
		t.Errorf("after 5000 adds: int cell hot = %t, float cell hot = %t, want both", ints.Hot(), floats.Hot())
	}
}

func TestSealedSumRefuses(t *testing.T) {
	for _, adds := range []int{0, 1, 5000} {
		var ints, floats Sum
		for range adds {
			ints.AddInt(-3)
			floats.AddFloat(0.5)
		}
		ints.Seal(Int64)
		floats.Seal(Float64)
		if ints.AddInt(1) || floats.AddFloat(1) {
			t.Errorf("after %d adds a sealed cell took one more", adds)
		}
		settle(t, &ints, Int64)
		settle(t, &floats, Float64)
		if ints.AddInt(1) || floats.AddFloat(1) {
			t.Errorf("after %d adds a settled cell took one more", adds)
		}
		if got, want := ints.Int(), int64(-3*adds); got != want {
			t.Errorf("sealed int cell reads %d, want %d", got, want)
		}
		if got, want := floats.Float(), 0.5*float64(adds); got != want {
			t.Errorf("sealed float cell reads %v, want %v", got, want)
		}
	}
}

// settle settles a cell as its maintainer has to: when the epoch has passed.
func settle(t *testing.T, s *Sum, as Number) {
	t.Helper()
	waitEpoch(t)
	s.Settle(as)
	if s.Pending() {
		t.Fatal("cell is pending after it was settled")
	}
}

func waitEpoch(t *testing.T) {
	t.Helper()
	epoch := Now()
	for range 10 {
		if epoch.Passed(Now()) {
			return
		}
		runtime.GC()
	}
	t.Fatal("ten garbage collections did not make an epoch pass")
}

func TestDemotedSumGoesOn(t *testing.T) {
	var s Sum
	want := int64(0)
	for round := range 4 {
		for range 5000 {
			s.AddInt(2)
			want += 2
		}
		if !s.Hot() {
			t.Fatalf("round %d: cell is cold after 5000 adds", round)
		}
		s.Demote(Int64)
		s.AddInt(1)
		want++
		if got := s.Int(); got != want {
			t.Fatalf("round %d: demoted cell reads %d, want %d", round, got, want)
		}
		settle(t, &s, Int64)
		if got := s.Int(); got != want {
			t.Fatalf("round %d: settled cell reads %d, want %d", round, got, want)
		}
	}
}

// TestSumLosesNothing lets goroutines add while the cell is promoted, demoted,
// settled and finally sealed, and GOMAXPROCS changes. What the cell took must
// be what it reads.
func TestSumLosesNothing(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const writers, rounds = 8, 12
	var s Sum
	var took atomic.Int64
	var sealed atomic.Bool
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 1))
			var mine int64
			for !sealed.Load() {
				for range 64 {
					if v := rng.Int64N(100) - 20; s.AddInt(v) {
						mine += v
					} else {
						took.Add(mine)
						return
					}
				}
				runtime.Gosched()
			}
			took.Add(mine)
		})
	}
	for round := range rounds {
		runtime.GOMAXPROCS(1 + round%5)
		s.Demote(Int64)
		waitEpoch(t)
		s.Settle(Int64)
		s.Int()
	}
	s.Seal(Int64)
	waitEpoch(t)
	s.Settle(Int64)
	sealed.Store(true)
	wg.Wait()
	if got := s.Int(); got != took.Load() {
		t.Fatalf("cell reads %d, but took %d", got, took.Load())
	}
}

func TestReadsOfASumOnlyGrow(t *testing.T) {
	var s Sum
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				s.AddInt(1)
			}
		})
	}
	last := int64(0)
	for i := range 20_000 {
		if i%2000 == 1999 {
			s.Demote(Int64)
			waitEpoch(t)
			s.Settle(Int64)
		}
		got := s.Int()
		if got < last {
			t.Errorf("read %d after %d", got, last)
			break
		}
		last = got
	}
	stop.Store(true)
	wg.Wait()
}

func TestUpdatesDoNotAllocate(t *testing.T) {
	var s, f Sum
	var v Value
	h := newHistogram(13)
	if n := testing.AllocsPerRun(10_000, func() {
		s.AddInt(1)
		f.AddFloat(1)
		v.Set(1)
		v.Add(1)
		h.Observe(3)
	}); n != 0 {
		t.Errorf("five updates allocate %v times, want 0", n)
	}
}

func TestSealedValueRefuses(t *testing.T) {
	var v Value
	v.Set(3)
	v.Add(1.5)
	if got := v.Seal(); got != 4.5 {
		t.Errorf("Seal() = %v, want 4.5", got)
	}
	if v.Set(1) || v.Add(1) {
		t.Error("a sealed value took a write")
	}
}

func TestValueAddsLoseNothing(t *testing.T) {
	var v Value
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10_000 {
				v.Add(1)
			}
		})
	}
	wg.Wait()
	if got := v.Load(); got != 40_000 {
		t.Errorf("Load() = %v after 40000 adds of 1", got)
	}
}
