package registry

import (
	"strings"
	"sync/atomic"
)

// table finds series by hash with open addressing and linear probing. Readers
// take no lock; whoever inserts holds the family's lock. Series are never taken
// out: a table without them is built and swapped in.
type table struct {
	slots []atomic.Pointer[series]
	used  int
}

// A table is between four sevenths and three quarters full, so that it costs 11 to 14
// bytes a series and a search looks at two slots.
const minSlots = 8

func newTable(used int) *table {
	return &table{slots: make([]atomic.Pointer[series], max(minSlots, used*7/4))}
}

// full reports whether one series more would make probing slow.
func (t *table) full() bool { return (t.used+1)*4 > len(t.slots)*3 }

// home returns the slot at which the search for a hash begins.
func (t *table) home(hash uint32) int {
	return int(uint64(hash) * uint64(len(t.slots)) >> 32)
}

// after returns the slot at which a search goes on.
func (t *table) after(slot int) int {
	if slot++; slot < len(t.slots) {
		return slot
	}
	return 0
}

// insert adds a series that is not in the table; it must not be full.
func (t *table) insert(s *series) {
	at := t.home(s.hash)
	for t.slots[at].Load() != nil {
		at = t.after(at)
	}
	t.slots[at].Store(s)
	t.used++
}

// all returns the series in no particular order.
func (t *table) all() []*series {
	found := make([]*series, 0, t.used)
	for i := range t.slots {
		if s := t.slots[i].Load(); s != nil {
			found = append(found, s)
		}
	}
	return found
}

// tableOf returns a table of the given series, with room for more.
func tableOf(content []*series) *table {
	t := newTable(len(content))
	for _, s := range content {
		t.insert(s)
	}
	return t
}

func byLabels(a, b *series) int { return strings.Compare(string(a.labels), string(b.labels)) }
