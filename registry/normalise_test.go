package registry

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
)

// guard admits some tenants, and lets all others be one. The label is the last
// of its metrics.
type guard struct {
	admitted  atomic.Pointer[map[string]bool]
	version   atomic.Uint64
	retention time.Duration
	label     string

	mu   sync.Mutex
	seen map[string]int
}

func (g *guard) admit(tenants ...string) {
	set := map[string]bool{Overflow: true}
	for _, t := range tenants {
		set[t] = true
	}
	g.admitted.Store(&set)
	g.version.Add(1)
}

func (g *guard) Version() uint64 { return g.version.Load() }

func (g *guard) Retention() time.Duration { return g.retention }

func (g *guard) SeenLabel() string { return g.label }

func (g *guard) SeenOf(value string) func() { return func() { g.Seen(value) } }

func (g *guard) Seen(value string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen == nil {
		g.seen = map[string]int{}
	}
	g.seen[value]++
}

func (g *guard) Normalise(values []string) {
	if last := len(values) - 1; !(*g.admitted.Load())[values[last]] {
		values[last] = Overflow
	}
}

// guarded are metrics of every kind under one guard.
type guarded struct {
	registry                             *Registry
	guard                                *guard
	counter, histogram, sketch, inFlight *Instrument
	summary, values                      *Instrument
	count, sum                           atomic.Int64
}

func newGuarded(t *testing.T) *guarded {
	// Nothing is released, so that a collection shows all that was recorded.
	g := &guarded{registry: New(Options{}), guard: &guard{retention: time.Hour}}
	g.guard.admit()
	make := func(name string, kind metric.Kind, change func(*Definition)) *Instrument {
		d := counter(name, "op", "tenant")
		d.Kind, d.Normaliser = kind, g.guard
		if kind != metric.Counter {
			d.Number = metric.Float64
		}
		change(&d)
		return define(t, g.registry, d)
	}
	g.counter = make("calls_total", metric.Counter, func(*Definition) {})
	g.inFlight = make("in_flight", metric.UpDownCounter, func(*Definition) {})
	g.histogram = make("sizes", metric.Histogram, func(d *Definition) { d.Bounds = []float64{1, 3} })
	g.sketch = make("ranges", metric.Histogram, func(d *Definition) { d.Exponential.Size = 20 })
	g.summary = make("extremes", metric.Histogram, func(d *Definition) { d.Aggregation = metric.MinMaxSumCount })
	g.values = make("values", metric.Histogram, func(d *Definition) { d.Aggregation, d.ExactLimit = metric.Exact, 100 })
	return g
}

func (g *guarded) update(rng *rand.Rand, bound boundCache) {
	op, tenant := fmt.Sprint("op", rng.IntN(2)), fmt.Sprint("t", rng.IntN(8))
	v := int64(rng.IntN(5))
	if rng.IntN(3) == 0 {
		bound.of(g.counter, op, tenant).AddInt(v)
	} else {
		g.counter.AddInt(v, op, tenant)
	}
	g.inFlight.AddFloat(float64(v), op, tenant)
	for _, h := range []*Instrument{g.histogram, g.sketch, g.summary, g.values} {
		h.Observe(float64(v), op, tenant)
	}
	g.count.Add(1)
	g.sum.Add(v)
}

// boundCache keeps handles, which outlive what they were bound to.
type boundCache map[string]Bound

func (c boundCache) of(i *Instrument, values ...string) Bound {
	key := fmt.Sprint(values)
	if _, known := c[key]; !known {
		c[key] = i.Bind(values)
	}
	return c[key]
}

// check compares what a collection shows with what was recorded.
func (g *guarded) check(t *testing.T, families func(func(*metric.Family) bool)) {
	t.Helper()
	told := &tally{}
	told.addCheckpointOf(families)
	count, sum := g.count.Load(), g.sum.Load()
	want := map[string]int64{"calls_total": sum, "in_flight": sum}
	for _, name := range []string{"sizes", "ranges", "extremes", "values"} {
		want[name+"_sum"], want[name+"_count"] = sum, count
	}
	for name, v := range want {
		if got := told.of(name); got != v {
			t.Fatalf("tenants add up to %d of %s, want %d", got, name, v)
		}
	}
}

