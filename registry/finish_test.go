package registry

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/metertree/metertree/metric"
)

// collectAll collects as an exporter does.
func collectAll(r *Registry) {
	for f := range r.Collect(context.Background()) {
		for range f.Points {
			continue
		}
	}
}

func TestFind(t *testing.T) {
	r := New(Options{})
	i := define(t, r, counter("calls_total", "a", "b"))
	for _, values := range [][]string{{"x", "y"}, {`"`, "\\"}, {"", ""}, {"x", `y",b="y`}} {
		if _, found := i.Find(values...); found {
			t.Errorf("found %q, which was not made", values)
		}
		i.AddInt(1, values...)
		b, found := i.Find(values...)
		if !found {
			t.Fatalf("%q was not found", values)
		}
		b.AddInt(1)
		if again, _ := i.Find(values...); again != b {
			t.Errorf("%q gives another handle each time", values)
		}
		if allocs := testing.AllocsPerRun(100, func() { i.Find(values...) }); allocs != 0 {
			t.Errorf("finding %q allocates %v times", values, allocs)
		}
	}
	if _, found := i.Find("x"); found {
		t.Error("found a series of too few values")
	}
	for labels, n := range ints(r, "calls_total") {
		if n != 2 {
			t.Errorf("%s has %d, want 2", labels, n)
		}
	}
	if got := i.Size(); got != 4 {
		t.Errorf("there are %d series, want 4", got)
	}
	if _, found := (*Instrument)(nil).Find(); found || (*Instrument)(nil).Size() != 0 {
		t.Error("no instrument has a series")
	}
}

func TestFindWhereValuesAreNormalised(t *testing.T) {
	r := New(Options{})
	d := counter("calls_total", "a")
	d.Values = map[string]func(string) string{"a": func(string) string { return "other" }}
	i := define(t, r, d)
	for _, value := range []string{"x", "y"} {
		b, found := i.Find(value)
		if !found {
			t.Fatalf("%q was not found", value)
		}
		b.AddInt(1)
	}
	if got := ints(r, "calls_total"); got[`a="other"`] != 2 {
		t.Errorf("the series are %v, want 2 under other", got)
	}
}

func TestSizeIsOfOneScope(t *testing.T) {
	r := New(Options{})
	for scope, n := range map[string]int{"x": 2, "y": 3} {
		d := counter("calls_total", "a")
		d.Const = metric.Labels{{Name: "scope", Value: scope}}
		i := define(t, r, d)
		for at := range n {
			i.AddInt(1, string(rune('a'+at)))
		}
		if got := i.Size(); got != n {
			t.Errorf("scope %s has %d series, want %d", scope, got, n)
		}
	}
}

// TestSizeBesideUpdates is for the race detector.
func TestSizeBesideUpdates(t *testing.T) {
	r := New(Options{})
	i := define(t, r, counter("calls_total", "a"))
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := range 200 {
			i.AddInt(1, fmt.Sprint(n))
		}
	})
	for range 50 {
		i.Size()
		i.Find("7")
	}
	wg.Wait()
	if got := i.Size(); got != 200 {
		t.Errorf("there are %d series, want 200", got)
	}
}

func TestFinishedSeriesIsShownAndThenForgotten(t *testing.T) {
	for _, kind := range []metric.Kind{metric.Counter, metric.Gauge, metric.Histogram} {
		r := New(Options{})
		d := counter("calls", "a")
		d.Kind = kind
		i := define(t, r, d)
		update := func(b Bound) {
			switch kind {
			case metric.Counter:
				b.AddInt(1)
			case metric.Gauge:
				b.SetGauge(1)
			default:
				b.Observe(1)
			}
		}
		shown := func() bool { return i.Size() == 1 }
		b := i.Bind([]string{"x"})
		update(b)
		b.Finish()
		collectAll(r)
		if !shown() || b.Ended() {
			t.Errorf("%s: the series ended before it was shown", kind)
		}
		update(b)
		collectAll(r)
		if kind != metric.Gauge && !shown() {
			t.Errorf("%s: the series ended although it had changed", kind)
		}
		collectAll(r)
		collectAll(r)
		if kind != metric.Gauge && (shown() || !b.Ended()) {
			t.Errorf("%s: the series is still there", kind)
		}
		update(b)
		collectAll(r)
		if !shown() {
			t.Errorf("%s: an update of the ended series was lost", kind)
		}
	}
	Bound{}.Finish()
	if !(Bound{}).Ended() {
		t.Error("a handle that does nothing has a series")
	}
}
