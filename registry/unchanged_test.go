package registry

import (
	"slices"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

// listing defines a callback that gives the names of all metrics and ratios, and
// returns how often it had to list them.
func listing(t *testing.T, r *Registry) (listed *int) {
	t.Helper()
	listed = new(int)
	err := r.DefineFunc(Definition{Descriptor: metric.Descriptor{
		Name: "list", Kind: metric.Gauge, Keys: []string{"name"}, Fold: metric.FoldSum,
	}}, func(o *Observer) {
		if o.Unchanged() {
			return
		}
		*listed++
		for d := range r.Declarations() {
			o.Float(1, d.Name)
		}
		for ratio := range r.Ratios() {
			o.Float(1, ratio.Name)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return listed
}

// names returns the label values of the points of "list".
func names(t *testing.T, families []*metric.Family) (all []string) {
	t.Helper()
	for _, f := range families {
		if f.Descriptor.Name != "list" {
			continue
		}
		for p := range f.Points {
			if p.Float != 1 {
				t.Errorf("%s is %v, want 1", p.Labels, p.Float)
			}
			all = append(all, p.Labels.Values(nil, f.Keys)...)
			*p = metric.Point{Float: 7} // as a reader may
		}
	}
	return all
}

func TestUnchangedUntilDefinitionsChange(t *testing.T) {
	now := time.Unix(1000, 0)
	r := New(Options{Now: func() time.Time { return now }})
	listed := listing(t, r)
	counter := func(name string, renames ...policy.Rename) *Instrument {
		i, err := r.Define(Definition{
			Descriptor: metric.Descriptor{Name: name, Kind: metric.Counter, Keys: []string{"status"}}, Renames: renames,
		})
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	rd := r.NewReader()
	defer rd.Close()
	check := func(what string, changed bool, name string, want bool) {
		t.Helper()
		before := *listed
		for range 3 {
			all := names(t, slices.Collect(r.Collect(t.Context())))
			c, err := rd.Checkpoint(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if deltas := names(t, slices.Collect(c.Families())); !slices.Equal(deltas, all) {
				t.Errorf("%s: the reader has %q, a collection %q", what, deltas, all)
			}
			if slices.Contains(all, name) != want || !slices.IsSorted(all) {
				t.Errorf("%s: %q in %q is not %v", what, name, all, want)
			}
		}
		if made := *listed - before; changed && made != 1 || !changed && made != 0 {
			t.Errorf("%s: listed %d times", what, made)
		}
	}
	check("first", true, "list", true)
	a := counter("a_total")
	check("a metric more", true, "a_total", true)
	a.AddInt(1, "ok")
	check("a series more", false, "a_total", true)
	if err := r.DefineRatio(metric.Ratio{Name: "a_ratio",
		Numerator:   metric.Selection{Metric: "a_total", Matchers: metric.Matchers{{Label: "status", Values: []string{"ok"}}}},
		Denominator: metric.Selection{Metric: "a_total"},
	}); err != nil {
		t.Fatal(err)
	}
	check("a ratio more", true, "a_ratio", true)
	a.Close()
	check("a metric less", true, "a_ratio", false)
	counter("new_total", policy.Rename{Old: "old_total", New: "new_total", Since: now.Add(time.Hour), Until: now.Add(2 * time.Hour)})
	check("a renamed metric", true, "new_total", false)
	now = now.Add(time.Hour)
	check("both names", true, "new_total", true)
	now = now.Add(time.Hour)
	check("the later name", true, "old_total", false)
}

// What depends on more than definitions is never repeated.
func TestNormalisedCallbacksAreNotRepeated(t *testing.T) {
	r := New(Options{})
	asked := 0
	err := r.DefineFunc(Definition{
		Descriptor: metric.Descriptor{Name: "g", Kind: metric.Gauge, Keys: []string{"k"}, Fold: metric.FoldSum},
		Values:     map[string]func(string) string{"k": func(v string) string { return v }},
	}, func(o *Observer) {
		if o.Unchanged() {
			t.Error("a normalised value is taken for unchanged")
		}
		asked++
		o.Float(float64(asked), "x")
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for f := range r.Collect(t.Context()) {
			for range f.Points {
			}
		}
	}
	if asked != 3 {
		t.Errorf("asked %d times, want 3", asked)
	}
}

// A callback that panics has not given everything, so nothing of it is kept.
func TestPanicIsNotRepeated(t *testing.T) {
	r := New(Options{})
	runs := 0
	err := r.DefineFunc(Definition{Descriptor: metric.Descriptor{
		Name: "g", Kind: metric.Gauge, Keys: []string{"k"}, Fold: metric.FoldSum,
	}}, func(o *Observer) {
		if o.Unchanged() {
			return
		}
		runs++
		o.Float(1, "a")
		if runs == 1 {
			panic("once")
		}
		o.Float(1, "b")
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []int{1, 2, 2} {
		points := 0
		for f := range r.Collect(t.Context()) {
			if f.Descriptor.Name != "g" {
				continue
			}
			for range f.Points {
				points++
			}
		}
		if points != want {
			t.Errorf("collection %d has %d points, want %d", n+1, points, want)
		}
	}
	if runs != 2 {
		t.Errorf("ran to the end of the list %d times, want 2", runs)
	}
}
