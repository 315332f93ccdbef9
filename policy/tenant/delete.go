package tenant

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// tombstonesPerTenant bounds the tombstones by the limit; beyond it the oldest
// goes.
const tombstonesPerTenant = 16

// Delete takes away the place of a tenant that is gone for good. Its late
// updates go to policy.Overflow, and it is not admitted before Options.Tombstone
// has passed. After Delete returns no call of Current returns the tenant, so
// that the caller can end its series at once; if it had series, the next Rebalance
// reports it among Changes.Deleted, for those who were not asked. A tenant that
// nobody has heard of can be deleted too; one that could never be admitted is not
// remembered.
func (g *Guard) Delete(tenant string, now time.Time) {
	if g == nil || g.traffic == nil || !usable(tenant) {
		return
	}
	tenant = strings.Clone(tenant)
	g.mu.Lock()
	defer g.mu.Unlock()
	next := *g.view.Load()
	next.tombstones = maps.Clone(next.tombstones)
	if next.tombstones == nil {
		next.tombstones = map[string]time.Time{}
	}
	if _, again := next.tombstones[tenant]; !again && len(next.tombstones) >= tombstonesPerTenant*g.options.Limit {
		delete(next.tombstones, oldest(next.tombstones))
	}
	next.tombstones[tenant] = now.Add(g.options.Tombstone)
	shown := len(g.retained)
	g.retained = slices.DeleteFunc(g.retained, func(r retained) bool { return r.tenant == tenant })
	if next.active[tenant] != nil || len(g.retained) < shown {
		next.active = maps.Clone(next.active)
		delete(next.active, tenant)
		next.version++
		g.deleted = append(g.deleted, tenant)
	}
	g.view.Store(&next)
	g.traffic.forget(tenant)
}

func oldest(tombstones map[string]time.Time) (tenant string) {
	for t, until := range tombstones {
		if tenant == "" || until.Before(tombstones[tenant]) {
			tenant = t
		}
	}
	return tenant
}

// buried returns the tombstones that still stand.
func buried(tombstones map[string]time.Time, now time.Time) map[string]time.Time {
	expired := false
	for _, until := range tombstones {
		expired = expired || !now.Before(until)
	}
	if !expired {
		return tombstones
	}
	standing := maps.Clone(tombstones)
	maps.DeleteFunc(standing, func(_ string, until time.Time) bool { return !now.Before(until) })
	return standing
}
