package cell

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

// TestSketchLosesNothingWhileItChanges runs updates against supersession,
// promotion, demotion, retiring, settling, a changing number of processors and,
// half-way, sealing; what the cell did not take goes to its successor.
func TestSketchLosesNothingWhileItChanges(t *testing.T) {
	const writers, each, rounds = 4, 10_000, 5
	procs := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(procs)
	for round := range rounds {
		first, second := mustSketch(t, 20), mustSketch(t, 160)
		var wg sync.WaitGroup
		for id := range writers {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(uint64(id), uint64(round)))
				for i := range each {
					v := math.Ldexp(1, random.IntN(1+i/20)-i/40)
					if id%2 == 1 {
						v = -v
					}
					observeOrPass(t, first, second, v)
				}
			})
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		var last uint64
		for step, running := 0, true; running; step++ {
			select {
			case <-done:
				running = false
			default:
			}
			maintain(first)
			runtime.GOMAXPROCS(1 + step%(procs+2))
			if step%3 == 0 {
				first.Demote()
			}
			n := readSketch(first, SketchMinScale).count()
			if n < last {
				t.Errorf("count fell from %d to %d", last, n)
			}
			last = n
			if n > writers*each/2 {
				first.Seal()
			}
		}
		runtime.GC()
		first.Settle()
		one, two := readSketch(first, SketchMinScale), readSketch(second, SketchMinScale)
		if got := one.count() + two.count(); got != writers*each {
			t.Errorf("round %d: counted %d (%d before the seal), want %d", round, got, one.count(), writers*each)
		}
	}
}

// TestSketchLosesNothingWhenSealedEarly seals while the first values come in.
func TestSketchLosesNothingWhenSealedEarly(t *testing.T) {
	const writers, each = 4, 8
	for round := range 500 {
		first, second := mustSketch(t, 160), mustSketch(t, 160)
		var ready, wg sync.WaitGroup
		ready.Add(writers)
		for id := range writers {
			wg.Go(func() {
				ready.Done()
				for i := range each {
					observeOrPass(t, first, second, math.Ldexp(1, (i-each/2)*(1+id)))
				}
			})
		}
		ready.Wait()
		if round%2 == 0 {
			maintain(first)
		}
		first.Seal()
		wg.Wait()
		one, two := readSketch(first, SketchMinScale), readSketch(second, SketchMinScale)
		if got := one.count() + two.count(); got != writers*each {
			t.Fatalf("round %d: counted %d (%d before the seal), want %d", round, got, one.count(), writers*each)
		}
	}
}

func observeOrPass(t *testing.T, first, second *Sketch, v float64) {
	switch first.Observe(v) {
	case Refused:
		if got := second.Observe(v); got != Taken {
			t.Errorf("successor: %v", got)
		}
	case SumTaken:
		if !second.Count(v) {
			t.Error("successor did not count")
		}
	}
}
