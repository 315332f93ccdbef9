package registry

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/metertree/metertree/metric"
)

func TestIdleSeriesAreForgottenUnlessPinned(t *testing.T) {
	r := New(Options{ForgetAfter: 2})
	i := define(t, r, counter("calls_total", "a"))
	i.Bind([]string{"pinned"}).AddInt(1)
	unpinned := i.Bind([]string{"unpinned"})
	unpinned.AddInt(1)
	unpinned.Unpin()
	keep := counter("kept_total", "a")
	keep.ForgetAfter = -1
	define(t, r, keep).AddInt(1, "x")
	for n := range 6 {
		i.AddInt(1, "busy")
		shown := ints(r, "calls_total")
		_, here := shown[`a="unpinned"`]
		if want := n < 3; here != want {
			t.Errorf("collection %d: idle series shown %t, want %t", n, here, want)
		}
		if shown[`a="pinned"`] != 1 || shown[`a="busy"`] != int64(n+1) {
			t.Errorf("collection %d shows %v", n, shown)
		}
	}
	if got := ints(r, "kept_total"); got[`a="x"`] != 1 {
		t.Error("a metric that keeps idle series has lost one")
	}
	unpinned.AddInt(4)
	if got := ints(r, "calls_total"); got[`a="unpinned"`] != 4 {
		t.Errorf("the series came back with %d, want 4", got[`a="unpinned"`])
	}
}

func TestGaugeThatIsWrittenIsNotIdle(t *testing.T) {
	r := New(Options{ForgetAfter: 1})
	d := counter("level", "a")
	d.Kind, d.Number = metric.Gauge, metric.Float64
	i := define(t, r, d)
	shown := func() (n int) {
		for f := range r.Collect(context.Background()) {
			for range f.Points {
				if f.Descriptor.Name == "level" {
					n++
				}
			}
		}
		return n
	}
	for n := range 5 {
		i.SetGauge(7, "same")
		if shown() != 1 {
			t.Fatalf("collection %d: a gauge that is set to the same value is gone", n)
		}
	}
	shown()
	if shown() != 0 {
		t.Error("a gauge that is no longer set is still there")
	}
}

// TestChurnStaysBounded runs many label sets through an instrument: those that
// are over are forgotten, the total is exact, and memory does not grow.
func TestChurnStaysBounded(t *testing.T) {
	r := New(Options{ForgetAfter: 1, SeriesBudget: 10_000})
	reader := r.NewReader()
	i := define(t, r, counter("calls_total", "session"))
	told := int64(0)
	var before, after runtime.MemStats
	const rounds, each = 25, 4000
	for round := range rounds {
		for n := range each {
			i.AddInt(1, fmt.Sprint("s", round*each+n))
		}
		told += acknowledge(t, reader).of("calls_total")
		runtime.GC()
		if round == 10 {
			runtime.ReadMemStats(&before)
		}
	}
	runtime.ReadMemStats(&after)
	for range 5 {
		runtime.GC()
		told += acknowledge(t, reader).of("calls_total")
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("the heap has grown by %d bytes over %d label sets", grown, (rounds-11)*each)
	}
	if told != int64(rounds*each) {
		t.Errorf("the reader was told %d of %d updates", told, rounds*each)
	}
}
