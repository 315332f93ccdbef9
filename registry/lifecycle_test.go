package registry

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
)

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

func TestDefinitionsThatConflictAreErrors(t *testing.T) {
	base := func() Definition {
		d := counter("calls_total", "a", "b")
		d.Unit, d.Help, d.Scope = "bytes", "What it is.", []string{"x"}
		return d
	}
	for name, test := range map[string]struct {
		change func(*Definition)
		says   string
	}{
		"kind":    {func(d *Definition) { d.Kind = metric.Gauge }, "kind counter, not gauge"},
		"number":  {func(d *Definition) { d.Number = metric.Float64 }, "number kind int64, not float64"},
		"unit":    {func(d *Definition) { d.Unit = "seconds" }, `unit "bytes", not "seconds"`},
		"fold":    {func(d *Definition) { d.Fold = metric.FoldMax }, "fold none, not max"},
		"labels":  {func(d *Definition) { d.Keys = []string{"a"} }, "labels [a b], not [a]"},
		"scope":   {func(d *Definition) { d.Scope = nil }, "scope [x], not []"},
		"help":    {func(d *Definition) { d.Help = "Other." }, `help "What it is.", not "Other."`},
		"derived": {func(d *Definition) { d.Name, d.Kind = "calls", metric.Histogram; d.Name = "x" }, ""},
	} {
		r := New(Options{})
		define(t, r, base())
		d := base()
		test.change(&d)
		_, err := r.Define(d)
		if test.says == "" {
			if err != nil {
				t.Errorf("%s: %v, want no error", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "calls_total") {
			t.Errorf("%s: error %v, want one that says %q", name, err, test.says)
		}
	}
}

func TestDefineIsIdempotent(t *testing.T) {
	r := New(Options{})
	first := define(t, r, counter("calls_total", "a"))
	if define(t, r, counter("calls_total", "a")) != first {
		t.Error("two equal definitions gave two instruments")
	}
}

func TestExposedNamesAreOwned(t *testing.T) {
	r := New(Options{})
	h := counter("size")
	h.Kind = metric.Histogram
	define(t, r, h)
	if _, err := r.Define(counter("size_count")); err == nil || !strings.Contains(err.Error(), "metric size already is") {
		t.Errorf("defining size_count beside histogram size: error %v, want one that names the owner", err)
	}
}

func TestInvalidDefinitionsAreErrors(t *testing.T) {
	r := New(Options{})
	for says, change := range map[string]func(*Definition){
		`metric name is empty`:                    func(d *Definition) { d.Name = "" },
		`metric name "9lives" has '9'`:            func(d *Definition) { d.Name = "9lives" },
		`label name "__x" starts with two under`:  func(d *Definition) { d.Keys = []string{"__x"} },
		`label name "a-b" has '-' at position 1`:  func(d *Definition) { d.Keys = []string{"a-b"} },
		`label "a" is declared twice`:             func(d *Definition) { d.Keys = []string{"a", "a"} },
		`unit "KiB" has 'K'`:                      func(d *Definition) { d.Unit = "KiB" },
		`unknown kind 9`:                          func(d *Definition) { d.Kind = 9 },
		`label "le" is reserved`:                  func(d *Definition) { d.Kind, d.Keys = metric.Histogram, []string{"le"} },
		`bucket bound 1 at position 1 does not`:   func(d *Definition) { d.Kind, d.Bounds = metric.Histogram, []float64{2, 1} },
		`bucket bound NaN at position 0 is not f`: func(d *Definition) { d.Kind, d.Bounds = metric.Histogram, []float64{nan} },
	} {
		d := counter("calls_total")
		change(&d)
		if _, err := r.Define(d); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want one that says %s", err, says)
		}
	}
}

func TestInstrumentWithoutKeysShowsZero(t *testing.T) {
	r := New(Options{})
	define(t, r, counter("calls_total"))
	if got := ints(r, "calls_total"); len(got) != 1 || got[""] != 0 {
		t.Errorf("shown %v, want one series at zero", got)
	}
}

func TestDeletedSeriesComesBackFromZero(t *testing.T) {
	now := time.Unix(1000, 0)
	r := New(Options{Now: func() time.Time { return now }})
	i := define(t, r, counter("calls_total", "a"))
	bound := i.Bind([]string{"x"})
	bound.AddInt(5)
	i.AddInt(7, "y")
	if !i.Delete("x") || i.Delete("x") || i.Delete("never") || i.Delete() {
		t.Error("Delete must report whether there was a series")
	}
	if got := fmt.Sprint(ints(r, "calls_total")); got != `map[a="y":7]` {
		t.Errorf("after the deletion: %s", got)
	}
	now = time.Unix(2000, 0)
	bound.AddInt(1)
	bound.AddInt(1)
	i.AddInt(1, "x")
	for f := range r.Collect(context.Background()) {
		for p := range f.Points {
			if p.Labels == `a="x"` && (p.Int != 3 || p.Start.Unix() != 2000) {
				t.Errorf("the series is back with %d since %v, want 3 since 2000", p.Int, p.Start.Unix())
			}
		}
	}
}

func TestCloseFreesTheNameAndCountsLaterUpdates(t *testing.T) {
	r := New(Options{})
	i := define(t, r, counter("calls_total", "a"))
	bound := i.Bind([]string{"x"})
	bound.AddInt(5)
	if !i.Enabled() {
		t.Error("a live instrument says it is not enabled")
	}
	i.Close()
	if i.Enabled() {
		t.Error("a closed instrument says it is enabled")
	}
	bound.AddInt(1)
	i.AddInt(1, "x")
	if got := ints(r, "calls_total"); len(got) != 0 {
		t.Errorf("a closed metric shows %v", got)
	}
	if got := ints(r, "metertree_dropped_updates_total"); got[`metric="calls_total",reason="closed"`] != 2 {
		t.Errorf("drops %v, want 2 for a closed metric", got)
	}
	d := counter("calls_total", "other")
	d.Kind = metric.UpDownCounter
	define(t, r, d).AddInt(1, "x")
	if got := ints(r, "calls_total"); got[`other="x"`] != 1 {
		t.Errorf("the name was not freed: %v", got)
	}
}

func TestMonotonicGaugeNeverFallsWhileItLives(t *testing.T) {
	r := New(Options{ForgetAfter: 2})
	d := counter("mark", "a")
	d.Kind, d.Number, d.Monotonic = metric.Gauge, metric.Float64, true
	i := define(t, r, d)
	value := func() float64 {
		for f := range r.Collect(context.Background()) {
			for p := range f.Points {
				if f.Descriptor.Name == "mark" {
					return p.Float
				}
			}
		}
		return -1
	}
	i.SetGauge(5, "x")
	i.SetGauge(3, "x")
	i.AddGauge(-1, "x")
	i.SetGauge(nan, "x")
	i.AddGauge(2, "x")
	i.SetGauge(7, "x")
	if got := value(); got != 7 {
		t.Errorf("value %v, want 7", got)
	}
	drops := ints(r, "metertree_dropped_updates_total")
	if drops[`metric="mark",reason="negative"`] != 2 || drops[`metric="mark",reason="not_finite"`] != 1 {
		t.Errorf("drops %v, want two decreases and one that is not finite", drops)
	}
	bound := i.Bind([]string{"x"})
	bound.Unpin()
	i.Delete("x")
	bound.SetGauge(1)
	if got := value(); got != 1 {
		t.Errorf("after its deletion the gauge starts with %v, want 1", got)
	}
	for range 4 {
		value()
	}
	if got := value(); got != -1 {
		t.Errorf("an idle gauge still shows %v", got)
	}
	if _, err := r.Define(Definition{Descriptor: metric.Descriptor{Name: "c_total", Kind: metric.Counter, Monotonic: true}}); err == nil {
		t.Error("a counter was declared monotonic")
	}
}

func TestPanickingCallbackLosesOnlyItself(t *testing.T) {
	r := New(Options{})
	define(t, r, counter("calls_total")).AddInt(3)
	d := counter("broken", "a")
	d.Kind, d.Number = metric.Gauge, metric.Float64
	if err := r.DefineFunc(d, func(o *Observer) {
		o.Float(1, "z")
		o.Float(2, "a")
		o.Float(3, "a")
		o.Float(4)
		panic("no")
	}); err != nil {
		t.Fatal(err)
	}
	var points []string
	for f := range r.Collect(context.Background()) {
		for p := range f.Points {
			if f.Descriptor.Name == "broken" {
				points = append(points, fmt.Sprint(p.Labels, p.Float))
			}
		}
	}
	if got, want := fmt.Sprint(points), `[a="a"2 a="z"1]`; got != want {
		t.Errorf("callback gave %s, want %s", got, want)
	}
	drops := ints(r, "metertree_dropped_updates_total")
	if drops[`metric="broken",reason="callback_panicked"`] != 1 || drops[`metric="broken",reason="wrong_arity"`] != 1 {
		t.Errorf("drops %v, want one panic and one wrong arity", drops)
	}
	if ints(r, "calls_total")[""] != 3 {
		t.Error("the other metric is gone")
	}
	if err := r.DefineFunc(d, nil); err == nil {
		t.Error("a second callback of the same name was accepted")
	}
}

func TestHooksRunBeforeEveryCollection(t *testing.T) {
	r := New(Options{})
	c := define(t, r, counter("refreshed_total"))
	hook := r.OnCollect(func(context.Context) { c.AddInt(1) })
	for n := range int64(3) {
		if got := ints(r, "refreshed_total")[""]; got != n+1 {
			t.Errorf("collection %d shows %d", n, got)
		}
	}
	bad := r.OnCollect(func(context.Context) { panic("no") })
	if got := ints(r, "refreshed_total")[""]; got != 4 {
		t.Errorf("beside a hook that panics: %d", got)
	}
	if got := ints(r, "metertree_dropped_updates_total"); got[`metric="(collect hook)",reason="callback_panicked"`] == 0 {
		t.Errorf("a hook's panic was not counted: %v", got)
	}
	r.RemoveHook(bad)
	r.RemoveHook(hook)
	if got := ints(r, "refreshed_total")[""]; got != 5 {
		t.Errorf("a removed hook has run: %d", got)
	}
}

func TestCollectEndsWithItsContext(t *testing.T) {
	r := New(Options{})
	define(t, r, counter("calls_total"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for f := range r.Collect(ctx) {
		t.Errorf("family %s after the context ended", f.Descriptor.Name)
	}
	if _, err := r.NewReader().Checkpoint(ctx); err == nil {
		t.Error("a checkpoint was taken after the context ended")
	}
}

func TestExemplarsAllocateNothingUntilOffered(t *testing.T) {
	now := time.Unix(1000, 0)
	r := New(Options{Now: func() time.Time { return now }})
	d := counter("latency_seconds", "a")
	d.Kind, d.Bounds = metric.Histogram, []float64{1, 2}
	i := define(t, r, d)
	i.Observe(0.5, "x")
	exemplar := func() []*metric.Exemplar {
		for f := range r.Collect(context.Background()) {
			for p := range f.Points {
				if f.Descriptor.Name == "latency_seconds" {
					return p.Exemplars
				}
			}
		}
		return nil
	}
	if exemplar() != nil {
		t.Error("there are exemplars, but none was offered")
	}
	i.ObserveExemplar(1.5, "trace1", "span1", "x")
	i.ObserveExemplar(1.6, "trace2", "span2", "x")
	got := exemplar()
	if len(got) != 3 || got[0] != nil || got[2] != nil || got[1] == nil || got[1].TraceID != "trace1" || got[1].Value != 1.5 {
		t.Fatalf("exemplars %v, want the first one in the second bucket", got)
	}
	now = now.Add(2 * time.Second)
	i.ObserveExemplar(1.7, "trace3", "span3", "x")
	if got := exemplar()[1].TraceID; got != "trace3" {
		t.Errorf("after two seconds the bucket still has %s", got)
	}
}

// TestDeletingOneByOne deletes half of many series, which must cost no more than
// what they are, and leaves the others findable.
func TestDeletingOneByOne(t *testing.T) {
	r := New(Options{SeriesBudget: 20_000})
	i := define(t, r, counter("calls_total", "id"))
	const n = 20_000
	for id := range n {
		i.AddInt(1, fmt.Sprint(id))
	}
	for id := 0; id < n; id += 2 {
		if !i.Delete(fmt.Sprint(id)) {
			t.Fatalf("series %d was not there", id)
		}
		if i.Delete(fmt.Sprint(id)) {
			t.Fatalf("series %d was deleted twice", id)
		}
	}
	for id := range n {
		i.AddInt(1, fmt.Sprint(id))
	}
	for labels, v := range ints(r, "calls_total") {
		var id int
		if _, err := fmt.Sscanf(labels, `id="%d"`, &id); err != nil {
			t.Fatal(err)
		}
		if want := int64(1 + id%2); v != want {
			t.Fatalf("%s is %d, want %d", labels, v, want)
		}
	}
	if dropped := total(ints(r, "metertree_overflow_total")); dropped != 0 {
		t.Errorf("%d updates merged although deleting made room", dropped)
	}
}
