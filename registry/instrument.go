package registry

import (
	"hash/maphash"
	"math"
	"slices"

	"github.com/metertree/metertree/internal/cell"
	"github.com/metertree/metertree/metric"
)

// Instrument is one definition: a family together with the constant labels of
// a scope. Its methods take the values of the declared keys in their order and
// never keep the slice. They may be called at any time from any goroutine, and
// on a nil instrument do nothing.
type Instrument struct {
	family *family
	keys   int
	// constHash is the part of a series' hash that the constant labels make.
	constHash uint64
	// weights spread the values' hashes, so that equal values under different
	// keys do not cancel out.
	weights []uint64
	// parts are all labels in the order in which a label set encodes them.
	parts []part
}

// part is one label of an instrument's series.
type part struct {
	// value is the index of the value an update gives, or constant.
	value int
	// fixed is the value of a constant label.
	fixed string
	// skip is the length of what the encoded set holds before the value.
	skip int
}

// constant marks a part whose value no update gives.
const constant = -1

func newInstrument(f *family, d metric.Descriptor) *Instrument {
	i := &Instrument{family: f, keys: len(d.Keys), weights: make([]uint64, len(d.Keys))}
	for at, key := range f.keys {
		p := part{value: slices.Index(d.Keys, key), skip: len(key) + len(`="`)}
		if at > 0 {
			p.skip += len(`",`)
		}
		if p.value == constant {
			p.fixed, _ = d.Const.Get(key)
			i.constHash += f.valueHash(at, p.fixed)
		} else {
			i.weights[p.value] = weight(at)
		}
		i.parts = append(i.parts, p)
	}
	return i
}

// weight returns the odd factor of the key at a position.
func weight(at int) uint64 { return 0x9e37_79b9_7f4a_7c15*uint64(2*at+1) | 1 }

func (f *family) valueHash(at int, value string) uint64 {
	return maphash.String(f.registry.seed, value) * weight(at)
}

// hashAll returns the hash of all label values in the order of f.keys.
func (f *family) hashAll(values []string) uint32 {
	var h uint64
	for at, v := range values {
		h += f.valueHash(at, v)
	}
	return fold(h)
}

// fold takes the upper half: multiplication mixes upwards.
func fold(h uint64) uint32 { return uint32(h >> 32) }

// Series returns the series of the given values, made if need be. It returns
// nil, and has counted why, if there can be none.
func (i *Instrument) Series(values []string) *Series {
	if len(values) != i.keys {
		i.family.registry.drop(i.family.Name, WrongArity)
		return nil
	}
	h := i.constHash
	for at, v := range values {
		h += maphash.String(i.family.registry.seed, v) * i.weights[at]
	}
	hash := fold(h)
	t := i.family.table.Load()
	mask := len(t.slots) - 1
	for at := int(hash) & mask; ; at = (at + 1) & mask {
		s := t.slots[at].Load()
		if s == nil {
			return i.make(values, hash)
		}
		if s.hash == hash && i.matches(s, values) {
			return s
		}
	}
}

func (i *Instrument) matches(s *Series, values []string) bool {
	m := s.labels.Match()
	for _, p := range i.parts {
		v := p.fixed
		if p.value != constant {
			v = values[p.value]
		}
		if !m.Next(v, p.skip) {
			return false
		}
	}
	return m.Done()
}

// maxInline is how many labels an update can have without its slow path
// allocating.
const maxInline = 16

// make finds or makes the series the hard way.
func (i *Instrument) make(values []string, hash uint32) *Series {
	var inline [maxInline]string
	all := i.allValues(inline[:0], values)
	if s := i.family.findMerged(all); s != nil {
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

// AddInt adds to an Int64 sum. A decrease of a monotonic counter is dropped.
func (i *Instrument) AddInt(v int64, values ...string) {
	if s := i.Series(values); s != nil && s.AcceptsInt(v) {
		s.AddInt(v)
	}
}

// AddFloat adds to a Float64 sum. A decrease of a monotonic counter and values
// that are not finite are dropped.
func (i *Instrument) AddFloat(v float64, values ...string) {
	if s := i.Series(values); s != nil && s.AcceptsFloat(v) {
		s.AddFloat(v)
	}
}

// SetGauge sets a gauge. Values that are not finite are dropped.
func (i *Instrument) SetGauge(v float64, values ...string) {
	if s := i.Series(values); s != nil && s.AcceptsFloat(v) {
		s.SetGauge(v)
	}
}

// AddGauge adds to a gauge. Values that are not finite are dropped.
func (i *Instrument) AddGauge(v float64, values ...string) {
	if s := i.Series(values); s != nil && s.AcceptsFloat(v) {
		s.AddGauge(v)
	}
}

// Observe adds to a histogram. Values that are not finite are dropped.
func (i *Instrument) Observe(v float64, values ...string) {
	if s := i.Series(values); s != nil && s.AcceptsFloat(v) {
		s.Observe(v)
	}
}

// AcceptsInt reports whether a sum can take v; if not, the drop was counted.
func (s *Series) AcceptsInt(v int64) bool {
	if uint64(v) <= uint64(cell.MaxInt) {
		return true
	}
	return s.acceptsOddInt(v)
}

func (s *Series) acceptsOddInt(v int64) bool {
	switch {
	case v < 0 && s.family.Kind.Monotonic():
		s.family.registry.drop(s.family.Name, Negative)
		return false
	case v > cell.MaxInt || v < -cell.MaxInt:
		s.family.registry.drop(s.family.Name, OutOfRange)
		return false
	}
	return true
}

// AcceptsFloat reports whether the series can take v; if not, the drop was
// counted.
func (s *Series) AcceptsFloat(v float64) bool {
	if v >= 0 && v <= math.MaxFloat64 {
		return true
	}
	return s.acceptsOddFloat(v)
}

func (s *Series) acceptsOddFloat(v float64) bool {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		s.family.registry.drop(s.family.Name, NotFinite)
		return false
	case v < 0 && s.family.Kind.Monotonic():
		s.family.registry.drop(s.family.Name, Negative)
		return false
	}
	return true
}

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
	return i.family.removeLocked(func(have *Series) bool { return have == s }) > 0
}

// Close ends every series of the instrument's metric, whichever scope they
// come from, and frees its name. Later updates are dropped and counted.
func (i *Instrument) Close() {
	if i != nil {
		i.family.close()
	}
}
