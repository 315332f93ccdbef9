package tenant

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

// model keeps the series of a counter and of an up-down counter as a registry is
// told to, and knows from the changes alone who has a place.
type model struct {
	t     *testing.T
	guard *Guard
	now   time.Time
	limit int

	placed     map[string]bool
	tombstones map[string]time.Time

	counters, levels map[string]int
	// forgotten is what released and deleted counters held.
	forgotten           int
	counted, level      int
	overflowed, deleted int
}

func (m *model) update(tenant string, by int) {
	label := m.guard.Resolve(tenant)
	if current := m.guard.Current(tenant); current != label {
		m.t.Fatalf("tenant %q resolves to %q and then to %q", tenant, label, current)
	}
	want := policy.Overflow
	switch {
	case tenant == "":
		want = policy.Unknown
	case m.placed[tenant]:
		want = tenant
	}
	if label != want {
		m.t.Fatalf("tenant %q resolves to %q, want %q", tenant, label, want)
	}
	m.counters[label]++
	m.counted++
	m.levels[label] += by
	m.level += by
}

func (m *model) remove(tenant string) {
	m.guard.Delete(tenant, m.now)
	delete(m.placed, tenant)
	m.tombstones[tenant] = m.now.Add(m.guard.options.Tombstone)
	m.end(tenant)
}

// end ends all series of a tenant.
func (m *model) end(tenant string) {
	m.forgotten += m.counters[tenant]
	delete(m.counters, tenant)
	m.carry(tenant)
}

func (m *model) carry(tenant string) {
	if v, had := m.levels[tenant]; had {
		m.levels[policy.Overflow] += v
		delete(m.levels, tenant)
	}
}

func (m *model) rebalance() {
	changes := m.guard.Rebalance(m.now)
	for _, tenant := range changes.Admitted {
		if until, dead := m.tombstones[tenant]; dead && m.now.Before(until) {
			m.t.Fatalf("tenant %s was admitted before %v, until when it is deleted", tenant, until)
		}
		m.placed[tenant] = true
	}
	for _, tenant := range changes.Evicted {
		if !m.placed[tenant] {
			m.t.Fatalf("tenant %s was evicted without a place", tenant)
		}
		delete(m.placed, tenant)
		m.carry(tenant)
	}
	for _, tenant := range changes.Released {
		if m.placed[tenant] {
			m.t.Fatalf("tenant %s was released while it has a place", tenant)
		}
		m.end(tenant)
	}
	for _, tenant := range changes.Deleted {
		m.deleted++
		m.end(tenant)
	}
}

func sum(series map[string]int) (total int) {
	for _, v := range series {
		total += v
	}
	return total
}

func (m *model) check() {
	if got := sum(m.counters) + m.forgotten; got != m.counted {
		m.t.Fatalf("counters hold %d, of which %d are forgotten, after %d updates", got, m.forgotten, m.counted)
	}
	if got := sum(m.levels); got != m.level {
		m.t.Fatalf("levels hold %d, want %d", got, m.level)
	}
	if m.counters[policy.Overflow] < m.overflowed {
		m.t.Fatalf("overflow fell from %d to %d", m.overflowed, m.counters[policy.Overflow])
	}
	m.overflowed = m.counters[policy.Overflow]
	if len(m.placed) > m.limit || len(m.counters) > 2*m.limit+2 || len(m.levels) > m.limit+2 {
		m.t.Fatalf("%d tenants, %d counters and %d levels under a limit of %d", len(m.placed), len(m.counters), len(m.levels), m.limit)
	}
	if got, want := slices.Sorted(slices.Values(m.guard.Tenants())), slices.Sorted(maps.Keys(m.placed)); !slices.Equal(got, want) {
		m.t.Fatalf("tenants %v, want %v", got, want)
	}
}

// TestTotalsStayExact runs random programs of updates, deletions and rebalances
// on the guard and on the model beside it.
func TestTotalsStayExact(t *testing.T) {
	var evicted, released, deleted int
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		limit := 1 + rng.IntN(8)
		g := guard(t, Options{
			Limit: limit, HalfLife: time.Minute, Idle: 3 * time.Minute, MinStay: time.Minute,
			Retain: 2 * time.Minute, Tombstone: 5 * time.Minute,
		})
		m := &model{
			t: t, guard: g, now: start, limit: limit,
			placed: map[string]bool{}, tombstones: map[string]time.Time{},
			counters: map[string]int{}, levels: map[string]int{},
		}
		for range 200 {
			// Whose time it is drifts, so that tenants come and go.
			first := int(m.now.Sub(start) / (2 * time.Minute))
			for range rng.IntN(60) {
				tenant := "t" + strconv.Itoa(first+rng.IntN(1+rng.IntN(3*limit)))
				if rng.IntN(20) == 0 {
					tenant = ""
				}
				m.update(tenant, rng.IntN(5)-2)
			}
			if rng.IntN(10) == 0 {
				m.remove("t" + strconv.Itoa(first+rng.IntN(2*limit)))
			}
			m.check()
			m.now = m.now.Add(time.Duration(rng.IntN(60)) * time.Second)
			before := len(m.counters)
			m.rebalance()
			m.check()
			released += max(before-len(m.counters), 0)
		}
		evicted += m.forgotten
		deleted += m.deleted
	}
	if evicted == 0 || released == 0 || deleted == 0 {
		t.Errorf("nothing was tested: %d evicted, %d released, %d deleted", evicted, released, deleted)
	}
}

func TestDisposal(t *testing.T) {
	for _, test := range []struct {
		d    metric.Descriptor
		want Disposal
	}{
		{metric.Descriptor{Kind: metric.Counter}, Retained},
		{metric.Descriptor{Kind: metric.Histogram}, Retained},
		{metric.Descriptor{Kind: metric.UpDownCounter}, Carried},
		{metric.Descriptor{Kind: metric.Gauge, Fold: metric.FoldSum}, Ended},
		{metric.Descriptor{Kind: metric.Gauge, Fold: metric.FoldSum, Monotonic: true}, 0},
		{metric.Descriptor{Kind: metric.Gauge, Fold: metric.FoldMax}, 0},
		{metric.Descriptor{Kind: metric.Gauge}, 0},
	} {
		got, err := DisposalOf(test.d)
		if got != test.want || (err == nil) != (test.want != 0) {
			t.Errorf("%v with fold %v: %d, %v; want %d", test.d.Kind, test.d.Fold, got, err, test.want)
		}
	}
}
