package registry

import (
	"slices"
	"unsafe"

	"github.com/metertree/metertree/metric"
)

// Instrument is one definition: a family together with the constant labels of
// a scope. Its methods take the values of the declared keys in their order and
// never keep the slice. They may be called at any time from any goroutine.
// Those that update need a non-nil instrument.
type Instrument struct {
	family *family
	keys   int
	// seen is the normaliser if it wants to be told of updates, which of the
	// values is seenAt; constant stands for seenFixed.
	seen      Normaliser
	seenAt    int
	seenFixed string
	// constHash is the part of a series' hash that the constant labels make.
	constHash uint64
	// hashKeys are those of the values that updates give.
	hashKeys []keyPair
	// parts are all labels in the order in which a label set encodes them.
	parts []part
}

// part is one label of an instrument's series.
type part struct {
	// value is the index of the value an update gives, or constant.
	value int
	// fixed is the value of a constant label.
	fixed string
	// skip is the length of what the encoded set holds between the value
	// before and this one.
	skip int
}

// constant marks a part whose value no update gives.
const constant = -1

func newInstrument(f *family, d metric.Descriptor) *Instrument {
	i := &Instrument{family: f, keys: len(d.Keys), hashKeys: make([]keyPair, len(d.Keys))}
	for at, key := range f.keys {
		p := part{value: slices.Index(d.Keys, key), skip: len(key) + len(`="`)}
		if at > 0 {
			p.skip += len(`",`)
		}
		if p.value == constant {
			p.fixed, _ = d.Const.Get(key)
			i.constHash += f.valueHash(at, p.fixed)
		} else {
			i.hashKeys[p.value] = f.hashKeys[at]
		}
		i.parts = append(i.parts, p)
	}
	if f.seenAt >= 0 {
		p := i.parts[f.seenAt]
		i.seen, i.seenAt, i.seenFixed = f.normaliser, p.value, p.fixed
	}
	return i
}

// valueHash returns what the value of the key at a position adds to a hash.
func (f *family) valueHash(at int, value string) uint64 {
	return f.registry.hasher.sum(f.hashKeys[at:], []string{value})
}

// series returns the series of the given values, made if need be. It returns
// nil, and has counted why, if there can be none.
func (i *Instrument) series(values []string) *series {
	if len(values) != i.keys {
		i.family.registry.drop(i.family.Name, WrongArity)
		return nil
	}
	hash := fold(i.constHash + i.family.registry.hasher.sum(i.hashKeys, values))
	t := i.family.table.Load()
	for at := t.home(hash); ; at = t.after(at) {
		s := t.slots[at].Load()
		if s == nil {
			return i.make(values, hash)
		}
		if s.hash == hash && i.matches(s, values) {
			if i.seen != nil {
				s.oddities().seen()
			}
			return s
		}
	}
}

// tellSeen tells the normaliser of an update whose label set has no series.
func (i *Instrument) tellSeen(values []string) {
	if uint(i.seenAt) < uint(len(values)) {
		i.seen.Seen(values[i.seenAt])
	} else {
		i.seen.Seen(i.seenFixed)
	}
}

// matches compares a series' label set with values, without encoding them.
//
// In a set without escapes every quote opens or closes a value, two for each
// key. A value is accepted where it stands in the set with a quote behind it,
// and the end of the set must be reached with the last one; so the accepted
// values hold no quote, and are those of the set. Sets with escapes, which are
// rare, are compared byte by byte.
func (i *Instrument) matches(s *series, values []string) bool {
	if s.has(flagEscaped) {
		return i.matchesEscaped(s, values)
	}
	set, at := string(s.labels), 0
	for k := range i.parts {
		p := &i.parts[k]
		v := p.fixed
		if uint(p.value) < uint(len(values)) {
			v = values[p.value]
		}
		from := at + p.skip
		at = from + len(v)
		if at >= len(set) || set[at] != '"' {
			return false
		}
		x, y := unsafe.StringData(set[from:]), unsafe.StringData(v)
		same := true
		// This spares short values, which most are, the call that comparing
		// strings is.
		switch n := len(v); {
		case n > maxShort:
			same = set[from:at] == v
		case n >= 8:
			same = load[uint64](x, 0) == load[uint64](y, 0) && load[uint64](x, n-8) == load[uint64](y, n-8)
		case n >= 4:
			same = load[uint32](x, 0) == load[uint32](y, 0) && load[uint32](x, n-4) == load[uint32](y, n-4)
		case n >= 2:
			same = load[uint16](x, 0) == load[uint16](y, 0) && load[uint16](x, n-2) == load[uint16](y, n-2)
		case n == 1:
			same = *x == *y
		}
		if !same {
			return false
		}
	}
	return at+1 >= len(set)
}

