package registry

import (
	"github.com/metertree/metertree/metric"
)

// find returns the series of all label values in the order of f.keys, or nil.
func (f *family) find(values []string, hash uint32) *series {
	t := f.table.Load()
	for at := t.home(hash); ; at = t.after(at) {
		s := t.slots[at].Load()
		if s == nil || s.hash == hash && s != &taken && f.hasValues(s, values) {
			return s
		}
	}
}

func (f *family) hasValues(s *series, values []string) bool {
	rest := string(s.labels)
	var equal bool
	for i, v := range values {
		skip := len(f.keys[i]) + len(`="`)
		if i > 0 {
			skip += len(`,`)
		}
		if rest, equal = metric.CutValue(rest[skip:], v); !equal {
			return false
		}
	}
	return true
}

// hashAll returns the hash of all label values in the order of f.keys.
func (f *family) hashAll(values []string) uint32 {
	return fold(f.registry.hasher.sum(f.hashKeys, values))
}

// admit returns the series of a label set, made if need be, or the one that
// sets beyond the budget are merged into; nil if the set was refused, which
// was then counted. The values are those of f.keys; they are not kept, and are
// normalised in place.
func (f *family) admit(values []string, hash uint32) *series {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed.Load() {
		f.registry.drop(f.Name, Closed)
		return nil
	}
	return f.admitLocked(values, hash)
}

func (f *family) admitLocked(values []string, hash uint32) *series {
	// Whoever normalised them may have done so before the last change.
	if f.normalises && f.normalised(values) {
		hash = f.hashAll(values)
	}
	if s := f.find(values, hash); s != nil {
		return s
	}
	if f.table.Load().size() < f.budget {
		return f.insertLocked(values, hash)
	}
	return f.mergeLocked(values)
}

// insertLocked makes a series. If a key's budget has no room for its value, it
// returns the series that this value is merged into.
func (f *family) insertLocked(values []string, hash uint32) *series {
	if !f.takeValuesLocked(values) {
		return f.admitLocked(values, f.hashAll(values))
	}
	s := newSeries(f, metric.EncodeLabels(f.keys, values), hash, f.registry.options.Now())
	if f.seenAt >= 0 {
		s.odd().seen = f.normaliser.SeenOf(f.valueOf(s, f.seenAt))
	}
	t := f.table.Load()
	if !t.full() {
		t.insert(s)
	} else {
		f.table.Store(tableOf(append(t.all(), s)))
	}
	f.ordered, f.shownList = nil, nil
	if len(f.retained) > 0 {
		f.resumeLocked(s)
	}
	return s
}
