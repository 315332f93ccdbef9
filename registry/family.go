package registry

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

// family is every series of one exposed name, whichever scopes they come from.
type family struct {
	metric.Descriptor
	registry *Registry
	// id is the name, or that of a part of an open metric.
	id string
	// open is set for such a part.
	open *openMetric
	// kept is what the series keep of their values.
	kept metric.Aggregation
	// keys are the names of all labels, sorted.
	keys     []string
	hashKeys []keyPair
	budget   int
	// forgetAfter is how many idle sweeps end a series; 0 keeps all.
	forgetAfter int
	// byKey are the functions for the values of each key, nil where there is none.
	byKey []func(string) string
	// normaliser may be nil. version is what it said when all series were
	// normalised last.
	normaliser Normaliser
	version    atomic.Uint64
	// seenAt is the position of the key whose values the normaliser is told, or
	// -1.
	seenAt int
	// beyondGuard counts the updates whose value for that key was merged.
	beyondGuard Bound
	// budgets are those of the keys, in their order; nil if none has one.
	budgets []keyBudget
	// normalises is set if there is any of these.
	normalises bool
	// passing is held for reading by collections on their way through the
	// family, however long a scraper takes, and only ever tried for writing.
	passing sync.RWMutex
	// read is set for a family whose values a callback gives, and with it the
	// instrument that places their labels.
	read          Callback
	callbackParts *Instrument

	table atomic.Pointer[table]
	// merged is nil until the budget was reached once.
	merged atomic.Pointer[mergedKeys]
	// sweeping is held by the one collection that looks for idle series.
	sweeping atomic.Bool
	// maintained excludes reading series from demoting, sealing and settling
	// them. It is never held while a reader's caller runs.
	maintained sync.RWMutex
	closed     atomic.Bool
	// ranged is the range of what exponential buckets have shown; nil before the
	// first collection. The parts of an open metric share it.
	ranged *atomic.Pointer[metric.ExponentialRange]
	// shown is what a collection yields, and earlier what it yields under
	// earlier names, while those are exposed.
	shown   metric.Family
	earlier map[string]*metric.Family
	renames *policy.Renames
	// claimed are the sample names that the family owns.
	claimed []string
	// passages are reused, and so are slices of label values.
	passages, values sync.Pool

	// mu guards what follows, and changes of table and merged. It may be held
	// when maintained is locked, not the other way round.
	mu          sync.Mutex
	instruments map[string]*Instrument
	// ordered are the live series sorted by labels, nil after a change.
	ordered []*series
	// retained have ended and are still shown. shownList are the live and the
	// retained series sorted by labels, nil after a change.
	retained  []retainedSeries
	shownList []*series
	// draining are series that were demoted and wait to be settled; ending are
	// those that were sealed and do.
	draining, ending []waiting

	// given is what the callback gave last, if it asks about definitions. It is not
	// guarded.
	given atomic.Pointer[given]
}

func newFamily(r *Registry, d Definition, read Callback) *family {
	f := &family{
		Descriptor:  d.Descriptor,
		registry:    r,
		id:          d.Name,
		kept:        d.Kept(),
		keys:        d.AllKeys(),
		budget:      d.SeriesBudget,
		forgetAfter: d.ForgetAfter,
		seenAt:      -1,
		read:        read,
		instruments: map[string]*Instrument{},
		ranged:      new(atomic.Pointer[metric.ExponentialRange]),
	}
	f.Bounds = slices.Clone(d.Bounds)
	f.Const = nil
	if f.budget <= 0 {
		f.budget = r.options.SeriesBudget
	}
	if f.forgetAfter == 0 {
		f.forgetAfter = r.options.ForgetAfter
	}
	for at := range f.keys {
		f.hashKeys = append(f.hashKeys, r.hasher.keysFor(at))
	}
	if read != nil {
		f.callbackParts = newInstrument(f, d.Descriptor)
	}
	f.setNormalisers(&d)
	f.table.Store(newTable(0))
	f.shown = metric.Family{Descriptor: f.Descriptor, Keys: f.keys, Points: f.yieldPoints}
	if read != nil {
		f.shown.Points = f.yieldCallback
	}
	f.prepareRenames(&d)
	return f
}