func (i *Instrument) matchesEscaped(s *series, values []string) bool {
	rest := string(s.labels)
	var equal bool
	for k := range i.parts {
		p := &i.parts[k]
		v, skip := p.fixed, p.skip
		if uint(p.value) < uint(len(values)) {
			v = values[p.value]
		}
		if k > 0 {
			// The quote behind the value before is cut with that.
			skip--
		}
		if rest, equal = metric.CutValue(rest[skip:], v); !equal {
			return false
		}
	}
	return true
}

// maxInline is how many labels an update can have without its slow path
// allocating.
const maxInline = 16

// make finds or makes the series the hard way.
func (i *Instrument) make(values []string, hash uint32) *series {
	if i.family.normalises || hasLong(values) {
		return i.makeNormalised(values)
	}
	all := i.allValues(make([]string, 0, maxInline), values)
	if s := i.family.findMerged(all, hash); s != nil {
		return s
	}
	return i.family.admit(all, hash)
}

// allValues appends the values of all labels in the order of the family's keys.
func (i *Instrument) allValues(dst, values []string) []string {
	for _, p := range i.parts {
		if p.value == constant {
			dst = append(dst, p.fixed)
		} else {
			dst = append(dst, values[p.value])
		}
	}
	return dst
}

// Enabled reports whether updates of the instrument are recorded: it is not
// nil and was not closed.
func (i *Instrument) Enabled() bool { return i != nil && !i.family.closed.Load() }

// Delete ends the series of the given values and reports whether there was
// one. Exporters no longer show it; an update that comes later starts it anew.
func (i *Instrument) Delete(values ...string) bool {
	if i == nil || len(values) != i.keys {
		return false
	}
	all := i.allValues(nil, values)
	hash := i.family.hashAll(all)
	i.family.mu.Lock()
	defer i.family.mu.Unlock()
	s := i.family.find(all, hash)
	if s == nil {
		return false
	}
	i.family.endOneLocked(s)
	return true
}

// DeleteWhere ends every series, of whichever metric, whose labels have the given
// value, such as those of a tenant that is gone, and returns how many there
// were. Callbacks are not asked: they say themselves what they show.
func (r *Registry) DeleteWhere(label, value string) (ended int) {
	for _, f := range r.currentFamilies() {
		at, found := slices.BinarySearch(f.keys, label)
		if !found || f.read != nil {
			continue
		}
		ended += f.deleteWhere(func(s *series) bool { return f.valueOf(s, at) == value })
	}
	return ended
}

func (f *family) deleteWhere(gone func(*series) bool) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ended []*series
	// What tenants have in flight goes to those that count from now on.
	moves := f.normaliser != nil && f.Kind == metric.UpDownCounter
	f.endLocked(func(s *series) (waiting, bool) {
		if !gone(s) {
			return waiting{}, false
		}
		ended = append(ended, s)
		return waiting{series: s, moved: moves}, true
	})
	if moves {
		for _, s := range ended {
			f.disposeLocked(s)
		}
	}
	f.retained = slices.DeleteFunc(f.retained, func(r retainedSeries) bool { return gone(r.series) })
	f.shownList = nil
	return len(ended)
}

// Close ends every series of the instrument's metric, whichever scope they
// come from, and frees its name. Later updates are dropped and counted.
func (i *Instrument) Close() {
	if i != nil {
		i.family.close()
	}
}
