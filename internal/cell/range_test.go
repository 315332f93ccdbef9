package cell

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
)

// makeHot makes a sum hot, whatever it holds.
func makeHot(s *Sum) { s.hot.CompareAndSwap(nil, &hot{lanes: newLanes(1)}) }

// What is refused must not stay in the word, which would wrap around.
func TestRefusedAddsDoNotPileUp(t *testing.T) {
	for _, hot := range []bool{false, true} {
		var s Sum
		owner := &refusals{}
		if hot {
			makeHot(&s)
		}
		s.Increase(MaxInt-1, owner)
		for range 100 {
			s.Increase(MaxInt, owner)
			s.AddInt(MaxInt)
		}
		s.Increase(1, owner)
		if got := s.Int(); got != MaxInt {
			t.Errorf("hot %t: reads %d, want %d", hot, got, MaxInt)
		}
		// A stripe that nobody has added to takes one.
		if n := owner.adds.Load(); n < 98 {
			t.Errorf("hot %t: %d adds were left to the owner, want 98 at least", hot, n)
		}
	}
}

// A cold cell holds exactly what it has taken, and takes all that fits.
func TestIntegersNearTheEndOfTheRange(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var s Sum
		var want int64
		for range 40 {
			v := rng.Int64N(MaxInt) >> rng.IntN(60)
			fits := v <= MaxInt-want
			if took := s.AddInt(v); took != fits {
				t.Fatalf("%d more than %d: taken is %t", v, want, took)
			}
			if fits {
				want += v
			}
			if got := s.Int(); got != want {
				t.Fatalf("reads %d, want %d", got, want)
			}
		}
	}
}

// A hot cell that has left the range reads its end, and once it is demoted refuses
// what is more.
func TestHotIntegersBeyondTheRange(t *testing.T) {
	for _, each := range []uint64{1 << 59, 1 << 61, 1<<63 - 1} {
		var s Sum
		s.Increase(5, nil)
		makeHot(&s)
		for _, lane := range s.hot.Load().lanes {
			*lane = each
		}
		*s.hot.Load().lanes[0] = 1<<63 - 1
		check := func(when string) {
			t.Helper()
			if got := s.Int(); got != MaxInt || !Int64.Full(uint64(got)) {
				t.Errorf("%s: reads %d, want %d", when, got, MaxInt)
			}
		}
		check("hot")
		s.Demote(Int64)
		check("draining")
		waitEpoch(t)
		s.Settle(Int64)
		check("cold")
		for range 10 {
			if s.AddInt(MaxInt) || s.AddInt(1) {
				t.Error("a full cell takes more")
			}
		}
		check("after more")
		s.Seal(Int64)
		waitEpoch(t)
		s.Settle(Int64)
		check("sealed")
		if s.AddInt(1) {
			t.Error("a sealed cell takes more")
		}
	}
}

// Large adds to a hot cell do not go to lanes, which nothing guards.
func TestLargeAddsAreGuarded(t *testing.T) {
	var s Sum
	makeHot(&s)
	owner := &refusals{}
	const adds = 64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range adds {
				s.Increase(MaxInt/4, owner)
			}
		})
	}
	all.Wait()
	got := s.Int()
	if got > MaxInt || got < MaxInt/4*4-3 || owner.adds.Load() == 0 {
		t.Errorf("reads %d with %d refusals, want the end of the range and refusals", got, owner.adds.Load())
	}
}

func TestFloatsBeyondTheRange(t *testing.T) {
	const most = math.MaxFloat64
	for _, hot := range []bool{false, true} {
		for _, sign := range []float64{1, -1} {
			var s Sum
			if hot {
				makeHot(&s)
			}
			for range 3 {
				s.AddFloat(sign * most)
			}
			s.AddFloat(1)
			if got := s.Float(); got != sign*most || !Float64.Full(s.Read(Float64)) {
				t.Errorf("hot %t: reads %v, want %v", hot, got, sign*most)
			}
			s.Demote(Float64)
			waitEpoch(t)
			s.Settle(Float64)
			s.Seal(Float64)
			if got := s.Float(); got != sign*most {
				t.Errorf("hot %t: reads %v once sealed, want %v", hot, got, sign*most)
			}
		}
	}
	var both Sum
	makeHot(&both)
	lanes := both.hot.Load().lanes
	*lanes[0] = math.Float64bits(math.Inf(1))
	both.word.Store(math.Float64bits(math.Inf(-1)))
	if got := both.Float(); math.IsNaN(got) {
		t.Error("infinities of both signs read as NaN")
	}
}

func TestHistogramSumsBeyondTheRange(t *testing.T) {
	var h Histogram
	h.Init([]float64{1})
	for range 5000 { // it becomes hot on the way
		h.Observe(math.MaxFloat64)
	}
	words := make([]uint64, 3)
	if sum := h.Read(words); sum != math.MaxFloat64 || words[1] != 5000 {
		t.Errorf("sum %v of %d, want %v of 5000", sum, words[1], math.MaxFloat64)
	}
	h.Demote()
	waitEpoch(t)
	h.Settle()
	if sum := h.Read(words); sum != math.MaxFloat64 || words[1] != 5000 {
		t.Errorf("sum %v of %d once cold, want %v of 5000", sum, words[1], math.MaxFloat64)
	}
}

func TestGaugesAreNotTriedBeyondTheRange(t *testing.T) {
	var g Sum
	owner := &refusals{}
	g.Raise(math.MaxFloat64, owner)
	if g.TryRaise(math.MaxFloat64) || !g.TryRaise(1) || g.Gauge() != math.MaxFloat64 {
		t.Errorf("the gauge is %v, want %v", g.Gauge(), math.MaxFloat64)
	}
}
