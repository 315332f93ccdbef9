package registry

import (
	"strings"
	"sync/atomic"
)

// table finds series by hash with open addressing and linear probing. Readers
// take no lock; whoever changes it holds the family's lock. A series that is taken
// out leaves a mark, so that searches go on past it, until a new table is built.
type table struct {
	slots []atomic.Pointer[series]
	// used counts the slots that are not free, gone those with a mark.
	used, gone int
}

// taken marks a slot whose series was taken out. It has no labels, which no
// series has that is taken out by itself.
var taken series

// A table is between four sevenths and three quarters full, so that it costs 11 to 14
// bytes a series and a search looks at two slots.
const minSlots = 8

func newTable(used int) *table {
	return &table{slots: make([]atomic.Pointer[series], max(minSlots, used*7/4))}
}

// full reports whether one series more would make probing slow.
func (t *table) full() bool { return (t.used+1)*4 > len(t.slots)*3 }

// size returns how many series there are.
func (t *table) size() int { return t.used - t.gone }

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

// remove takes out a series that is in the table.
func (t *table) remove(s *series) {
	at := t.home(s.hash)
	for t.slots[at].Load() != s {
		at = t.after(at)
	}
	t.slots[at].Store(&taken)
	t.gone++
}

// all returns the series in no particular order.
func (t *table) all() []*series {
	found := make([]*series, 0, t.size())
	for i := range t.slots {
		if s := t.slots[i].Load(); s != nil && s != &taken {
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
