package aggregate

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

func TestLastValueKeepsTheLast(t *testing.T) {
	var l LastValue
	var state LastValueState
	if l.Checkpoint(&state); !state.At.IsZero() || state.Value != 0 {
		t.Errorf("at first: %+v, want nothing", state)
	}
	at := time.Unix(1_700_000_000, 5)
	for i := range 100 {
		l.Set(float64(i), at.Add(time.Duration(i)))
		l.Checkpoint(&state)
		if state.Value != float64(i) || !state.At.Equal(at.Add(time.Duration(i))) {
			t.Fatalf("after %d: %+v", i, state)
		}
	}
	for _, v := range notFinite {
		l.Set(v, at)
	}
	if l.Checkpoint(&state); state.Value != 99 || l.Dropped() != 3 {
		t.Errorf("value %v with %d dropped, want 99 with 3", state.Value, l.Dropped())
	}
}

// TestLastValueNeverMixesUpTimes has many writers, each of which sets values
// that follow from the time, and a reader that checks it.
func TestLastValueNeverMixesUpTimes(t *testing.T) {
	var l LastValue
	const writers, each = 16, 5000
	var wg sync.WaitGroup
	for id := range writers {
		wg.Go(func() {
			for i := range each {
				n := int64(i*writers + id + 1)
				l.Set(float64(n), time.Unix(0, n))
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		var state LastValueState
		if l.Checkpoint(&state); !state.At.IsZero() && float64(state.At.UnixNano()) != state.Value {
			t.Fatalf("value %v has the time of %d", state.Value, state.At.UnixNano())
		}
	}
	var state LastValueState
	l.Checkpoint(&state)
	if last := state.Value; last <= (each-1)*writers-writers*each/2 {
		t.Errorf("last value %v is not one of the late ones", last)
	}
	for i := range l.slots {
		if taken := l.slots[i].taken.Load(); taken != (uint64(i) == l.current.Load()&lastSlotMask) {
			t.Errorf("slot %d: taken = %v, current is %d", i, taken, l.current.Load()&lastSlotMask)
		}
	}
}

func TestLastValueMergeLaws(t *testing.T) {
	laws[LastValueState]{
		make: func(r *rand.Rand) LastValueState {
			// Few distinct times, so that some are equal.
			return LastValueState{Value: r.NormFloat64(), At: time.Unix(int64(1+r.IntN(3)), 0)}
		},
		clone: func(s LastValueState) LastValueState { return s },
		merge: func(a, b LastValueState) LastValueState { a.Merge(b); return a },
		equal: func(a, b LastValueState) bool { return a == b },
	}.check(t)
}

func TestLastValueMergeKeepsTheLater(t *testing.T) {
	early := LastValueState{Value: 9, At: time.Unix(1, 0)}
	late := LastValueState{Value: -4, At: time.Unix(2, 0)}
	s := early
	if s.Merge(late); s != late {
		t.Errorf("merged = %+v, want %+v", s, late)
	}
	var none LastValueState
	if none.Merge(LastValueState{Value: -4, At: time.Unix(2, 0)}); none.Value != -4 {
		t.Errorf("merged into nothing = %+v, want %+v", none, late)
	}
}

func TestLastValueDoesNotAllocate(t *testing.T) {
	var l LastValue
	var state LastValueState
	at := time.Unix(1, 0)
	wantNoAllocs(t, "Set", func() { l.Set(1, at) })
	wantNoAllocs(t, "Checkpoint", func() { l.Checkpoint(&state) })
}

func BenchmarkLastValue(b *testing.B) {
	var l LastValue
	at := time.Unix(1, 0)
	for b.Loop() {
		l.Set(1, at)
	}
}

func BenchmarkLastValueParallel(b *testing.B) {
	var l LastValue
	at := time.Unix(1, 0)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			l.Set(1, at)
		}
	})
}
