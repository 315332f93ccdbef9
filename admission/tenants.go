package admission

import (
	"context"
	"sync"
	"time"

	"github.com/metertree/metertree/policy/tenant"
	"github.com/metertree/metertree/registry"
)

// The least time between two decisions on who has a place: while all places are
// taken, and while there are free ones, which new tenants should not wait for.
const (
	fullInterval = 30 * time.Second
	freeInterval = 2 * time.Second
)

// tenants decides from time to time who has a place.
type tenants struct {
	guard *tenant.Guard

	mu         sync.Mutex
	rebalanced time.Time
}

// Attach makes collections of the registry decide anew which tenants have a
// place: at most twice a minute, and more often while there are free places. The returned function undoes it.
func (p *Policy) Attach(r *registry.Registry) (detach func()) {
	hook := r.OnCollect(func(context.Context) { p.tenants.rebalance(r.Now()) })
	return func() { r.RemoveHook(hook) }
}

func (t *tenants) rebalance(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	interval := freeInterval
	if t.guard.Full() {
		interval = fullInterval
	}
	if now.Sub(t.rebalanced) < interval {
		return
	}
	t.rebalanced = now
	// What changed is for those that do not ask about every series.
	t.guard.Rebalance(now)
}

// DeleteTenant ends all series of a tenant that is gone for good, and returns
// how many there were. Its late updates count for the tenants beyond the limit.
func (p *Policy) DeleteTenant(r *registry.Registry, tenant string) (ended int) {
	p.tenants.guard.Delete(tenant, r.Now())
	return r.DeleteWhere(p.options.TenantLabel, tenant)
}
