package tenant_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/tenant"
	"github.com/metertree/metertree/registry"
)

var _ registry.Normaliser = (*tenant.Label)(nil)

// TestTotalsInARegistry updates guarded metrics of a real registry, and compares
// the sum over tenants with the number of updates at each collection.
func TestTotalsInARegistry(t *testing.T) {
	const limit = 4
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g, err := tenant.New(tenant.Options{
		Metrics: policy.Patterns{"guarded_*"}, Limit: limit, HalfLife: time.Minute,
		Idle: 3 * time.Minute, MinStay: time.Minute, Retain: 1000 * time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := registry.New(registry.Options{Now: func() time.Time { return now }})
	instrument := func(name string, kind metric.Kind) *registry.Instrument {
		d := registry.Definition{Descriptor: metric.Descriptor{Name: name, Kind: kind, Keys: []string{"operation", "account_id"}}}
		label, err := g.Label(d.Descriptor, "account_id")
		if err != nil {
			t.Fatal(err)
		}
		d.Normaliser = label
		i, err := r.Define(d)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	calls, open := instrument("guarded_calls_total", metric.Counter), instrument("guarded_open", metric.UpDownCounter)
	off := instrument("other_calls_total", metric.Counter)
	rng := rand.New(rand.NewPCG(1, 2))
	var counted, level int64
	seen := map[string]bool{}
	for minute := range 200 {
		for range 100 {
			who, what := "t"+strconv.Itoa(minute/10+rng.IntN(8)), []string{"get", "put"}[rng.IntN(2)]
			calls.AddInt(1, what, who)
			off.AddInt(1, what, who)
			by := int64(rng.IntN(5) - 2)
			open.AddInt(by, what, who)
			counted++
			level += by
		}
		now = now.Add(30 * time.Second)
		changes := g.Rebalance(now)
		for _, who := range changes.Evicted {
			seen[who] = true
		}
		sums, series := collect(r)
		if sums["guarded_calls_total"] != counted || sums["guarded_open"] != level || sums["other_calls_total"] != counted {
			t.Fatalf("minute %d: sums %v, want %d updates and level %d", minute, sums, counted, level)
		}
		if n := series["guarded_open"]; n > 2*(limit+2) {
			t.Fatalf("minute %d: %d up-down counters under a limit of %d tenants", minute, n, limit)
		}
		if n := series["other_calls_total"]; n > 2 {
			t.Fatalf("minute %d: %d series of a metric without tenants", minute, n)
		}
	}
	if len(seen) == 0 {
		t.Error("no tenant was ever evicted")
	}
}

// collect returns the sum over all series, and their number, of each metric.
func collect(r *registry.Registry) (sums map[string]int64, series map[string]int) {
	sums, series = map[string]int64{}, map[string]int{}
	for f := range r.Collect(context.Background()) {
		for p := range f.Points {
			sums[f.Descriptor.Name] += p.Int
			series[f.Descriptor.Name]++
		}
	}
	return sums, series
}

// An idle tenant stays away, although the registry asks about its series.
func TestIdleTenantStaysAway(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g, err := tenant.New(tenant.Options{Metrics: policy.Patterns{"*"}, Idle: time.Minute, Retain: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	r := registry.New(registry.Options{Now: func() time.Time { return now }})
	d := registry.Definition{Descriptor: metric.Descriptor{Name: "calls_total", Kind: metric.Counter, Keys: []string{"account_id"}}}
	label, err := g.Label(d.Descriptor, "account_id")
	if err != nil {
		t.Fatal(err)
	}
	d.Normaliser = label
	calls, err := r.Define(d)
	if err != nil {
		t.Fatal(err)
	}
	calls.AddInt(1, "a")
	g.Rebalance(now)
	calls.AddInt(1, "a")
	for minute := range 10 {
		now = now.Add(time.Minute)
		changes := g.Rebalance(now)
		collect(r)
		if minute > 2 && !changes.Empty() {
			t.Errorf("minute %d: %+v", minute, changes)
		}
	}
	if tenants := g.Tenants(); len(tenants) > 0 {
		t.Errorf("admitted are %q", tenants)
	}
}
