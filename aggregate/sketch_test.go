package aggregate

import (
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

func mustNewSketch(t testing.TB, options SketchOptions) *Sketch {
	t.Helper()
	s, err := NewSketch(options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sketchOf returns the state of a sketch of the given values.
func sketchOf(t testing.TB, options SketchOptions, values ...float64) SketchState {
	t.Helper()
	s := mustNewSketch(t, options)
	for _, v := range values {
		s.Observe(v)
	}
	var state SketchState
	s.Checkpoint(&state)
	return state
}

func TestNewSketchRejects(t *testing.T) {
	tests := []struct {
		options SketchOptions
		want    string
	}{
		{SketchOptions{Size: 3}, "3 buckets"},
		{SketchOptions{Size: -1}, "-1 buckets"},
		{SketchOptions{Size: 1 << 20}, "1048576 buckets"},
		{SketchOptions{ZeroThreshold: -1}, "threshold -1"},
		{SketchOptions{ZeroThreshold: math.NaN()}, "threshold NaN"},
		{SketchOptions{ZeroThreshold: math.Inf(1)}, "threshold +Inf"},
	}
	for _, tt := range tests {
		if _, err := NewSketch(tt.options); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("NewSketch(%+v): error %v, want one with %q", tt.options, err, tt.want)
		}
	}
}

func TestEmptySketch(t *testing.T) {
	s := sketchOf(t, SketchOptions{})
	if s.Count() != 0 || s.Scale != MaxScale || s.Size != DefaultSketchSize || s.ZeroThreshold != DefaultZeroThreshold {
		t.Errorf("%+v, want an empty state of the defaults", s)
	}
}

func TestSketchIgnoresWhatIsNotFinite(t *testing.T) {
	s := mustNewSketch(t, SketchOptions{})
	for _, v := range append([]float64{1, 2}, notFinite...) {
		s.Observe(v)
	}
	var state SketchState
	s.Checkpoint(&state)
	if state.Count() != 2 || state.Sum != 3 || state.Scale != 7 || s.Dropped() != 3 {
		t.Errorf("%+v with %d dropped, want 2 values and 3 dropped", state, s.Dropped())
	}
}

func TestSketchBucketsAreOpenTelemetrys(t *testing.T) {
	// At scale 0, bucket i holds what exceeds 2^i up to 2^(i+1).
	s := sketchOf(t, SketchOptions{Size: 10}, 0.25, 0.5, 1, 2, 2.5, 4, 100, 128, -3, -4, 0, 0x1p-200)
	if s.Scale != 0 || s.Zero != 2 {
		t.Fatalf("scale %d with %d zeros, want 0 with 2", s.Scale, s.Zero)
	}
	for index, want := range map[int]uint64{-4: 0, -3: 1, -2: 1, -1: 1, 0: 1, 1: 2, 6: 2, 7: 0} {
		if got := s.Positive.at(index); got != want {
			t.Errorf("positive bucket %d = %d, want %d", index, got, want)
		}
	}
	if got := s.Negative.at(1); got != 2 {
		t.Errorf("negative bucket 1 = %d, want 2", got)
	}
	if low, high := SketchBound(0, 6), SketchBound(0, 7); low != 64 || high != 128 {
		t.Errorf("bounds of bucket 6 = %v, %v, want 64, 128", low, high)
	}
}

func TestDocumentedPrecision(t *testing.T) {
	tests := []struct{ high, want float64 }{{900, 0.022}, {900_000, 0.044}}
	for _, tt := range tests {
		s := sketchOf(t, SketchOptions{}, 1, tt.high)
		if got := s.RelativeError(); got > tt.want {
			t.Errorf("from 1 to %v: relative error %v, want at most %v", tt.high, got, tt.want)
		}
	}
	s := sketchOf(t, SketchOptions{Size: 132, ZeroThreshold: math.SmallestNonzeroFloat64},
		2*math.SmallestNonzeroFloat64, math.MaxFloat64)
	if s.Scale < -4 {
		t.Errorf("scale of all there is = %d, want at least -4", s.Scale)
	}
}

func TestRelativeErrorFollowsFromBase(t *testing.T) {
	for scale := -4; scale <= MaxScale; scale++ {
		base := math.Exp2(math.Exp2(float64(-scale)))
		got := (&SketchState{Scale: scale}).RelativeError()
		if want := (base - 1) / (base + 1); math.Abs(got-want) > 1e-12*want {
			t.Errorf("scale %d: %v, want %v", scale, got, want)
		}
	}
}

// sources generate values of many shapes.
var sources = map[string]func(*rand.Rand) float64{
	"latency":  latency,
	"uniform":  func(r *rand.Rand) float64 { return 1 + r.Float64() },
	"integers": func(r *rand.Rand) float64 { return float64(r.IntN(50)) },
	"signed":   func(r *rand.Rand) float64 { return r.NormFloat64() * 1000 },
	"pareto":   func(r *rand.Rand) float64 { return math.Pow(1-r.Float64(), -3) },
	"powers":   func(r *rand.Rand) float64 { return math.Ldexp(1, r.IntN(40)-20) },
	"all there is": func(r *rand.Rand) float64 {
		return math.Ldexp(1-2*r.Float64(), r.IntN(2000)-1000)
	},
	"subnormal": func(r *rand.Rand) float64 { return math.Ldexp(1, -1074) * float64(1+r.IntN(1000)) },
}

// TestSketchQuantileError holds every quantile of generated values to the
// stated bound, against the exact quantile of the same values.
func TestSketchQuantileError(t *testing.T) {
	for name, source := range sources {
		for _, size := range []int{4, 20, 160, 1000} {
			random := rand.New(rand.NewPCG(uint64(size), 3))
			sketch := mustNewSketch(t, SketchOptions{Size: size, ZeroThreshold: math.SmallestNonzeroFloat64})
			exact := mustExact(t, 2000)
			for range 2000 {
				v := source(random)
				sketch.Observe(v)
				exact.Observe(v)
			}
			var s SketchState
			var e ExactState
			sketch.Checkpoint(&s)
			exact.Checkpoint(&e)
			checkQuantiles(t, name, &s, &e)
		}
	}
}

func checkQuantiles(t *testing.T, name string, s *SketchState, e *ExactState) {
	t.Helper()
	for i := range 201 {
		q := float64(i) / 200
		want, err := e.Quantile(q)
		if err != nil {
			t.Fatal(err)
		}
		got := s.Quantile(q)
		if off := math.Abs(got - want); off > s.RelativeError()*math.Abs(want)*(1+1e-9)+s.ZeroThreshold {
			t.Errorf("%s, size %d, scale %d: %v-quantile = %v, want %v within %v",
				name, s.Size, s.Scale, q, got, want, s.RelativeError())
		}
	}
}

// TestSketchLosesNothing has writers spread values out, so that the sketch
// becomes wider and coarser all the time, while a reader takes checkpoints.
func TestSketchLosesNothing(t *testing.T) {
	s := mustNewSketch(t, SketchOptions{Size: 32})
	const writers, each = 4, 20_000
	var wg sync.WaitGroup
	for id := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(id), 9))
			for i := range each {
				s.Observe(math.Ldexp(1-2*random.Float64(), random.IntN(1+i/100)-i/300))
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var total, last, now, delta SketchState
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		s.Checkpoint(&now)
		delta.CopyFrom(&now)
		if err := delta.Sub(&last); err != nil {
			t.Fatal(err)
		}
		if err := total.Merge(&delta); err != nil {
			t.Fatal(err)
		}
		last.CopyFrom(&now)
	}
	if now.Count() != writers*each {
		t.Errorf("count = %d, want %d", now.Count(), writers*each)
	}
	if !equalSketches(total, now) {
		t.Errorf("the deltas add up to\n%+v, want\n%+v", total, now)
	}
}