// TestTenantsAddUp changes who is admitted all the time and looks at every
// collection: nothing may be missing, nor shown twice.
func TestTenantsAddUp(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	g, bound := newGuarded(t), boundCache{}
	reader := g.registry.NewReader()
	defer reader.Close()
	for range 400 {
		for range rng.IntN(40) {
			g.update(rng, bound)
		}
		switch rng.IntN(4) {
		case 0:
			g.guard.admit(fmt.Sprint("t", rng.IntN(8)), fmt.Sprint("t", rng.IntN(8)))
		case 1:
			runtime.GC() // lets what has ended settle
		}
		g.check(t, g.registry.Collect(context.Background()))
	}
	for f := range g.registry.Collect(context.Background()) {
		series := 0
		for range f.Points {
			series++
		}
		if limit := 2 * (8 + 1); series > limit && f.Descriptor.Scope == nil {
			t.Errorf("%s has %d series, want no more than %d, those of all tenants and of the rest", f.Descriptor.Name, series, limit)
		}
	}
}

// TestTenantsAddUpUnderFire lets writers, a guard and collections run at once.
// In the end a reader was told of everything, and a collection shows it.
func TestTenantsAddUpUnderFire(t *testing.T) {
	g := newGuarded(t)
	var stop atomic.Bool
	var writers, others sync.WaitGroup
	for id := range 3 {
		writers.Go(func() {
			rng, bound := rand.New(rand.NewPCG(1, uint64(id))), boundCache{}
			for range 4000 {
				g.update(rng, bound)
			}
		})
	}
	reader := g.registry.NewReader()
	defer reader.Close()
	told := &tally{}
	take := func() {
		c, err := reader.Checkpoint(context.Background())
		if err != nil {
			t.Error(err)
			return
		}
		told.addCheckpoint(c)
		if err := c.Ack(); err != nil {
			t.Error(err)
		}
	}
	others.Go(func() {
		for !stop.Load() {
			take()
		}
	})
	others.Go(func() {
		rng := rand.New(rand.NewPCG(2, 2))
		for last := int64(0); !stop.Load(); {
			g.guard.admit(fmt.Sprint("t", rng.IntN(8)))
			shown := &tally{}
			shown.addCheckpointOf(g.registry.Collect(context.Background()))
			if now := shown.of("calls_total"); now < last {
				t.Errorf("tenants add up to %d, and before to %d", now, last)
			} else {
				last = now
			}
			runtime.GC()
		}
	})
	writers.Wait()
	stop.Store(true)
	others.Wait()
	g.check(t, g.registry.Collect(context.Background()))
	for range 3 {
		runtime.GC()
		take()
	}
	for _, name := range []string{"calls_total", "sizes_sum", "ranges_sum", "extremes_sum", "values_sum"} {
		if got, want := told.of(name), g.sum.Load(); got != want {
			t.Errorf("reader was told %d of %s, want %d", got, name, want)
		}
	}
}

func TestGaugeOfSeveralTenantsTakesWhatItDeclares(t *testing.T) {
	tests := []struct {
		fold    metric.Fold
		dropped int64
		want    float64
	}{
		{metric.FoldSum, 2, 5},  // what was added; both sets were dropped
		{metric.FoldLast, 0, 9}, // the second set, and what was added since
		{metric.FoldNone, 4, 0},
		{metric.FoldMax, 4, 0},
	}
	for _, tt := range tests {
		r, g := New(Options{}), &guard{}
		g.admit()
		d := counter("level", "tenant")
		d.Kind, d.Number, d.Fold, d.Normaliser = metric.Gauge, metric.Float64, tt.fold, g
		i := define(t, r, d)
		i.SetGauge(7, "a")
		i.AddGauge(2, "b")
		i.SetGauge(6, "b")
		i.AddGauge(3, "a")
		var got float64
		for f := range r.Collect(context.Background()) {
			if f.Descriptor.Name == "level" {
				for p := range f.Points {
					got += p.Float
				}
			}
		}
		dropped := total(ints(r, "metertree_dropped_updates_total"))
		if got != tt.want || dropped != tt.dropped {
			t.Errorf("fold %s: %v with %d dropped, want %v with %d", tt.fold, got, dropped, tt.want, tt.dropped)
		}
	}
}

