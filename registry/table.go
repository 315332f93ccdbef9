package registry

import "sync/atomic"

// table finds series by hash with open addressing and linear probing. Readers
// take no lock; whoever inserts holds the family's lock. Series are never taken
// out: a table without them is built and swapped in.
type table struct {
	slots []atomic.Pointer[Series]
	used  int
}

// minSlots is the size of a table at first; sizes are powers of two.
const minSlots = 8

func newTable(series int) *table {
	size := minSlots
	for size*3 < series*4 {
		size *= 2
	}
	return &table{slots: make([]atomic.Pointer[Series], size)}
}

// full reports whether one series more would make probing slow.
func (t *table) full() bool { return (t.used+1)*4 > len(t.slots)*3 }

// insert adds a series that is not in the table; it must not be full.
func (t *table) insert(s *Series) {
	mask := len(t.slots) - 1
	for at := int(s.hash) & mask; ; at = (at + 1) & mask {
		if t.slots[at].Load() == nil {
			t.slots[at].Store(s)
			t.used++
			return
		}
	}
}

// rebuilt returns a table of the series for which keep holds, with room for
// one more.
func (t *table) rebuilt(keep func(*Series) bool) *table {
	kept := make([]*Series, 0, t.used)
	for i := range t.slots {
		if s := t.slots[i].Load(); s != nil && keep(s) {
			kept = append(kept, s)
		}
	}
	next := newTable(len(kept) + 1)
	for _, s := range kept {
		next.insert(s)
	}
	return next
}
