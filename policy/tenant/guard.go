package tenant

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/policy"
)

// Guard decides which tenants have series of their own. All methods may be
// called from any goroutine; nil is a guard that is off.
type Guard struct {
	options Options
	// view is what updates read. What it points to is immutable but for the
	// counts of the tenants in it.
	view    atomic.Pointer[view]
	traffic *traffic
	// counted is how many updates of tenants that are not admitted were counted
	// since the last Rebalance.
	counted atomic.Uint64

	mu sync.Mutex
	// rebalanced is when Rebalance was last called.
	rebalanced time.Time
	// retained are evicted tenants in the order of their eviction.
	retained []retained
	// deleted are those that had series, and that no Rebalance has reported yet.
	deleted []string
}

// view is an immutable state of the guard.
type view struct {
	// version counts the changes of who is active.
	version uint64
	active  map[string]*active
	// tombstones are deleted tenants with the time until which they are not
	// admitted.
	tombstones map[string]time.Time
	// Of how many updates one is counted, for tenants that are admitted and for
	// others.
	activeSampling, otherSampling sampling
}

// active is a tenant that is admitted.
type active struct {
	// touched and updates are written by updates; updates counts those since
	// the last Rebalance.
	touched atomic.Bool
	updates atomic.Uint64

	// What follows belongs to whoever holds the guard's lock.

	// score is the decayed number of updates.
	score          float64
	admitted, seen time.Time
}

// retained is an evicted tenant whose series are still exposed.
type retained struct {
	tenant string
	until  time.Time
}

// New returns a guard that has admitted nobody.
func New(options Options) (*Guard, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	g := &Guard{options: options}
	g.view.Store(&view{})
	if len(options.Metrics) > 0 {
		g.traffic = newTraffic(options.Limit)
	}
	return g, nil
}

// Covers reports whether a metric may have tenants, if it declares that it
// supports them. The tenant of a metric that may not is the empty value, for
// everybody, so that it has one series where it would have had many.
func (g *Guard) Covers(metric string) bool {
	return g != nil && g.options.Metrics.Match(metric)
}

// Resolve returns the label value for an update of a covered metric that was
// made for the given tenant, and counts the update as the tenant's traffic. It
// neither locks, waits nor allocates. The result is the tenant itself,
// policy.Overflow or policy.Unknown.
func (g *Guard) Resolve(tenant string) string {
	v := g.view.Load()
	if a := v.active[tenant]; a != nil {
		g.count(v, a)
		return tenant
	}
	return g.resolveOther(v, tenant)
}

// count counts an update of a tenant that has a place.
func (g *Guard) count(v *view, a *active) {
	if !a.touched.Load() {
		a.touched.Store(true)
	}
	if v.activeSampling.counts() {
		a.updates.Add(1)
	}
}

// resolveOther is Resolve for a tenant that is not admitted.
func (g *Guard) resolveOther(v *view, tenant string) string {
	switch {
	case tenant == "" || tenant == policy.Unknown:
		return policy.Unknown
	case policy.Reserved(tenant) || g.traffic == nil:
		return policy.Overflow
	case !v.otherSampling.counts():
		return policy.Overflow
	}
	if _, dead := v.tombstones[tenant]; !dead && usable(tenant) {
		g.counted.Add(1)
		g.traffic.count(tenant, v.otherSampling.weight())
	}
	return policy.Overflow
}

// Current returns what Resolve does, and counts nothing. Whoever makes a series
// asks it once more while holding the lock under which series are made, since
// the tenant may have lost its place since Resolve.
func (g *Guard) Current(tenant string) string {
	switch {
	case g.view.Load().active[tenant] != nil:
		return tenant
	case tenant == "" || tenant == policy.Unknown:
		return policy.Unknown
	}
	return policy.Overflow
}

// Tenants returns the admitted tenants, in no order.
func (g *Guard) Tenants() []string {
	if g == nil {
		return nil
	}
	v := g.view.Load()
	tenants := make([]string, 0, len(v.active))
	for tenant := range v.active {
		tenants = append(tenants, tenant)
	}
	return tenants
}

// Full reports whether every place is taken.
func (g *Guard) Full() bool {
	return g == nil || len(g.view.Load().active) >= g.options.Limit
}
