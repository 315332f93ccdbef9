package aggregate

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// settle takes checkpoints until what changes of range left behind is folded.
func settle(s *Sketch, state *SketchState) {
	s.Checkpoint(state)
	runtime.GC()
	s.Checkpoint(state)
}

func equalBuckets(a, b SketchBuckets) bool {
	return a.First == b.First && slices.Equal(a.Counts, b.Counts)
}

func equalSketches(a, b SketchState) bool {
	return a.Scale == b.Scale && a.Size == b.Size && a.ZeroThreshold == b.ZeroThreshold && a.Zero == b.Zero &&
		near(a.Sum, b.Sum) && equalBuckets(a.Positive, b.Positive) && equalBuckets(a.Negative, b.Negative)
}

// someValues returns values over a range of its own, so that sketches of them
// differ in scale.
func someValues(r *rand.Rand) []float64 {
	values := make([]float64, r.IntN(30))
	spread, middle := r.IntN(30)+1, r.IntN(40)-20
	for i := range values {
		values[i] = math.Ldexp(1-2*r.Float64(), r.IntN(spread)+middle)
		if r.IntN(8) == 0 {
			values[i] = 0
		}
	}
	return values
}

func cloneSketch(s SketchState) SketchState {
	var c SketchState
	c.CopyFrom(&s)
	return c
}

func TestSketchMergeLaws(t *testing.T) {
	laws[SketchState]{
		make: func(r *rand.Rand) SketchState {
			return sketchOf(t, SketchOptions{Size: []int{4, 20, 160}[r.IntN(3)]}, someValues(r)...)
		},
		clone: cloneSketch,
		merge: func(a, b SketchState) SketchState {
			if err := a.Merge(&b); err != nil {
				t.Fatal(err)
			}
			return a
		},
		equal: func(a, b SketchState) bool {
			// The sums cancel out, so they are only as exact as their parts.
			a.Sum, b.Sum = a.Sum/(1<<30), b.Sum/(1<<30)
			return equalSketches(a, b)
		},
	}.check(t)
}

// TestSketchMergeIsTheSketchOfAll checks that merged states are no coarser than
// one sketch of all the values.
func TestSketchMergeIsTheSketchOfAll(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		options := SketchOptions{Size: []int{4, 20, 160}[random.IntN(3)]}
		one, two := someValues(random), someValues(random)
		merged, other := sketchOf(t, options, one...), sketchOf(t, options, two...)
		if err := merged.Merge(&other); err != nil {
			t.Fatal(err)
		}
		if want := sketchOf(t, options, append(one, two...)...); !equalSketches(merged, want) {
			t.Fatalf("seed %d: merged\n%+v, want\n%+v", seed, merged, want)
		}
	}
}

func TestSketchMergeOfDifferentThresholds(t *testing.T) {
	a := sketchOf(t, SketchOptions{ZeroThreshold: 0.25}, 1, 2)
	b := sketchOf(t, SketchOptions{ZeroThreshold: 0.5}, 1)
	before := cloneSketch(a)
	err := a.Merge(&b)
	if err == nil || !strings.Contains(err.Error(), "0.25") || !strings.Contains(err.Error(), "0.5") {
		t.Errorf("error = %v, want one that names both", err)
	}
	if !equalSketches(a, before) {
		t.Errorf("a failed merge changed the state to %+v", a)
	}
	if err := a.Sub(&b); err == nil || !strings.Contains(err.Error(), "0.25") {
		t.Errorf("Sub: error = %v, want one that names both", err)
	}
}

// TestSketchSub checks that what is left is the sketch of what came later, at
// the scale of all, also if that became coarser in between.
func TestSketchSub(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 2))
		options := SketchOptions{Size: 20}
		one, two := someValues(random), someValues(random)
		s := mustNewSketch(t, options)
		var acknowledged, now SketchState
		for _, v := range one {
			s.Observe(v)
		}
		s.Checkpoint(&acknowledged)
		for _, v := range two {
			s.Observe(v)
		}
		s.Checkpoint(&now)
		delta := cloneSketch(now)
		if err := delta.Sub(&acknowledged); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		want := sketchOf(t, options, two...)
		want.Coarsen(now.Scale)
		delta.Sum, want.Sum = delta.Sum/(1<<30), want.Sum/(1<<30)
		if !equalSketches(delta, want) {
			t.Fatalf("seed %d: delta\n%+v, want\n%+v", seed, delta, want)
		}
	}
}

func TestSketchSubOfWhatIsNotEarlier(t *testing.T) {
	tests := []struct {
		name     string
		now, was []float64
		want     string
	}{
		{"finer", []float64{1}, []float64{1, 1e9}, "scale rose"},
		{"zero", []float64{1}, []float64{0}, "zero count"},
		{"positive", []float64{1, 2}, []float64{1, 1}, "positive bucket"},
		{"positive elsewhere", []float64{1}, []float64{1.5}, "positive bucket"},
		{"negative", []float64{-1, -2}, []float64{-1, -1}, "negative bucket"},
	}
	for _, tt := range tests {
		now, was := sketchOf(t, SketchOptions{Size: 4}, tt.now...), sketchOf(t, SketchOptions{Size: 4}, tt.was...)
		before := cloneSketch(now)
		err := now.Sub(&was)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "reset") {
			t.Errorf("%s: error %v, want one with %q and reset", tt.name, err, tt.want)
		}
		if !equalSketches(now, before) {
			t.Errorf("%s: a failed Sub changed the state to %+v", tt.name, now)
		}
	}
}

func TestCoarsenKeepsCountsAndBound(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	values := make([]float64, 500)
	exact := mustExact(t, len(values))
	for i := range values {
		values[i] = 1 + random.Float64()/4
		exact.Observe(values[i])
	}
	var e ExactState
	exact.Checkpoint(&e)
	fine := sketchOf(t, SketchOptions{}, values...)
	for scale := MaxScale; scale >= MinScale; scale-- {
		s := cloneSketch(fine)
		s.Coarsen(scale)
		if s.Scale != scale || s.Count() != 500 {
			t.Errorf("scale %d with %d values, want %d with 500", s.Scale, s.Count(), scale)
		}
		checkQuantiles(t, "coarsened", &s, &e)
	}
	s := cloneSketch(fine)
	s.Coarsen(MinScale - 5)
	if s.Scale != MinScale {
		t.Errorf("scale %d, want %d", s.Scale, MinScale)
	}
	if s.Coarsen(MaxScale); s.Scale != MinScale {
		t.Errorf("scale rose to %d", s.Scale)
	}
}

// TestCheckpointIsTheSameBeforeAndAfterFolding checks that folding what was
// left behind changes no state.
func TestCheckpointIsTheSameBeforeAndAfterFolding(t *testing.T) {
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 8))
		s := mustNewSketch(t, SketchOptions{Size: 20})
		for range 20 {
			for _, v := range someValues(random) {
				s.Observe(v)
			}
		}
		var before, after SketchState
		s.Checkpoint(&before)
		runtime.GC()
		s.Checkpoint(&after)
		s.Checkpoint(&after)
		before.Sum, after.Sum = before.Sum/(1<<30), after.Sum/(1<<30)
		if !equalSketches(before, after) {
			t.Fatalf("seed %d: before\n%+v, after\n%+v", seed, before, after)
		}
	}
}
