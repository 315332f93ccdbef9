package aggregator

import (
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
)

// stateOf returns the state after some values.
func stateOf(values ...string) DistinctState {
	var d Distinct
	for _, v := range values {
		d.Observe(v)
	}
	var s DistinctState
	d.Checkpoint(&s)
	return s
}

// users returns so many different values.
func users(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = "user" + strconv.Itoa(i)
	}
	return all
}

// TestMergeLaws: the order and grouping in which states are merged make no
// difference, an empty one changes nothing, and neither does what is known.
func TestMergeLaws(t *testing.T) {
	merged := func(states ...DistinctState) DistinctState {
		var all DistinctState
		for _, s := range states {
			all.Merge(&s)
		}
		return all
	}
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 42))
		some := func() DistinctState {
			values := users(2000)
			return stateOf(values[:random.IntN(len(values))]...)
		}
		a, b, c := some(), some(), some()
		if merged(a, b) != merged(b, a) {
			t.Fatalf("seed %d: not commutative", seed)
		}
		if merged(merged(a, b), c) != merged(a, merged(b, c)) {
			t.Fatalf("seed %d: not associative", seed)
		}
		if merged(a, DistinctState{}) != a || merged(DistinctState{}, a) != a {
			t.Fatalf("seed %d: the empty state changes what it merges with", seed)
		}
		if merged(a, a) != a {
			t.Fatalf("seed %d: what is known counts again", seed)
		}
	}
}

// TestMergeIsExact: merging states is the same as one aggregator that saw all.
func TestMergeIsExact(t *testing.T) {
	all := users(10_000)
	left, right := stateOf(all[:7000]...), stateOf(all[3000:]...)
	left.Merge(&right)
	if left != stateOf(all...) {
		t.Error("the state of all values is not that of their parts")
	}
}

// TestCountIsWithinItsError: six times the average error is beyond chance.
func TestCountIsWithinItsError(t *testing.T) {
	bound := 6 * 1.04 / math.Sqrt(size)
	var d Distinct
	var s DistinctState
	seen := 0
	for _, n := range []int{1, 10, 100, 1000, 5000, 10_000, 100_000, 300_000} {
		for ; seen < n; seen++ {
			d.Observe("user" + strconv.Itoa(seen))
			d.Observe("user" + strconv.Itoa(seen/2)) // again
		}
		d.Checkpoint(&s)
		if got := s.Count(); math.Abs(got-float64(n)) > bound*float64(n) {
			t.Errorf("%v different values are counted of %d", got, n)
		}
	}
	if got := new(DistinctState).Count(); got != 0 {
		t.Errorf("no values are counted as %v", got)
	}
}

// TestCountOfFullRegisters is beyond any traffic, and still a number.
func TestCountOfFullRegisters(t *testing.T) {
	var s DistinctState
	for i := range s.registers {
		s.registers[i] = restBits
	}
	before := s.Count()
	s.registers[0] = restBits + 1
	if after := s.Count(); !(after > before) || math.IsInf(after, 0) {
		t.Errorf("nearly full registers count %v, one of them full %v", before, after)
	}
	if got := []uint32{rankOf(0), rankOf(1), rankOf(1 << (restBits - 1)), rankOf(math.MaxUint64)}; got[0] != restBits+1 || got[1] != restBits || got[2] != 1 || got[3] != 1 {
		t.Errorf("ranks are %v", got)
	}
}

// TestManyWritersLoseNothing: the state does not depend on who wrote what when.
func TestManyWritersLoseNothing(t *testing.T) {
	all := users(20_000)
	var d Distinct
	var writers sync.WaitGroup
	for id := range uint64(4) {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(id, 7))
			for _, i := range random.Perm(len(all)) {
				d.Observe(all[i])
			}
		})
	}
	var now, before DistinctState
	for range 100 { // while they write
		d.Checkpoint(&now)
		if grown := now; func() bool { grown.Merge(&before); return grown != now }() {
			t.Fatal("a state has less than the one before")
		}
		before = now
	}
	writers.Wait()
	if d.Checkpoint(&now); now != stateOf(all...) {
		t.Error("values were lost")
	}
}

func TestNothingAllocates(t *testing.T) {
	var d Distinct
	var s DistinctState
	for name, f := range map[string]func(){
		"Observe": func() { d.Observe("user") }, "Checkpoint": func() { d.Checkpoint(&s) },
		"Merge": func() { s.Merge(&s) }, "Count": func() { s.Count() },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	var d Distinct
	for b.Loop() {
		d.Observe("user4711")
	}
}
