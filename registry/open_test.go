package registry

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

// open returns the definition of an open counter.
func open(name string, keys ...string) Definition {
	d := counter(name, keys...)
	d.Open = true
	return d
}

func TestOpenMetricHasTheLabelsOfAllItsDefinitions(t *testing.T) {
	r := New(Options{})
	define(t, r, open("calls_total", "b")).AddInt(1, "x")
	define(t, r, open("calls_total", "b")).AddInt(1, "w")
	if got := familyKeys(r, "calls_total"); !slices.Equal(got, []string{"b"}) {
		t.Errorf("the labels are %v, want [b]", got)
	}
	scoped := open("calls_total", "c")
	scoped.Const = metric.Labels{{Name: "scope", Value: "s"}}
	define(t, r, scoped).AddInt(2, "y")
	define(t, r, open("calls_total", "a", "b")).AddInt(4, "v", "x")
	define(t, r, open("calls_total")).AddInt(8)
	if got, want := familyKeys(r, "calls_total"), []string{"a", "b", "c", "scope"}; !slices.Equal(got, want) {
		t.Errorf("the labels are %v, want %v", got, want)
	}
	want := map[string]int64{
		`a="",b="",c="",scope=""`:   8,
		`a="",b="",c="y",scope="s"`: 2,
		`a="",b="w",c="",scope=""`:  1,
		`a="",b="x",c="",scope=""`:  1,
		`a="v",b="x",c="",scope=""`: 4,
	}
	got := ints(r, "calls_total")
	if !maps.Equal(got, want) {
		t.Errorf("the series are %v, want %v", got, want)
	}
	for d := range r.Declarations() {
		if d.Name == "calls_total" && len(d.Keys) != 4 {
			t.Errorf("declared with the labels %v", d.Keys)
		}
	}
}

// TestOpenMetricIsOrdered looks at the order of points across definitions, and at
// ending early.
func TestOpenMetricIsOrdered(t *testing.T) {
	r := New(Options{})
	for _, value := range strings.Split("d b a c e", " ") {
		define(t, r, open("calls_total", "a")).AddInt(1, value)
		define(t, r, open("calls_total", "b")).AddInt(1, value)
		define(t, r, open("calls_total", "a", "b")).AddInt(1, value, value)
	}
	var order []string
	for f := range r.Collect(context.Background()) {
		if f.Descriptor.Name != "calls_total" {
			continue
		}
		for p := range f.Points {
			order = append(order, string(p.Labels))
		}
		for range f.Points {
			break
		}
	}
	if len(order) != 15 || !slices.IsSorted(order) {
		t.Errorf("the points come in the order %q", order)
	}
}

func TestOpenMetricIsDefinedTheSameWay(t *testing.T) {
	r := New(Options{})
	define(t, r, open("calls_total", "a"))
	other := open("calls_total", "b")
	other.Unit = "seconds"
	closed := open("calls_total", "b")
	closed.Open = false
	for what, d := range map[string]Definition{"another unit": other, "all labels": closed} {
		if _, err := r.Define(d); err == nil {
			t.Errorf("an open metric was defined again with %s", what)
		}
	}
	define(t, r, counter("jobs_total", "a"))
	if _, err := r.Define(open("jobs_total", "b")); err == nil {
		t.Error("a metric with all of its labels was defined again as an open one")
	}
	if _, err := r.Define(open("calls_total_count", "b")); err != nil {
		t.Errorf("a name that nobody has: %v", err)
	}
}

func TestOpenMetricMayHaveCallbacks(t *testing.T) {
	r := New(Options{})
	for i, scope := range []string{"x", "y"} {
		d := open("seen_total", "a")
		d.Const = metric.Labels{{Name: "scope", Value: scope}}
		read := func(o *Observer) { o.Int(int64(i+1), "v") }
		if err := r.DefineFunc(d, read); err != nil {
			t.Fatal(err)
		}
		if err := r.DefineFunc(d, read); err == nil {
			t.Error("one set of constant labels and keys has two callbacks")
		}
	}
	define(t, r, open("seen_total", "b")).AddInt(4, "w")
	want := map[string]int64{`a="",b="w",scope=""`: 4, `a="v",b="",scope="x"`: 1, `a="v",b="",scope="y"`: 2}
	if got := ints(r, "seen_total"); !maps.Equal(got, want) {
		t.Errorf("the series are %v, want %v", got, want)
	}
}