// TestTenantThatLosesItsPlace follows the series of one tenant of each kind of
// metric, until it has its place again.
func TestTenantThatLosesItsPlace(t *testing.T) {
	now := day(1)
	r := New(Options{Now: func() time.Time { return now }})
	g := &guard{retention: time.Hour}
	g.admit("a", "b")
	tenants := func(name string, kind metric.Kind) *Instrument {
		d := counter(name, "tenant")
		d.Kind, d.Normaliser = kind, g
		return define(t, r, d)
	}
	calls, inFlight := tenants("calls_total", metric.Counter), tenants("in_flight", metric.UpDownCounter)
	check := func(when string, wantCalls, wantInFlight map[string]int64) {
		t.Helper()
		runtime.GC()
		for range 2 { // what has settled shows the same
			if got := ints(r, "calls_total"); !maps.Equal(got, wantCalls) {
				t.Errorf("%s: calls %v, want %v", when, got, wantCalls)
			}
			if got := ints(r, "in_flight"); !maps.Equal(got, wantInFlight) {
				t.Errorf("%s: in flight %v, want %v", when, got, wantInFlight)
			}
		}
	}
	record := func(v int64) {
		calls.AddInt(v, "a")
		inFlight.AddInt(v, "a")
	}
	const a, rest = `tenant="a"`, `tenant="__overflow__"`
	record(5)
	check("admitted", map[string]int64{a: 5}, map[string]int64{a: 5})
	g.admit("b")
	check("evicted", map[string]int64{a: 5}, map[string]int64{rest: 5})
	record(2)
	check("late update", map[string]int64{a: 5, rest: 2}, map[string]int64{rest: 7})
	g.admit("a")
	record(4)
	check("admitted again", map[string]int64{a: 9, rest: 2}, map[string]int64{a: 4, rest: 7})
	g.admit()
	now = now.Add(59 * time.Minute)
	check("evicted again", map[string]int64{a: 9, rest: 2}, map[string]int64{rest: 11})
	now = now.Add(2 * time.Hour)
	check("released", map[string]int64{rest: 2}, map[string]int64{rest: 11})
	g.admit("a")
	record(1)
	check("back after its release", map[string]int64{a: 1, rest: 2}, map[string]int64{a: 1, rest: 11})
}

func TestNormaliserIsToldOfUpdates(t *testing.T) {
	r, g := New(Options{}), &guard{label: "tenant"}
	g.admit("a", "b")
	d := counter("calls_total", "op", "tenant")
	d.Normaliser = g
	i := define(t, r, d)
	bound := i.Bind([]string{"op", "b"})
	for range 4 {
		i.AddInt(1, "op", "a")
		bound.AddInt(1)
	}
	ints(r, "calls_total")
	if want := map[string]int{"a": 4, "b": 2}; !maps.Equal(g.seen, want) {
		t.Errorf("told of %v, want %v: one for each update, one for binding a handle, and one for its use", g.seen, want)
	}
}

func TestCallbackValuesThatBecomeOneAreMerged(t *testing.T) {
	tests := []struct {
		name string
		kind metric.Kind
		fold metric.Fold
		want float64
	}{
		{"total", metric.Counter, metric.FoldNone, 12},
		{"sum", metric.Gauge, metric.FoldSum, 12},
		{"min", metric.Gauge, metric.FoldMin, 2},
		{"max", metric.Gauge, metric.FoldMax, 7},
		{"last", metric.Gauge, metric.FoldLast, 2},
		{"none", metric.Gauge, metric.FoldNone, 3},
	}
	for _, tt := range tests {
		r, g := New(Options{}), &guard{}
		g.admit("own")
		d := counter(tt.name, "tenant")
		d.Kind, d.Number, d.Fold, d.Normaliser = tt.kind, metric.Float64, tt.fold, g
		err := r.DefineFunc(d, func(o *Observer) {
			o.Float(3, "a")
			o.Float(100, "own")
			o.Float(7, "b")
			o.Float(2, "c")
		})
		if err != nil {
			t.Fatal(err)
		}
		shown := map[string]float64{}
		for f := range r.Collect(context.Background()) {
			if f.Descriptor.Name == tt.name {
				for p := range f.Points {
					shown[p.Labels.String()] = p.Float
				}
			}
		}
		want := map[string]float64{`tenant="__overflow__"`: tt.want, `tenant="own"`: 100}
		if !maps.Equal(shown, want) {
			t.Errorf("%s: shown %v, want %v", tt.name, shown, want)
		}
	}
}

func TestDeleteWhere(t *testing.T) {
	r := New(Options{})
	a, b := define(t, r, counter("a_total", "op", "tenant")), define(t, r, counter("b_total", "tenant"))
	for _, tenant := range []string{"x", "y"} {
		a.AddInt(1, "get", tenant)
		a.AddInt(1, "put", tenant)
		b.AddInt(1, tenant)
	}
	if n := r.DeleteWhere("tenant", "x"); n != 3 {
		t.Errorf("%d series ended, want 3", n)
	}
	if total(ints(r, "a_total")) != 2 || total(ints(r, "b_total")) != 1 {
		t.Error("series of the other tenant are not as they were")
	}
}
