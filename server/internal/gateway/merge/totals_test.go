package merge

import (
	"testing"
	"time"
)

func TestTotalsAreExact(t *testing.T) {
	for seed := range uint64(15) {
		w := newWorld(seed, New(DefaultSettings()))
		for _, f := range forms {
			for range 3 {
				w.instances++
				w.spawn(f, w.instances)
			}
		}
		for range 3000 {
			w.step(t)
		}
		w.settle(t)
		w.check(t)
		w.drain(t)
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

// Processes of one identity at the same time, told apart by their starts alone.
func TestTotalsAreExactWithoutInstances(t *testing.T) {
	for seed := range uint64(8) {
		w := newWorld(seed, New(DefaultSettings()))
		for _, f := range forms {
			if f.delta {
				continue // nobody can tell theirs apart
			}
			for range 4 {
				w.now++
				w.spawn(f, 1)
			}
		}
		for range 2000 {
			w.step(t)
		}
		w.settle(t)
		w.check(t)
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

// Totals of which only some say when their process began.
func TestTotalsAreExactWithoutSomeStarts(t *testing.T) {
	for seed := range uint64(10) {
		w := newWorld(seed, New(DefaultSettings()))
		w.startless = true
		for _, f := range forms {
			if !f.delta {
				w.instances++
				w.spawn(f, w.instances)
			}
		}
		for range 2000 {
			w.step(t)
		}
		w.settle(t)
		w.check(t)
		w.drain(t)
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

// Streams that were forgotten go on from their fingerprints.
func TestTotalsAreExactAcrossSilence(t *testing.T) {
	for seed := range uint64(8) {
		w := newWorld(seed, New(DefaultSettings()))
		for _, f := range forms[:4] {
			for range 3 {
				w.instances++
				w.spawn(f, w.instances)
			}
		}
		for range 10 {
			for range 200 {
				w.step(t)
			}
			w.settle(t)
			w.now += int64(20 * time.Minute)
			w.state.Advance(w.now)
			for _, p := range w.processes {
				p.sent, p.reported = nil, nil // a delta that is repeated that late is refused
			}
			if size := w.state.Size(); size.Streams != 0 || size.Sources != 0 || size.Fingerprints == 0 {
				t.Fatalf("after silence: %+v", size)
			}
		}
		w.settle(t)
		w.check(t)
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}