// conflict tells what keeps a definition from sharing the family.
func (f *family) conflict(d Definition) error {
	differs := func(what string, have, want any) error {
		return fmt.Errorf("metric %s is already defined with %s %v, not %v: define it the same way everywhere or choose another name", f.Name, what, have, want)
	}
	switch keys := d.AllKeys(); {
	case f.read != nil && f.open == nil:
		return fmt.Errorf("metric %s is already defined by a callback: choose another name", f.Name)
	case f.Kind != d.Kind:
		return differs("kind", f.Kind, d.Kind)
	case f.Number != d.Number:
		return differs("number kind", f.Number, d.Number)
	case f.Unit != d.Unit:
		return differs("unit", quoted(f.Unit), quoted(d.Unit))
	case f.Fold != d.Fold:
		return differs("fold", f.Fold, d.Fold)
	case f.Role != d.Role:
		return differs("role", quoted(f.Role.String()), quoted(d.Role.String()))
	case f.Monotonic != d.Monotonic:
		return differs("monotonic", f.Monotonic, d.Monotonic)
	case f.open == nil && !slices.Equal(f.keys, keys):
		return differs("labels", f.keys, keys)
	case !slices.Equal(f.Scope, d.Scope):
		return differs("scope", f.Scope, d.Scope)
	case f.kept != d.Kept():
		return differs("aggregation", f.kept, d.Kept())
	case f.ExactLimit != d.ExactLimit:
		return differs("limit of exact values", f.ExactLimit, d.ExactLimit)
	case !slices.Equal(f.DefaultKeys, d.DefaultKeys):
		return differs("default keys", f.DefaultKeys, d.DefaultKeys)
	case f.Exponential != d.Exponential:
		return differs("exponential layout", f.Exponential, d.Exponential)
	case !slices.Equal(f.Bounds, d.Bounds):
		return differs("bucket bounds", f.Bounds, d.Bounds)
	case len(d.Renames) > 0 && !slices.Equal(f.claimed, d.sampleNames()):
		return differs("sample names", f.claimed, d.sampleNames())
	case d.Help != "" && f.Help != d.Help:
		return differs("help", quoted(f.Help), quoted(d.Help))
	}
	return nil
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }

// instrument returns the family's instrument for a descriptor that does not
// conflict.
func (f *family) instrument(d metric.Descriptor) *Instrument {
	id := instrumentID(d)
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := f.instruments[id]; i != nil {
		return i
	}
	i := newInstrument(f, d)
	f.instruments[id] = i
	return i
}

// instrumentID tells two splits of the same labels into constant ones and
// keys apart. Quoting keeps it unambiguous.
func instrumentID(d metric.Descriptor) string {
	return fmt.Sprintf("%q%q", d.Const, d.Keys)
}

// toShow returns the series that a collection shows, sorted by labels; the slice
// is not to be written.
func (f *family) toShow() []*series {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.retained) == 0 {
		return f.liveLocked()
	}
	if f.shownList == nil {
		f.shownList = slices.Clone(f.liveLocked())
		for _, r := range f.retained {
			f.shownList = append(f.shownList, r.series)
		}
		slices.SortFunc(f.shownList, byLabels)
	}
	return f.shownList
}

func (f *family) liveLocked() []*series {
	if f.ordered == nil {
		f.ordered = f.table.Load().all()
		slices.SortFunc(f.ordered, byLabels)
	}
	return f.ordered
}

// countingSeries returns the live series and, unless they are gauges, those that
// were sealed but may still count, sorted by labels. The slice is not to be
// written.
func (f *family) countingSeries() []*series {
	f.mu.Lock()
	defer f.mu.Unlock()
	live := f.liveLocked()
	if len(f.ending) == 0 || f.Kind == metric.Gauge {
		return live
	}
	all := slices.Clone(live)
	for _, w := range f.ending {
		all = append(all, w.series)
	}
	slices.SortStableFunc(all, byLabels)
	return all
}

// successor returns the series that counts what a sealed one no longer does,
// or nil if there can be none.
func (f *family) successor(s *series) *series {
	next := &s.odd().next
	if known := next.Load(); known != nil {
		return known
	}
	found := f.admit(s.labels.Values(nil, f.keys), s.hash)
	if found != nil {
		next.Store(found)
	}
	return found
}

// close ends all series and frees the name.
func (f *family) close() {
	f.mu.Lock()
	f.closed.Store(true)
	f.endLocked(func(s *series) (waiting, bool) { return waiting{series: s}, true })
	f.mu.Unlock()
	f.registry.remove(f)
}
