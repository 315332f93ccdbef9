package registry

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/metertree/metertree/metric"
)

// guard admits some tenants, and lets all others be one. The label is the last
// of its metrics.
type guard struct {
	admitted atomic.Pointer[map[string]bool]
	version  atomic.Uint64
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
	g := &guarded{registry: New(Options{}), guard: &guard{}}
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
	g.inFlight = make("in_flight", metric.Gauge, func(d *Definition) { d.Fold = metric.FoldSum })
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
	g.inFlight.AddGauge(float64(v), op, tenant)
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
		if series > 2*3 && f.Descriptor.Scope == nil {
			t.Errorf("%s has %d series, want those of two tenants and the rest", f.Descriptor.Name, series)
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