func TestSketchDoesNotAllocate(t *testing.T) {
	s := mustNewSketch(t, SketchOptions{})
	random := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 1024)
	for i := range values {
		values[i] = latency(random)
		s.Observe(values[i])
	}
	i := 0
	wantNoAllocs(t, "Observe", func() { s.Observe(values[i%len(values)]); i++ })
	var state, sum SketchState
	settle(s, &state)
	wantNoAllocs(t, "Checkpoint", func() { s.Checkpoint(&state) })
	wantNoAllocs(t, "Merge", func() {
		if err := sum.Merge(&state); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkSketch(b *testing.B) {
	s, values := benchSketch(b)
	i := 0
	for b.Loop() {
		s.Observe(values[i%len(values)])
		i++
	}
}

func BenchmarkSketchParallel(b *testing.B) {
	s, values := benchSketch(b)
	b.RunParallel(func(pb *testing.PB) {
		i := 0
		for pb.Next() {
			s.Observe(values[i%len(values)])
			i++
		}
	})
}

func BenchmarkSketchCheckpoint(b *testing.B) {
	s, _ := benchSketch(b)
	var state SketchState
	for b.Loop() {
		s.Checkpoint(&state)
	}
}

func benchSketch(b *testing.B) (*Sketch, *[4096]float64) {
	s := mustNewSketch(b, SketchOptions{})
	random := rand.New(rand.NewPCG(1, 1))
	var values [4096]float64
	for i := range values {
		values[i] = latency(random)
	}
	for range 4 {
		for _, v := range values {
			s.Observe(v)
		}
	}
	var state SketchState
	settle(s, &state)
	return s, &values
}
