package admission

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/policy/tenant"
	"github.com/metertree/metertree/registry"
)

// rebalanceInterval is the least time between two decisions on who has a place.
const rebalanceInterval = 30 * time.Second

// tenants are the state that all metrics of a guard share.
type tenants struct {
	guard *tenant.Guard
	// version counts the changes of who has a place.
	version atomic.Uint64

	mu         sync.Mutex
	rebalanced time.Time
}

// guarded is the normaliser of one metric.
type guarded struct {
	tenants *tenants
	label   string
	// at is the position of the tenant among the values of all labels.
	at int
}

// Normalise implements registry.Normaliser.
func (g *guarded) Normalise(values []string) { values[g.at] = g.tenants.guard.Current(values[g.at]) }

// Seen implements registry.Normaliser.
func (g *guarded) Seen(value string) { g.tenants.guard.Resolve(value) }

// SeenLabel implements registry.Normaliser.
func (g *guarded) SeenLabel() string { return g.label }

// Version implements registry.Normaliser.
func (g *guarded) Version() uint64 { return g.tenants.version.Load() }

// Retention implements registry.Normaliser.
func (g *guarded) Retention() time.Duration { return g.tenants.guard.Retention() }

// Attach makes collections of the registry decide anew which tenants have a
// place, at most twice a minute. The returned function undoes it.
func (p *Policy) Attach(r *registry.Registry) (detach func()) {
	hook := r.OnCollect(func(context.Context) { p.tenants.rebalance(r.Now()) })
	return func() { r.RemoveHook(hook) }
}

func (t *tenants) rebalance(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.guard == nil || now.Sub(t.rebalanced) < rebalanceInterval {
		return
	}
	t.rebalanced = now
	if !t.guard.Rebalance(now).Empty() {
		t.version.Add(1)
	}
}

// DeleteTenant ends all series of a tenant that is gone for good, and returns
// how many there were. Its late updates count for the tenants beyond the limit.
func (p *Policy) DeleteTenant(r *registry.Registry, tenant string) (ended int) {
	p.tenants.guard.Delete(tenant, r.Now())
	p.tenants.version.Add(1)
	return r.DeleteWhere(p.options.TenantLabel, tenant)
}
