package registry

import (
	"strings"
	"testing"
)

func TestLongValuesAreMerged(t *testing.T) {
	r := New(Options{})
	i := define(t, r, counter("calls_total", "op", "prompt"))
	longest := strings.Repeat("x", MaxValueLength)
	i.AddInt(1, "get", longest)
	before := heapBytes()
	for n := range 300 {
		i.AddInt(1, "get", strings.Repeat(string(rune('a'+n%26)), 1<<20))
	}
	if grown := heapBytes() - before; grown > 1<<20 {
		t.Errorf("heap grew by %d bytes", grown)
	}
	shown := ints(r, "calls_total")
	if len(shown) != 2 || shown[`op="get",prompt="`+longest+`"`] != 1 || shown[`op="get",prompt="__overflow__"`] != 300 {
		t.Errorf("%d series, want the longest value that fits and one for 300 updates", len(shown))
	}
	if n := ints(r, "metertree_overflow_total")[`key="prompt",metric="calls_total"`]; n != 300 {
		t.Errorf("%d merged updates counted, want 300", n)
	}
}

func TestLongValuesOfCallbacksAreMerged(t *testing.T) {
	r := New(Options{})
	err := r.DefineFunc(counter("calls_total", "prompt"), func(o *Observer) {
		o.Int(7, strings.Repeat("x", 1<<20))
		o.Int(2, strings.Repeat("y", 1<<20))
	})
	if err != nil {
		t.Fatal(err)
	}
	if shown := ints(r, "calls_total"); shown[`prompt="__overflow__"`] != 9 {
		t.Errorf("shown %d series, want one for values that are too long", len(shown))
	}
}
