package registry

import (
	"strings"

	"github.com/metertree/metertree/metric"
)

// Find returns a handle on the series of the given values, without pinning it, and
// whether there is one. It makes none, except where values are normalised: there
// only making it tells which one it is. It counts as an update as far as a
// normaliser is concerned. It neither keeps the values nor allocates, except where
// they are normalised.
func (i *Instrument) Find(values ...string) (b Bound, found bool) {
	if i == nil || len(values) != i.keys {
		return Bound{}, false
	}
	hash := fold(i.constHash + i.family.registry.hasher.sum(i.hashKeys, values))
	t := i.family.table.Load()
	for at := t.home(hash); ; at = t.after(at) {
		s := t.slots[at].Load()
		if s == nil {
			break
		}
		if s.hash == hash && i.matches(s, values) {
			if i.seen != nil {
				s.oddities().seen()
			}
			return Bound{i, s}, true
		}
	}
	if !i.family.normalises && !hasLong(values) {
		return Bound{}, false
	}
	// What normalises values may keep them.
	kept := make([]string, len(values))
	for at, v := range values {
		kept[at] = strings.Clone(v)
	}
	s := i.makeNormalised(kept)
	return Bound{i, s}, s != nil
}

// Size returns how many series there are with the instrument's constant labels.
func (i *Instrument) Size() (size int) {
	if i == nil {
		return 0
	}
	i.family.mu.Lock()
	all := i.family.table.Load().all()
	i.family.mu.Unlock()
	if len(i.family.keys) == i.keys {
		return len(all)
	}
	var values []string
	for _, s := range all {
		values = s.labels.Values(values[:0], i.family.keys)
		own := true
		for at, p := range i.parts {
			own = own && (p.value != constant || values[at] == p.fixed)
		}
		if own {
			size++
		}
	}
	return size
}

// Finish unpins the series and lets it be forgotten after the first collection
// that finds it unchanged since the one before. What is counted meanwhile is
// shown, and counts as what came before.
func (b Bound) Finish() {
	if b.series == nil {
		return
	}
	if b.instrument.family.Kind == metric.Gauge {
		// So that a value that is set to what it was is noticed too.
		b.series.sum.Watch()
	}
	b.series.state.And(^uint32(flagPinned))
	b.series.state.Or(flagFinished)
}

// Ended reports whether the series has ended; the next update starts it anew. It
// is true of a handle that does nothing.
func (b Bound) Ended() bool { return b.series == nil || b.series.has(flagEnded) }
