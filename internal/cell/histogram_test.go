package cell

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// newHistogram returns a histogram with bounds 0, 1, … so that the bucket of a
// small integer is the integer.
func newHistogram(buckets int) *Histogram {
	bounds := make([]float64, buckets-1)
	for i := range bounds {
		bounds[i] = float64(i)
	}
	h := new(Histogram)
	h.Init(bounds)
	return h
}

func TestHistogramReadsWhatItTook(t *testing.T) {
	h := newHistogram(3)
	for i := range 9000 {
		if got := h.Observe(float64(i % 3)); got != Taken {
			t.Fatalf("Observe = %d, want Taken", got)
		}
	}
	words := make([]uint64, 4)
	sum := h.Read(words)
	if words[0] != 3000 || words[1] != 3000 || words[2] != 3000 || sum != 9000 {
		t.Errorf("read %v and %v, want 3000 each and %v", words[:3], sum, 9000)
	}
	n := heat(t, h, func() { h.Observe(1) })
	if h.Read(words); words[1] != 3000+uint64(n) {
		t.Errorf("hot histogram reads %d, want %d", words[1], 3000+n)
	}
}

func TestSealedHistogramRefuses(t *testing.T) {
	for _, n := range []int{0, 1, 9000} {
		h := newHistogram(2)
		for range n {
			h.Observe(0.5)
		}
		h.Seal()
		waitEpoch(t)
		h.Settle()
		if got := h.Observe(1); got != Refused {
			t.Errorf("after %d observations a sealed histogram answers %d, want Refused", n, got)
		}
		if h.Count(0) {
			t.Errorf("after %d observations a sealed histogram counted", n)
		}
		words := make([]uint64, 3)
		if sum := h.Read(words); words[0] != 0 || words[1] != uint64(n) || sum != 0.5*float64(n) {
			t.Errorf("sealed histogram reads %v and %v, want 0, %d and %v", words[:2], sum, n, 0.5*float64(n))
		}
	}
}

// TestHistogramLosesNothing is TestSumLosesNothing with observations. Values
// are integers, so the sum is exact too.
func TestHistogramLosesNothing(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const writers, rounds, buckets = 8, 12, 5
	h := newHistogram(buckets)
	var counts [buckets]atomic.Uint64
	var sum atomic.Int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 2))
			for {
				bucket := rng.IntN(buckets)
				switch h.Observe(float64(bucket)) {
				case Taken:
					counts[bucket].Add(1)
					sum.Add(int64(bucket))
				case SumTaken:
					sum.Add(int64(bucket))
				case Refused:
					return
				}
				if counts[0].Load()%64 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	for round := range rounds {
		runtime.GOMAXPROCS(1 + round%5)
		h.Demote()
		waitEpoch(t)
		h.Settle()
	}
	h.Seal()
	wg.Wait()
	waitEpoch(t)
	h.Settle()
	words := make([]uint64, buckets+1)
	if got := h.Read(words); got != float64(sum.Load()) {
		t.Errorf("sum reads %v, but took %d", got, sum.Load())
	}
	for i := range counts {
		if words[i] != counts[i].Load() {
			t.Errorf("bucket %d reads %d, but took %d", i, words[i], counts[i].Load())
		}
	}
}
