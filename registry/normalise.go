package registry

import (
	"slices"
	"time"

	"github.com/metertree/metertree/metric"
)

// Normaliser maps the label values that updates give to those that series are
// kept under, so that they are of a finite set: tenants beyond the active ones to
// Overflow. Its methods may be called from any goroutine, while the family is
// locked, and must not call the registry.
type Normaliser interface {
	// Normalise changes values in place; they are those of all labels in the
	// order of Descriptor.AllKeys. It must neither keep the slice nor allocate,
	// and must leave values alone that it has given itself. Updates of a label
	// set that has a series do not call it.
	Normalise(values []string)
	// Seen is told of updates that do not call Normalise: one value of
	// SeenLabel for each, and for each collection that finds a series changed
	// whose updates came through a bound handle.
	Seen(value string)
	// SeenOf returns what does the same as Seen with the value, faster. It is
	// asked once for each series, and called until the series ends.
	SeenOf(value string) func()
	// SeenLabel names the label whose values Seen is told; empty for none.
	SeenLabel() string
	// Version changes whenever Normalise may answer differently from before.
	// At the next collection the series whose labels it then changes end.
	//
	// A counter or histogram that ended so stays shown with what it has counted
	// for Retention: to add that to the series which counts from now on would
	// look like updates of this moment. If its labels are normalised as before by
	// then, its count goes on. The sum of an up-down counter goes to the series
	// that counts from now on, where later updates may take it back. The value
	// of a gauge is dropped: nobody would keep it up to date.
	Version() uint64
	// Retention is how long ended series stay shown.
	Retention() time.Duration
}

// normalised changes values in place to those the family keeps them under, and
// reports whether that changed any.
func (f *family) normalised(values []string) bool {
	var before [maxInline]string
	kept := append(before[:0], values...)
	for at, normalise := range f.byKey {
		if normalise != nil {
			values[at] = normalise(values[at])
		}
	}
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

// setNormalisers takes over what a definition says about values.
func (f *family) setNormalisers(d *Definition) {
	if len(d.Values) > 0 {
		f.byKey = make([]func(string) string, len(f.keys))
		for at, key := range f.keys {
			f.byKey[at] = d.Values[key]
		}
	}
	if f.normaliser = d.Normaliser; f.normaliser != nil {
		f.version.Store(f.normaliser.Version())
		if f.seenAt = slices.Index(f.keys, f.normaliser.SeenLabel()); f.seenAt >= 0 {
			f.beyondGuard = f.overflowCount(f.keys[f.seenAt])
		}
	}
	f.setKeyBudgets(d.KeyBudgets)
	f.normalises = f.byKey != nil || f.normaliser != nil || f.budgets != nil
}

// makeNormalised finds or makes the series of values that have none of their
// own. The values are in a pooled slice, because they leave this package.
func (i *Instrument) makeNormalised(values []string) *series {
	f := i.family
	if i.seen != nil {
		i.tellSeen(values)
	}
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
	merged = f.cutLong(*all) || merged
	f.countOverflow(*all)
	if merged {
		f.countBeyondGuard(*all)
	}
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

// countBeyondGuard counts an update whose value the normaliser has merged.
func (f *family) countBeyondGuard(kept []string) {
	if f.seenAt < 0 || kept[f.seenAt] != Overflow {
		return
	}
	f.beyondGuard.AddInt(1)
	if key := f.keys[f.seenAt]; f.registry.firstOf(f.Name, key) {
		f.registry.options.Logger.Info("label values beyond the active ones are merged", "metric", f.Name, "key", key)
	}
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
// last time, and lets go of those that were shown for long enough. While a
// collection is under way it leaves that to the next one, so that none shows a
// count twice or not at all.
func (f *family) readmit() {
	if f.normaliser == nil || !f.passing.TryLock() {
		return
	}
	defer f.passing.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.releaseLocked()
	version := f.normaliser.Version()
	if f.version.Swap(version) == version {
		return
	}
	var moved []*series
	f.endLocked(func(s *series) (waiting, bool) {
		if !f.normalised(s.labels.Values(nil, f.keys)) {
			return waiting{}, false
		}
		moved = append(moved, s)
		return waiting{series: s, moved: true}, true
	})
	for _, s := range moved {
		f.disposeLocked(s)
	}
}

// disposeLocked does what Normaliser says to a series that it made end.
func (f *family) disposeLocked(s *series) {
	switch f.Kind {
	case metric.Gauge:
	case metric.UpDownCounter:
		if heir := f.admitLocked(s.labels.Values(nil, f.keys), s.hash); heir != nil {
			f.bequeathLocked(s, heir)
		}
	default:
		f.retained = append(f.retained, retainedSeries{s, f.registry.options.Now().Add(f.normaliser.Retention())})
		s.state.Or(flagRetained)
		f.shownList = nil
	}
}

// retainedSeries has ended and is still shown.
type retainedSeries struct {
	*series
	until time.Time
}

// releaseLocked lets go of the retained series whose time is over.
func (f *family) releaseLocked() {
	if len(f.retained) == 0 {
		return
	}
	now := f.registry.options.Now()
	kept := len(f.retained)
	f.retained = slices.DeleteFunc(f.retained, func(r retainedSeries) bool { return !now.Before(r.until) })
	if len(f.retained) < kept {
		f.shownList = nil
	}
}

// resumeLocked lets a new series go on from a retained one with its labels.
func (f *family) resumeLocked(s *series) {
	at := slices.IndexFunc(f.retained, func(r retainedSeries) bool { return r.labels == s.labels })
	if at < 0 {
		return
	}
	old := f.retained[at].series
	f.retained = slices.Delete(f.retained, at, at+1)
	// It stays marked as retained: a collection under way may still have it, and
	// not the new series.
	s.start = old.start
	f.bequeathLocked(old, s)
}

// bequeathLocked makes a series show what a sealed one has counted, and what
// that one showed for others. The sealed one still shows it too, to a collection
// under way that has not the new series.
func (f *family) bequeathLocked(s, heir *series) {
	f.maintained.Lock()
	defer f.maintained.Unlock()
	from, to := s.odd(), heir.odd()
	for _, moved := range append(from.inheritance(), s) {
		moved.odd().heir = heir
		to.inherit(moved)
	}
	if carried := from.carried.Load(); carried != nil {
		f.carry(to, *carried)
	}
	if s.has(flagSettled) {
		// Nothing else will turn up to do it.
		final := f.newSnapshot()
		f.load(s, final)
		f.inheritLocked(s, final)
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
