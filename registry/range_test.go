package registry

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/metertree/metertree/metric"
)

// ranges defines a histogram of exponential buckets with the label a.
func ranges(t testing.TB, r *Registry, layout metric.ExponentialLayout) *Instrument {
	t.Helper()
	d := observing("ranges", metric.AggregationDefault)
	d.Exponential = layout
	return define(t, r, d)
}

// explicitOf returns the explicit buckets of all series of exponential ones.
func explicitOf(families func(func(*metric.Family) bool)) (all []metric.HistogramPoint) {
	for f := range families {
		for p := range f.Points {
			if p.Exponential != nil {
				all = append(all, p.Exponential.Explicit())
			}
		}
	}
	return all
}

// sumByBound adds up cumulative counts as PromQL's sum by (le) does, and
// requires that the bounds of each series go on to the last of all.
func sumByBound(t *testing.T, all []metric.HistogramPoint) map[float64]uint64 {
	t.Helper()
	var bounds []float64
	sums := map[float64]uint64{}
	for _, h := range all {
		bounds = append(bounds, h.Bounds...)
		var below uint64
		for i, bound := range h.Bounds {
			below += h.Counts[i]
			sums[bound] += below
		}
		sums[math.Inf(1)] += h.Count()
	}
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	for _, h := range all {
		if h.Count() == 0 {
			continue
		}
		from := len(bounds)
		if len(h.Bounds) > 0 {
			from = slices.Index(bounds, h.Bounds[0])
		}
		if !slices.Equal(bounds[from:], h.Bounds) {
			t.Fatalf("a series has the bounds %v, the family %v", h.Bounds, bounds)
		}
	}
	return sums
}

// drawn returns a value about 2^octave, negative or zero ones among them if
// signs are drawn. A negative power of two would be in the bucket above that
// bound, so there is none.
func drawn(rng *rand.Rand, octave float64, signed bool) float64 {
	v := math.Exp2(rng.NormFloat64() * octave)
	switch {
	case signed && rng.IntN(6) == 0:
		return 0
	case signed && rng.IntN(3) == 0:
		return -v
	case rng.IntN(4) == 0:
		return math.Exp2(math.Round(math.Log2(v)))
	}
	return v
}

// TestExplicitBoundsOfAFamilyAddUp compares sums over series with a count of
// the values themselves, while ranges grow.
func TestExplicitBoundsOfAFamilyAddUp(t *testing.T) {
	seed := rand.Uint64()
	for trial := range 60 {
		rng := rand.New(rand.NewPCG(seed, uint64(trial)))
		layout := metric.ExponentialLayout{Size: 4 + rng.IntN(157), ZeroThreshold: math.Exp2(-float64(rng.IntN(130)))}
		if rng.IntN(2) == 0 {
			layout.Size = 4 + rng.IntN(8)
		}
		r := New(Options{})
		i := ranges(t, r, layout)
		reader := r.NewReader()
		signed, octave := rng.IntN(2) == 0, 1.0
		var values []float64
		for round := range 6 {
			for range rng.IntN(40) {
				v := drawn(rng, octave, signed)
				i.Observe(v, strconv.Itoa(rng.IntN(5*round+1)))
				if math.Abs(v) <= layout.ZeroThreshold {
					v = layout.ZeroThreshold
				}
				values = append(values, v)
			}
			octave *= 1 + rng.Float64()*2
			sums := sumByBound(t, explicitOf(r.Collect(context.Background())))
			if bound, ok := countsAgree(sums, values); !ok {
				t.Fatalf("seed %d, trial %d, round %d, %+v: %d up to %v of %v", seed, trial, round, layout, sums[bound], bound, values)
			}
			checkpoint, err := reader.Checkpoint(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			sumByBound(t, explicitOf(checkpoint.Families()))
			if err := checkpoint.Ack(); err != nil {
				t.Fatal(err)
			}
		}
		reader.Close()
	}
}

// countsAgree reports whether sums count the values up to each bound, and which
// one does not.
func countsAgree(sums map[float64]uint64, values []float64) (bound float64, ok bool) {
	for bound, got := range sums {
		for _, v := range values {
			if v <= bound {
				got--
			}
		}
		if got != 0 {
			return bound, false
		}
	}
	return 0, true
}

// TestExplicitBoundsStay shows bounds on after the series that had values there
// is gone.
func TestExplicitBoundsStay(t *testing.T) {
	r := New(Options{})
	i := ranges(t, r, metric.ExponentialLayout{Size: 20})
	i.Observe(3, "x")
	i.Observe(100, "y")
	explicitOf(r.Collect(context.Background()))
	if !i.Delete("y") {
		t.Fatal("there was no series to delete")
	}
	i.Observe(5, "x")
	runtime.GC()
	explicitOf(r.Collect(context.Background()))
	all := explicitOf(r.Collect(context.Background()))
	if want := []float64{4, 8, 16, 32, 64, 128}; len(all) != 1 || !slices.Equal(all[0].Bounds, want) {
		t.Errorf("%d series, %v; want one with the bounds %v", len(all), all, want)
	}
}

// TestExplicitBoundsAgreeWhileValuesCome collects more series than are read at
// once, while each of them sees greater and smaller values all the time.
func TestExplicitBoundsAgreeWhileValuesCome(t *testing.T) {
	r := New(Options{})
	i := ranges(t, r, metric.ExponentialLayout{Size: 160})
	const series = batch + 7
	for s := range series {
		i.Observe(1, strconv.Itoa(s))
	}
	var stop atomic.Bool
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(w)))
			for n := 0; !stop.Load(); n++ {
				i.Observe(drawn(rng, min(1+float64(n)/1e3, 15), true), strconv.Itoa(rng.IntN(series)))
			}
		})
	}
	for range 15 {
		sums := sumByBound(t, explicitOf(r.Collect(context.Background())))
		bounds := make([]float64, 0, len(sums))
		for bound := range sums {
			bounds = append(bounds, bound)
		}
		slices.Sort(bounds)
		for at := 1; at < len(bounds); at++ {
			if low, high := bounds[at-1], bounds[at]; sums[low] > sums[high] {
				t.Errorf("%d up to %v, but %d up to %v", sums[low], low, sums[high], high)
			}
		}
	}
	stop.Store(true)
	writers.Wait()
}
