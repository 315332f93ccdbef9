package otelapi

import (
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"github.com/metertree/metertree/registry"
)

// stream is an attribute set that is kept as it is, because its labels do not tell
// it, with the handle on its series.
type stream struct {
	hash  uint64
	set   attribute.Set
	bound registry.Bound
}

// table finds streams by the hash of their sets, with open addressing and linear
// probing. Readers take no lock; streams are only added, by whoever holds the lock
// of the instrument, and a table without some is a new one.
type table struct {
	slots []atomic.Pointer[stream]
	used  atomic.Int64
}

const minSlots = 8

// newTable returns an empty table with room for some streams. Its size is a power
// of two of which they fill no more than three quarters.
func newTable(room int) *table {
	size := minSlots
	for size*3 < room*4 {
		size *= 2
	}
	return &table{slots: make([]atomic.Pointer[stream], size)}
}

func (t *table) home(hash uint64) int { return int(hash) & (len(t.slots) - 1) }

func (t *table) after(slot int) int { return (slot + 1) & (len(t.slots) - 1) }

// find returns the stream of the set that has the given attributes, sorted and each
// key once, or nil.
func (t *table) find(hash uint64, attributes []attribute.KeyValue) *stream {
	for at := t.home(hash); ; at = t.after(at) {
		s := t.slots[at].Load()
		if s == nil || s.hash == hash && slices.Equal(attributesOf(&s.set), attributes) {
			return s
		}
	}
}

// with returns a table that has one stream more, which is not in it yet: itself,
// if there is room.
func (t *table) with(s *stream) *table {
	if int(t.used.Load()+1)*4 > len(t.slots)*3 {
		larger := newTable(int(t.used.Load()) * 2)
		for _, have := range t.all() {
			larger.insert(have)
		}
		t = larger
	}
	t.insert(s)
	return t
}

func (t *table) insert(s *stream) {
	at := t.home(s.hash)
	for t.slots[at].Load() != nil {
		at = t.after(at)
	}
	t.slots[at].Store(s)
	t.used.Add(1)
}

// without returns a table that lacks the streams that are gone: itself, if none
// is.
func (t *table) without(gone func(*stream) bool) *table {
	var left []*stream
	for _, s := range t.all() {
		if !gone(s) {
			left = append(left, s)
		}
	}
	if len(left) == int(t.used.Load()) {
		return t
	}
	smaller := newTable(len(left) + 1)
	for _, s := range left {
		smaller.insert(s)
	}
	return smaller
}

// all returns the streams in no particular order.
func (t *table) all() []*stream {
	all := make([]*stream, 0, t.used.Load())
	for i := range t.slots {
		if s := t.slots[i].Load(); s != nil {
			all = append(all, s)
		}
	}
	return all
}
