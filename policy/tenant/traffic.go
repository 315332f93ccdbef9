package tenant

import (
	"hash/maphash"
	"sync"
	"unicode"
	"unicode/utf8"
)

// ways is how many tenants each group counts.
const ways = 8

// traffic counts the updates of tenants that are not admitted: Space-Saving in
// groups. Its memory is fixed when it is made.
type traffic struct {
	seed   maphash.Seed
	groups []group
}

// group counts up to ways tenants. Whoever finds it locked does not count: what
// is lost is a little of an estimate.
type group struct {
	mu       sync.Mutex
	counters [ways]counter
}

// counter counts one tenant. Its tenant's bytes are copied, since a string could
// keep alive something much larger.
type counter struct {
	hash uint64
	// count is what the tenant has had at most; inherited of it may have been
	// another's. Neither is more than 0 if the counter is free.
	count, inherited float64
	length           uint8
	tenant           [MaxTenant]byte
}

// perTenant is how many counters there are for each admitted tenant.
const perTenant = 16

func newTraffic(limit int) *traffic {
	return &traffic{seed: maphash.MakeSeed(), groups: make([]group, max(limit*perTenant/ways, 1))}
}

// usable reports whether a tenant can be admitted: it is short, and safe to
// print.
func usable(tenant string) bool {
	if tenant == "" || len(tenant) > MaxTenant {
		return false
	}
	for i := range len(tenant) {
		if c := tenant[i]; c < ' ' || c >= 0x7f {
			return printable(tenant)
		}
	}
	return true
}

func printable(tenant string) bool {
	if !utf8.ValidString(tenant) {
		return false
	}
	for _, r := range tenant {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

func (t *traffic) groupOf(hash uint64) *group {
	return &t.groups[hash%uint64(len(t.groups))]
}

// count counts updates of a usable tenant, unless its group is being counted in
// by another. It does not allocate.
func (t *traffic) count(tenant string, updates float64) {
	hash := maphash.String(t.seed, tenant)
	g := t.groupOf(hash)
	if g.mu.TryLock() {
		g.countLocked(tenant, hash, updates)
		g.mu.Unlock()
	}
}

// put counts updates of a usable tenant for certain. It may wait.
func (t *traffic) put(tenant string, updates float64) {
	hash := maphash.String(t.seed, tenant)
	g := t.groupOf(hash)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.countLocked(tenant, hash, updates)
}

func (g *group) countLocked(tenant string, hash uint64, updates float64) {
	least := &g.counters[0]
	for i := range g.counters {
		c := &g.counters[i]
		if c.hash == hash && c.is(tenant) {
			c.count += updates
			return
		}
		if c.count < least.count {
			least = c
		}
	}
	// The tenant takes over the least count: it may have been counted before
	// and lost its counter, but it cannot have had more than that.
	least.inherited = least.count
	least.count += updates
	least.hash = hash
	least.length = uint8(copy(least.tenant[:], tenant))
}

func (c *counter) is(tenant string) bool {
	return c.count > 0 && string(c.tenant[:c.length]) == tenant
}

// candidate is a tenant that could be admitted, with the updates it has had at
// least.
type candidate struct {
	tenant string
	score  float64
}

// age multiplies all counts, which keeps what Space-Saving promises, and frees
// those that have become nothing.
func (t *traffic) age(factor float64) {
	for i := range t.groups {
		g := &t.groups[i]
		g.mu.Lock()
		for j := range g.counters {
			c := &g.counters[j]
			c.count *= factor
			c.inherited *= factor
			if c.count < negligible {
				*c = counter{}
			}
		}
		g.mu.Unlock()
	}
}

// negligible is a decayed number of updates that is no traffic any more.
const negligible = 0.01

// candidates returns the tenants that were counted, in no order.
func (t *traffic) candidates(dst []candidate) []candidate {
	for i := range t.groups {
		g := &t.groups[i]
		g.mu.Lock()
		for j := range g.counters {
			c := &g.counters[j]
			if score := c.count - c.inherited; score >= negligible {
				dst = append(dst, candidate{string(c.tenant[:c.length]), score})
			}
		}
		g.mu.Unlock()
	}
	return dst
}

// forget frees a tenant's counter.
func (t *traffic) forget(tenant string) {
	hash := maphash.String(t.seed, tenant)
	g := t.groupOf(hash)
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.counters {
		if c := &g.counters[i]; c.hash == hash && c.is(tenant) {
			*c = counter{}
		}
	}
}
