package cell

import (
	"math"
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
}

// heat updates a cell from several goroutines until it is hot, and returns how
// many updates that took.
func heat(t *testing.T, cell interface{ Hot() bool }, update func()) (updates int64) {
	t.Helper()
	for range 1000 {
		if cell.Hot() {
			return updates
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 2000 {
					update()
				}
			})
		}
		wg.Wait()
		updates += 8000
	}
	t.Fatal("a cell that is updated all the time stays cold")
	return 0
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
		want += 2 * heat(t, &s, func() { s.AddInt(2) })
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
	var s, f, g Sum
	h := newHistogram(13)
	refused := &refusals{}
	if n := testing.AllocsPerRun(10_000, func() {
		s.AddInt(1)
		s.Increase(1, refused)
		f.AddFloat(1)
		g.Set(1, refused)
		g.Raise(1, refused)
		h.Observe(3)
	}); n != 0 {
		t.Errorf("six updates allocate %v times, want 0", n)
	}
}

// refusals is an owner that counts.
type refusals struct{ adds, sets, raises atomic.Int64 }

func (r *refusals) AddIntOtherwise(*Sum, int64)  { r.adds.Add(1) }
func (r *refusals) SetOtherwise(*Sum, float64)   { r.sets.Add(1) }
func (r *refusals) RaiseOtherwise(*Sum, float64) { r.raises.Add(1) }

func TestIncreaseLeavesOddValuesToTheOwner(t *testing.T) {
	var s Sum
	owner := &refusals{}
	for range 3000 {
		s.Increase(1, owner)
	}
	s.Increase(-1, owner)
	s.Increase(MaxInt+1, owner)
	if s.Int() != 3000 || owner.adds.Load() != 2 {
		t.Errorf("sum %d and %d refusals, want 3000 and 2", s.Int(), owner.adds.Load())
	}
	s.Seal(Int64)
	s.Increase(1, owner)
	if owner.adds.Load() != 3 {
		t.Error("a sealed cell did not leave an add to the owner")
	}
}

func TestGaugeKeepsTheLastWrite(t *testing.T) {
	var g Sum
	owner := &refusals{}
	g.Set(3, owner)
	g.Raise(1.5, owner)
	g.Raise(-0.5, owner)
	g.Set(math.NaN(), owner)
	g.Set(math.Inf(1), owner)
	g.Raise(math.Inf(-1), owner)
	if got := g.Gauge(); got != 4 {
		t.Errorf("Gauge() = %v, want 4", got)
	}
	if owner.sets.Load() != 2 || owner.raises.Load() != 1 {
		t.Errorf("%d sets and %d raises refused, want 2 and 1", owner.sets.Load(), owner.raises.Load())
	}
}

func TestWatchedGaugeAsksItsOwner(t *testing.T) {
	var g Sum
	owner := &refusals{}
	g.Set(3, owner)
	g.Watch()
	if !g.Watched() {
		t.Error("the gauge is not watched")
	}
	g.Set(4, owner)
	g.Raise(4, owner)
	if owner.sets.Load() != 1 || owner.raises.Load() != 1 || g.Gauge() != 3 {
		t.Errorf("%d sets and %d raises refused, value %v; want 1, 1 and 3", owner.sets.Load(), owner.raises.Load(), g.Gauge())
	}
	g.Unwatch()
	g.Set(5, owner)
	if g.Watched() || g.Gauge() != 5 {
		t.Errorf("watched %t with value %v, want false and 5", g.Watched(), g.Gauge())
	}
}

func TestSealedGaugeKeepsItsValue(t *testing.T) {
	var g Sum
	owner := &refusals{}
	g.Set(3, owner)
	g.SealGauge()
	g.Set(4, owner)
	if g.Gauge() != 3 {
		t.Errorf("a sealed gauge reads %v, want 3", g.Gauge())
	}
	waitEpoch(t)
	g.SettleGauge()
	g.Set(4, owner)
	g.Raise(4, owner)
	g.Watch()
	g.Unwatch()
	if g.Gauge() != 3 || g.TrySet(1) || g.TryRaise(1) {
		t.Errorf("a settled gauge reads %v or takes writes", g.Gauge())
	}
	if owner.sets.Load() != 2 || owner.raises.Load() != 1 {
		t.Errorf("%d sets and %d raises refused, want 2 and 1", owner.sets.Load(), owner.raises.Load())
	}
}

func TestRaisesLoseNothing(t *testing.T) {
	var g Sum
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10_000 {
				g.Raise(1, nil)
			}
		})
	}
	wg.Wait()
	if got := g.Gauge(); got != 40_000 {
		t.Errorf("Gauge() = %v after 40000 raises of 1", got)
	}
}
