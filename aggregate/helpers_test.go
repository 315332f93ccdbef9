package aggregate

import (
	"math"
	"math/rand/v2"
	"testing"
)

// laws are what Merge must obey, for one kind of state.
type laws[S any] struct {
	make  func(*rand.Rand) S
	clone func(S) S
	merge func(into, from S) S
	equal func(a, b S) bool
}

// check tries the laws on generated states.
func (l laws[S]) check(t *testing.T) {
	t.Helper()
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 42))
		a, b, c := l.make(random), l.make(random), l.make(random)
		of := func(x, y S) S { return l.merge(l.clone(x), y) }
		if x, y := of(a, b), of(b, a); !l.equal(x, y) {
			t.Fatalf("seed %d: not commutative:\n%+v\n%+v", seed, x, y)
		}
		if x, y := of(of(a, b), c), of(a, of(b, c)); !l.equal(x, y) {
			t.Fatalf("seed %d: not associative:\n%+v\n%+v", seed, x, y)
		}
		var empty S
		if x, y := of(a, l.clone(empty)), of(l.clone(empty), a); !l.equal(x, y) {
			t.Fatalf("seed %d: the empty state changes what it merges with:\n%+v\n%+v", seed, x, y)
		}
	}
}

// near allows for rounding in sums of the values that tests generate.
func near(a, b float64) bool {
	return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b))
}

// wantNoAllocs runs f often enough for memory to have settled, then asserts
// that it allocates nothing.
func wantNoAllocs(t *testing.T, name string, f func()) {
	t.Helper()
	for range 5000 {
		f()
	}
	if n := testing.AllocsPerRun(1000, f); n != 0 {
		t.Errorf("%s allocates %v times", name, n)
	}
}

// notFinite are the values that updates ignore.
var notFinite = []float64{math.NaN(), math.Inf(1), math.Inf(-1)}

// latency returns a value as a request's seconds are distributed.
func latency(random *rand.Rand) float64 { return math.Exp(random.NormFloat64() - 4) }
