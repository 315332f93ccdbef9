package registry

import (
	"slices"

	"github.com/metertree/metertree/metric"
)

// Normaliser maps the label values that updates give to those that series are
// kept under, so that they are of a finite set: routes to their template,
// tenants beyond the active ones to Overflow. Both methods may be called from
// any goroutine, while the family is locked, and must not call the registry.
type Normaliser interface {
	// Normalise changes values in place; they are those of all labels in the
	// order of Descriptor.AllKeys. It must neither keep the slice nor allocate,
	// and must leave values alone that it has given itself. Updates of a label
	// set that has a series do not call it.
	Normalise(values []string)
	// Version changes whenever Normalise may answer differently from before.
	// At the next collection the series whose labels it then changes end, and
	// what they have counted is shown by those that take their place.
	Version() uint64
}

// normalised changes values in place to those the family keeps them under, and
// reports whether that changed any.
func (f *family) normalised(values []string) bool {
	var before [maxInline]string
	kept := append(before[:0], values...)
	if f.normaliser != nil {
		f.normaliser.Normalise(values)
	}
	for at, budget := range f.budgets {
		if budget.values != nil {
			values[at] = budget.values.Resolve(values[at])
		}
	}
	return !slices.Equal(kept, values)
}

// makeNormalised finds or makes the series of values that have none of their
// own. The values are in a pooled slice, because they leave this package.
func (i *Instrument) makeNormalised(values []string) *series {
	f := i.family
	all, _ := f.values.Get().(*[]string)
	if all == nil {
		all = new([]string)
	}
	*all = i.allValues((*all)[:0], values)
	defer func() {
		clear(*all)
		f.values.Put(all)
	}()
	merged := f.normalised(*all)
	f.countOverflow(*all)
	hash := f.hashAll(*all)
	s := f.find(*all, hash)
	if s == nil {
		if s = f.findMerged(*all, hash); s == nil {
			s = f.admit(*all, hash)
		}
	}
	if merged && s != nil && f.Kind == metric.Gauge {
		f.markMerged(s)
	}
	return s
}

// markMerged marks a gauge that stands for several label sets. It may be added
// to if its fold is a sum, and set only if its fold is the last value: otherwise
// whoever writes last would pass for all.
func (f *family) markMerged(s *series) {
	if !s.has(flagMerged) && f.Fold != metric.FoldLast {
		s.state.Or(flagMerged)
		s.sum.Watch()
	}
}

// readmit ends the series whose labels are normalised differently since the
// last time, and lets those that take their place show what they counted. While
// a collection is under way it leaves that to the next one, so that none shows
// a count twice or not at all.
func (f *family) readmit() {
	if f.normaliser == nil || f.version.Load() == f.normaliser.Version() || !f.passing.TryLock() {
		return
	}
	defer f.passing.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version.Store(f.normaliser.Version())
	var moved []*series
	f.endLocked(func(s *series) (waiting, bool) {
		if !f.normalised(s.labels.Values(nil, f.keys)) {
			return waiting{}, false
		}
		moved = append(moved, s)
		return waiting{series: s, moved: true}, true
	})
	for _, s := range moved {
		f.bequeathLocked(s)
	}
}

// bequeathLocked makes the series that takes the place of a sealed one show what
// that one has counted, and what it showed for others.
func (f *family) bequeathLocked(s *series) {
	heir := f.admitLocked(s.labels.Values(nil, f.keys), s.hash)
	if heir == nil {
		return
	}
	if f.Kind == metric.Gauge {
		f.markMerged(heir)
		if f.Fold != metric.FoldSum {
			return
		}
	}
	f.maintained.Lock()
	defer f.maintained.Unlock()
	from, to := s.odd(), heir.odd()
	for _, moved := range append(from.inheritance(), s) {
		moved.odd().heir = heir
		to.inherit(moved)
	}
	from.inherits.Store(nil)
	if carried := from.carried.Swap(nil); carried != nil {
		f.carry(to, *carried)
	}
}

// inheritLocked turns a sealed series that is settled from one that is read at
// every collection into a part of what its heir carries.
func (f *family) inheritLocked(s *series, final snapshot) {
	heir := s.odd().heir
	if heir == nil {
		return
	}
	to := heir.odd()
	if to.disinherit(s) {
		f.carry(to, final)
	}
}

// inheritance returns the sealed series that are shown here but not settled yet;
// the slice is not to be written.
func (r *rare) inheritance() []*series {
	if list := r.inherits.Load(); list != nil {
		return slices.Clip(*list)
	}
	return nil
}

func (r *rare) inherit(s *series) {
	list := append(r.inheritance(), s)
	r.inherits.Store(&list)
}

func (r *rare) disinherit(s *series) bool {
	list := r.inheritance()
	at := slices.Index(list, s)
	if at < 0 {
		return false
	}
	rest := slices.Concat(list[:at], list[at+1:])
	r.inherits.Store(&rest)
	return true
}
