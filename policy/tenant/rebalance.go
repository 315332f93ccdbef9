package tenant

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// Changes is what a Rebalance has decided. The series of each tenant named are
// to be treated in the order of the fields.
type Changes struct {
	// Admitted tenants have series of their own from their next update on. One
	// whose series are still retained goes on counting in them.
	Admitted []string
	// Evicted tenants have lost their place: their updates are resolved to
	// policy.Overflow. Their series are treated as DisposalOf the metric says.
	Evicted []string
	// Released tenants were evicted a while ago: their retained series end as
	// those that are forgotten do.
	Released []string
	// Deleted tenants are gone: all their series end now. Only what those hold
	// that are Carried is added to Overflow, where late updates may take it back.
	Deleted []string
}

// Empty reports whether nothing changed.
func (c Changes) Empty() bool {
	return len(c.Admitted)+len(c.Evicted)+len(c.Released)+len(c.Deleted) == 0
}

// Rebalance takes stock of the traffic and decides anew who is admitted. Call it
// every half minute or so; now must not run backwards. It takes time that grows
// with the limit, not with the number of tenants, and holds no lock that an
// update waits for.
func (g *Guard) Rebalance(now time.Time) Changes {
	if g == nil || g.traffic == nil {
		return Changes{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	last := g.view.Load()
	passed := now.Sub(g.rebalanced)
	if g.rebalanced.IsZero() || passed < 0 {
		passed = 0
	}
	g.rebalanced = now
	b := balance{
		guard:      g,
		now:        now,
		active:     maps.Clone(last.active),
		tombstones: buried(last.tombstones, now),
		changes:    Changes{Deleted: g.deleted},
	}
	if b.active == nil {
		b.active = map[string]*active{}
	}
	g.deleted = nil
	factor := math.Exp2(-passed.Seconds() / g.options.HalfLife.Seconds())
	g.traffic.age(factor)
	counted := b.count(factor, last.activeSampling.weight())
	b.evictIdle()
	b.admit(last.otherSampling)
	g.releaseLocked(now, &b.changes)
	version := last.version
	if len(b.changes.Admitted)+len(b.changes.Evicted) > 0 {
		version++
	}
	g.view.Store(&view{
		version:        version,
		active:         b.active,
		tombstones:     b.tombstones,
		activeSampling: last.activeSampling.after(counted, passed),
		otherSampling:  last.otherSampling.after(g.counted.Swap(0), passed),
	})
	return b.changes
}

// balance is a Rebalance at work; it holds the guard's lock.
type balance struct {
	guard      *Guard
	now        time.Time
	active     map[string]*active
	tombstones map[string]time.Time
	changes    Changes
}

// count adds what updates have counted to the scores of the admitted, and
// returns how many were counted.
func (b *balance) count(factor, weight float64) (counted uint64) {
	for _, a := range b.active {
		updates := a.updates.Swap(0)
		counted += updates
		a.score = a.score*factor + float64(updates)*weight
		if a.touched.Swap(false) {
			a.seen = b.now
		}
	}
	return counted
}

func (b *balance) evictIdle() {
	for _, tenant := range slices.Sorted(maps.Keys(b.active)) {
		if b.now.Sub(b.active[tenant].seen) >= b.guard.options.Idle {
			b.evict(tenant)
		}
	}
}

// admit gives free places to the busiest candidates, and then places of the
// least busy to those that are busier by the margin.
func (b *balance) admit(seen sampling) {
	candidates := slices.DeleteFunc(b.guard.traffic.candidates(nil), func(c candidate) bool {
		_, dead := b.tombstones[c.tenant]
		return dead || b.active[c.tenant] != nil || c.score < seen.least()
	})
	slices.SortFunc(candidates, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(y.score, x.score), strings.Compare(x.tenant, y.tenant))
	})
	for len(candidates) > 0 && len(b.active) < b.guard.options.Limit {
		b.place(candidates[0])
		candidates = candidates[1:]
	}
	for _, weak := range b.weakest(len(candidates)) {
		if candidates[0].score <= weak.score*b.guard.options.Margin {
			return
		}
		b.evict(weak.tenant)
		if weak.score >= negligible {
			b.guard.traffic.put(weak.tenant, weak.score)
		}
		b.place(candidates[0])
		if candidates = candidates[1:]; len(candidates) == 0 {
			return
		}
	}
}

// weakest returns up to n of the admitted that have stayed long enough to be
// replaced, the least busy first.
func (b *balance) weakest(n int) []candidate {
	var weak []candidate
	for tenant, a := range b.active {
		if b.now.Sub(a.admitted) >= b.guard.options.MinStay {
			weak = append(weak, candidate{tenant, a.score})
		}
	}
	slices.SortFunc(weak, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(x.score, y.score), strings.Compare(x.tenant, y.tenant))
	})
	return weak[:min(n, len(weak))]
}

// place admits a candidate.
func (b *balance) place(c candidate) {
	g := b.guard
	g.traffic.forget(c.tenant)
	g.retained = slices.DeleteFunc(g.retained, func(r retained) bool { return r.tenant == c.tenant })
	b.active[c.tenant] = &active{score: c.score, admitted: b.now, seen: b.now}
	b.changes.Admitted = append(b.changes.Admitted, c.tenant)
}

// evict takes away a place.
func (b *balance) evict(tenant string) {
	g := b.guard
	delete(b.active, tenant)
	g.retained = append(g.retained, retained{tenant, b.now.Add(g.options.Retain)})
	b.changes.Evicted = append(b.changes.Evicted, tenant)
}

// releaseLocked lets go of what was retained for long enough, and of the oldest
// beyond as many as may be admitted.
func (g *Guard) releaseLocked(now time.Time, changes *Changes) {
	gone := 0
	for gone < len(g.retained) && (!now.Before(g.retained[gone].until) || len(g.retained)-gone > g.options.Limit) {
		changes.Released = append(changes.Released, g.retained[gone].tenant)
		gone++
	}
	g.retained = slices.Delete(g.retained, 0, gone)
}
