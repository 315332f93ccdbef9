package registry

import (
	"fmt"
	"maps"
	"testing"
)

func TestKeyBudgetMergesWhatIsBeyond(t *testing.T) {
	r := New(Options{})
	d := counter("calls_total", "op", "peer")
	d.KeyBudgets = map[string]int{"peer": 2}
	i := define(t, r, d)
	for n := range 5 {
		for range 2 {
			i.AddInt(1, "get", fmt.Sprint("p", n))
			i.AddInt(1, "put", fmt.Sprint("p", n))
		}
	}
	i.AddInt(1, "get", Overflow)
	want := map[string]int64{
		`op="get",peer="p0"`: 2, `op="get",peer="p1"`: 2, `op="get",peer="__overflow__"`: 7,
		`op="put",peer="p0"`: 2, `op="put",peer="p1"`: 2, `op="put",peer="__overflow__"`: 6,
	}
	if got := ints(r, "calls_total"); !maps.Equal(got, want) {
		t.Errorf("shown %v, want %v", got, want)
	}
	if got := ints(r, "metertree_overflow_total")[`key="peer",metric="calls_total"`]; got < 12 {
		t.Errorf("%d merged updates counted, want 12 at least", got)
	}
	// A value whose last series ended makes room.
	i.Delete("get", "p0")
	i.AddInt(1, "get", "p9")
	if got := ints(r, "calls_total")[`op="get",peer="p9"`]; got != 0 {
		t.Errorf("p9 has %d of its own while p0 still has a series", got)
	}
	i.Delete("put", "p0")
	i.AddInt(1, "get", "p9")
	if got := ints(r, "calls_total")[`op="get",peer="p9"`]; got != 1 {
		t.Errorf("p9 has %d of its own, want 1", got)
	}
}

func TestKeyBudgetBoundsEveryKey(t *testing.T) {
	r := New(Options{SeriesBudget: 8})
	d := counter("calls_total", "a", "b")
	d.KeyBudgets = map[string]int{"a": 3, "b": 4}
	i := define(t, r, d)
	const n = 30
	for a := range n {
		for b := range n {
			i.AddInt(1, fmt.Sprint(a), fmt.Sprint(b))
		}
	}
	shown := ints(r, "calls_total")
	if got := total(shown); got != n*n {
		t.Errorf("series add up to %d, want %d", got, n*n)
	}
	if len(shown) > 8+2 {
		t.Errorf("%d series with a budget of 8 and two to merge into", len(shown))
	}
}
