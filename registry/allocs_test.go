//go:build !race

// The race detector makes pools forget at random, so what they save cannot be
// asserted under it.

package registry

import (
	"context"
	"testing"

	"github.com/metertree/metertree/metric"
)

func TestCollectingAllocatesNothingForAFamily(t *testing.T) {
	r := New(Options{})
	for _, name := range []string{"a_total", "b_total", "c_total", "d_total"} {
		i := define(t, r, counter(name, "k"))
		for _, v := range []string{"x", "y", "z"} {
			i.AddInt(1, v)
		}
	}
	points := 0
	point := func(*metric.Point) bool { points++; return true }
	family := func(f *metric.Family) bool { f.Points(point); return true }
	ctx := context.Background()
	if allocs := testing.AllocsPerRun(100, func() { r.Collect(ctx)(family) }); allocs > 1 {
		t.Errorf("%v allocations for a collection of four families, want at most that of the sequence", allocs)
	}
	if points < 12 {
		t.Errorf("%d points", points)
	}
}

func TestNormalisedUpdatesDoNotAllocate(t *testing.T) {
	g := newGuarded(t)
	g.guard.admit("known")
	g.counter.AddInt(1, "op", "known")
	g.counter.AddInt(1, "op", "unknown")
	if allocs := testing.AllocsPerRun(1000, func() {
		g.counter.AddInt(1, "op", "known")
		g.counter.AddInt(1, "op", "unknown")
	}); allocs > 0 {
		t.Errorf("%v allocations for an update", allocs)
	}
}
