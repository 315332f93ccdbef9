package admission

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/naming"
	"github.com/metertree/metertree/policy/tenant"
	"github.com/metertree/metertree/registry"
)

func mustPolicy(t *testing.T, options Options) *Policy {
	t.Helper()
	p, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func definition(name string, keys ...string) registry.Definition {
	return registry.Definition{Descriptor: metric.Descriptor{
		Name: name, Kind: metric.Counter, Keys: keys, Help: "Calls that were made.",
	}}
}

func TestDefinitionsAreJudged(t *testing.T) {
	linter, err := naming.New(naming.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := registry.New(registry.Options{Define: mustPolicy(t, Options{Labels: policy.DefaultLabels(), Naming: linter}).Define})
	tests := []struct {
		d    registry.Definition
		want string
	}{
		{definition("app_calls_total", "operation", "status"), ""},
		{definition("app_calls_total", "user_id"), `"user_id" is forbidden`},
		{definition("app_calls_total", "account_id"), "tenant guard"},
		{definition("app_calls_total", "model_name"), "normaliser"},
		{func() registry.Definition {
			d := definition("app_model_calls_total", "model_name")
			d.KeyBudgets = map[string]int{"model_name": 20}
			return d
		}(), ""},
		{definition("app_le_total", "le"), "rule reserved-label"},
		{func() registry.Definition {
			d := definition("app_other_le_total", "le")
			d.Waivers = []registry.Waiver{{Rule: "reserved-label", Reason: "a bridge exposes it under another name"}}
			return d
		}(), ""},
		{func() registry.Definition {
			d := definition("app_third_le_total", "le")
			d.Waivers = []registry.Waiver{{Rule: "reserved-label"}}
			return d
		}(), "has no reason"},
	}
	for _, tt := range tests {
		_, err := r.Define(tt.d)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s with %v: error %v, want one with %q", tt.d.Name, tt.d.Keys, err, tt.want)
		}
	}
}

func TestAdviceIsLogged(t *testing.T) {
	linter, err := naming.New(naming.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	p := mustPolicy(t, Options{Naming: linter, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	d := definition("app_calls_total")
	d.Help = ""
	if err := p.Define(&d); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "app_calls_total") {
		t.Errorf("log %q, want what the rules advise", log.String())
	}
}

func TestBudgetsOfMetricsAndKeys(t *testing.T) {
	p := mustPolicy(t, Options{Budgets: policy.Budgets{Series: 500, Keys: map[string]int{"peer": 7}}})
	d := definition("app_calls_total", "peer", "operation")
	if err := p.Define(&d); err != nil {
		t.Fatal(err)
	}
	if d.SeriesBudget != 500 || len(d.KeyBudgets) != 1 || d.KeyBudgets["peer"] != 7 {
		t.Errorf("budgets %d and %v, want 500 and 7 peers", d.SeriesBudget, d.KeyBudgets)
	}
	if _, err := New(Options{Budgets: policy.Budgets{Series: -1}}); err == nil {
		t.Error("a negative budget is no error")
	}
}

func TestTheTenantLabelIsChecked(t *testing.T) {
	if _, err := New(Options{TenantLabel: "account id"}); err == nil || !strings.Contains(err.Error(), "account id") {
		t.Errorf("error %v, want one that names the label", err)
	}
}

// guarded is a registry with a tenant guard of a small limit.
type guardedRegistry struct {
	registry *registry.Registry
	policy   *Policy
	now      time.Time
}

func newGuarded(t *testing.T, limit int) *guardedRegistry {
	t.Helper()
	guard, err := tenant.New(tenant.Options{Metrics: policy.Patterns{"app_*"}, Limit: limit, MinStay: time.Minute, Idle: 2 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	g := &guardedRegistry{policy: mustPolicy(t, Options{Labels: policy.DefaultLabels(), Tenants: guard}), now: time.Unix(1e9, 0)}
	g.registry = registry.New(registry.Options{Define: g.policy.Define, Now: func() time.Time { return g.now }})
	t.Cleanup(g.policy.Attach(g.registry))
	return g
}

func (g *guardedRegistry) define(t *testing.T, name string, kind metric.Kind) *registry.Instrument {
	t.Helper()
	d := definition(name, "operation", "account_id")
	d.Kind, d.PerTenant = kind, true
	i, err := g.registry.Define(d)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// sums returns what a collection shows of a metric, in all and by tenant.
func (g *guardedRegistry) sums(name string) (sum int64, byTenant map[string]int64) {
	byTenant = map[string]int64{}
	for f := range g.registry.Collect(context.Background()) {
		if f.Descriptor.Name != name {
			continue
		}
		for p := range f.Points {
			sum += p.Int
			byTenant[p.Labels.Values(nil, f.Keys)[0]] += p.Int
		}
	}
	return sum, byTenant
}

// TestTenantsAddUp lets tenants come and go, each with its own traffic, through
// admissions and evictions: the tenants add up to what was recorded, as long as
// none was released, and those in flight always do.
func TestTenantsAddUp(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	g := newGuarded(t, 3)
	calls, inFlight := g.define(t, "app_calls_total", metric.Counter), g.define(t, "app_in_flight", metric.UpDownCounter)
	var wantCalls, wantInFlight int64
	admitted := map[string]bool{}
	for step := range 600 {
		// The busy ones change all the time.
		busy := step / 40
		for range 50 {
			id := fmt.Sprint("t", busy+rng.IntN(3))
			if rng.IntN(10) == 0 {
				id = fmt.Sprint("t", rng.IntN(1000))
			}
			v := int64(rng.IntN(4))
			calls.AddInt(v, "get", id)
			inFlight.AddInt(v-1, "get", id)
			wantCalls, wantInFlight = wantCalls+v, wantInFlight+v-1
		}
		g.now = g.now.Add(time.Second)
		if step%20 == 0 {
			runtime.GC()
		}
		got, byTenant := g.sums("app_calls_total")
		if got != wantCalls {
			t.Fatalf("step %d: tenants add up to %d calls, want %d", step, got, wantCalls)
		}
		for id := range byTenant {
			admitted[id] = true
		}
		if got, _ := g.sums("app_in_flight"); got != wantInFlight {
			t.Fatalf("step %d: tenants add up to %d in flight, want %d", step, got, wantInFlight)
		}
	}
	if len(admitted) < 6 {
		t.Errorf("%d tenants ever had series, want the busy ones of all times", len(admitted))
	}
}

// TestFloodOfTenants records for a million tenants: memory and series stay
// bounded, and nothing is lost.
func TestFloodOfTenants(t *testing.T) {
	g := newGuarded(t, 10)
	calls := g.define(t, "app_calls_total", metric.Counter)
	for range 100 {
		calls.AddInt(1, "get", "real")
	}
	g.now = g.now.Add(time.Minute)
	g.sums("app_calls_total")
	before := heap()
	const flood = 1_000_000
	for i := range flood {
		calls.AddInt(1, "get", fmt.Sprintf("forged-%d\n\"", i))
		if i%100_000 == 0 {
			g.now = g.now.Add(6 * time.Second)
			calls.AddInt(1, "get", "real")
			g.sums("app_calls_total")
		}
	}
	calls.AddInt(1, "get", strings.Repeat("x", 1<<20))
	if grown := heap() - before; grown > 4<<20 {
		t.Errorf("heap grew by %d bytes, want 4 MiB at most", grown)
	}
	sum, byTenant := g.sums("app_calls_total")
	if want := int64(flood + 100 + 10 + 1); sum != want {
		t.Errorf("tenants add up to %d, want %d", sum, want)
	}
	if len(byTenant) > 2*10+2 {
		t.Errorf("%d tenants shown with a limit of 10", len(byTenant))
	}
	if byTenant["real"] == 0 {
		t.Errorf("the real tenant lost its place to the flood: %v", byTenant)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestMetricsWithoutTenantsHaveOneSeries(t *testing.T) {
	r := registry.New(registry.Options{Define: mustPolicy(t, Options{}).Define})
	d := definition("app_calls_total", "account_id")
	d.PerTenant = true
	i, err := r.Define(d)
	if err != nil {
		t.Fatal(err)
	}
	i.AddInt(1, "a")
	i.AddInt(2, "b")
	series := 0
	for f := range r.Collect(context.Background()) {
		if f.Descriptor.Name == "app_calls_total" {
			for p := range f.Points {
				if series++; p.Labels != `account_id=""` || p.Int != 3 {
					t.Errorf("{%s} is %d, want 3 for nobody", p.Labels, p.Int)
				}
			}
		}
	}
	if series != 1 {
		t.Errorf("%d series, want one", series)
	}
}

func TestDeletedTenantDoesNotComeBack(t *testing.T) {
	g := newGuarded(t, 3)
	calls, inFlight := g.define(t, "app_calls_total", metric.Counter), g.define(t, "app_in_flight", metric.UpDownCounter)
	record := func() {
		for range 50 {
			calls.AddInt(1, "get", "gone")
			inFlight.AddInt(1, "get", "gone")
		}
		g.now = g.now.Add(time.Minute)
		g.sums("app_calls_total")
	}
	record()
	record()
	if _, byTenant := g.sums("app_calls_total"); byTenant["gone"] == 0 {
		t.Fatalf("the tenant never had series: %v", byTenant)
	}
	if n := g.policy.DeleteTenant(g.registry, "gone"); n != 2 {
		t.Errorf("%d series ended, want 2", n)
	}
	record()
	if _, byTenant := g.sums("app_calls_total"); byTenant["gone"] != 0 {
		t.Errorf("the deleted tenant has series: %v", byTenant)
	}
	if sum, byTenant := g.sums("app_in_flight"); sum != 150 || byTenant["gone"] != 0 {
		t.Errorf("%d in flight by %v, want 150 of others than the tenant", sum, byTenant)
	}
}

func TestGaugesThatCannotHaveTenantsAreErrors(t *testing.T) {
	g := newGuarded(t, 3)
	d := definition("app_level", "account_id")
	d.Kind, d.Number, d.PerTenant, d.Fold = metric.Gauge, metric.Float64, true, metric.FoldMax
	if _, err := g.registry.Define(d); err == nil || !strings.Contains(err.Error(), "app_level") {
		t.Errorf("error %v, want one that says why", err)
	}
}