// TestReaderOfOpenMetric lets labels appear between checkpoints.
func TestReaderOfOpenMetric(t *testing.T) {
	r := New(Options{})
	reader := r.NewReader()
	defer reader.Close()
	var told int64
	for n, keys := range [][]string{{"a"}, {"b"}, {"a", "b"}, {"a"}, {}} {
		i := define(t, r, open("calls_total", keys...))
		i.AddInt(1<<n, make([]string, len(keys))...)
		asked := 0
		c, err := reader.Take(context.Background(), func(d *metric.Descriptor) bool {
			if d.Name == "calls_total" {
				asked++
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if asked != 1 {
			t.Errorf("asked %d times about one metric", asked)
		}
		families := 0
		for f := range c.Families() {
			if f.Descriptor.Name == "calls_total" {
				families++
				for p := range f.Points {
					told += p.Int
					if got := len(p.Labels.Values(nil, f.Keys)); got != len(f.Keys) {
						t.Errorf("a point has %d values of %d labels", got, len(f.Keys))
					}
				}
			}
		}
		if families != 1 {
			t.Errorf("%d families of one name", families)
		}
		if err := c.Ack(); err != nil {
			t.Fatal(err)
		}
	}
	if told != 31 {
		t.Errorf("told %d, want 31", told)
	}
}

func TestOpenMetricIsClosedDefinitionByDefinition(t *testing.T) {
	r := New(Options{})
	a, b := define(t, r, open("calls_total", "a")), define(t, r, open("calls_total", "b"))
	a.AddInt(1, "x")
	b.AddInt(2, "y")
	a.Close()
	if got := ints(r, "calls_total"); !maps.Equal(got, map[string]int64{`a="",b="y"`: 2}) {
		t.Errorf("after one was closed the series are %v", got)
	}
	b.Close()
	define(t, r, counter("calls_total", "c")).AddInt(4, "z")
	if got := ints(r, "calls_total"); !maps.Equal(got, map[string]int64{`c="z"`: 4}) {
		t.Errorf("after the name was used again the series are %v", got)
	}
}

// TestNameOfAnOpenMetricIsUsedAgain lets a name go from a metric with all of its
// labels to an open one and back, before a reader was told.
func TestNameOfAnOpenMetricIsUsedAgain(t *testing.T) {
	r := New(Options{})
	reader := r.NewReader()
	defer reader.Close()
	var told int64
	take := func() {
		c, err := reader.Checkpoint(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		families := 0
		for f := range c.Families() {
			if f.Descriptor.Name != "calls_total" {
				continue
			}
			families++
			seen := map[metric.LabelSet]bool{}
			for p := range f.Points {
				told += p.Int
				if seen[p.Labels] {
					t.Errorf("%s comes twice", p.Labels)
				}
				seen[p.Labels] = true
			}
		}
		if families > 1 {
			t.Errorf("%d families of one name in a checkpoint", families)
		}
		if err := c.Ack(); err != nil {
			t.Fatal(err)
		}
	}
	fixed := define(t, r, counter("calls_total", "a"))
	fixed.AddInt(1, "x")
	take()
	fixed.AddInt(2, "x")
	fixed.Close()
	a, b := define(t, r, open("calls_total", "a")), define(t, r, open("calls_total", "b"))
	a.AddInt(4, "x")
	b.AddInt(8, "x")
	take()
	a.Close()
	define(t, r, open("calls_total", "a")).AddInt(16, "x")
	take()
	b.Close()
	define(t, r, open("calls_total", "a")).Close()
	define(t, r, counter("calls_total", "c")).AddInt(32, "x")
	for range 4 {
		runtime.GC()
		take()
	}
	if told != 63 {
		t.Errorf("told %d, want 63", told)
	}
}

func familyKeys(r *Registry, name string) []string {
	for f := range r.Collect(context.Background()) {
		if f.Descriptor.Name == name {
			return f.Keys
		}
	}
	return nil
}
