package registry

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/metertree/metertree/metric"
)

// family is every series of one exposed name, whichever scopes they come from.
type family struct {
	metric.Descriptor
	registry *Registry
	// keys are the names of all labels, sorted.
	keys   []string
	budget int
	// read is set for a family whose values a callback gives, and with it the
	// instrument that places their labels.
	read          Callback
	callbackParts *Instrument
	table         atomic.Pointer[table]
	// merged is nil until the budget was reached once.
	merged atomic.Pointer[mergedKeys]

	mu          sync.Mutex
	closed      bool
	instruments map[string]*Instrument
	// ordered are the series sorted by labels, nil after a change.
	ordered []*Series
}

func newFamily(r *Registry, d Definition, read Callback) *family {
	f := &family{
		Descriptor:  d.Descriptor,
		registry:    r,
		keys:        d.AllKeys(),
		budget:      d.SeriesBudget,
		read:        read,
		instruments: map[string]*Instrument{},
	}
	f.Bounds = slices.Clone(d.Bounds)
	f.Const = nil
	if f.budget <= 0 {
		f.budget = r.options.SeriesBudget
	}
	if read != nil {
		f.callbackParts = newInstrument(f, d.Descriptor)
	}
	f.table.Store(newTable(0))
	return f
}

// conflict tells what keeps a definition from sharing the family.
func (f *family) conflict(d Definition) error {
	differs := func(what string, have, want any) error {
		return fmt.Errorf("metric %s is already defined with %s %v, not %v: define it the same way everywhere or choose another name", f.Name, what, have, want)
	}
	switch keys := d.AllKeys(); {
	case f.read != nil:
		return fmt.Errorf("metric %s is already defined by a callback: choose another name", f.Name)
	case f.Kind != d.Kind:
		return differs("kind", f.Kind, d.Kind)
	case f.Number != d.Number:
		return differs("number kind", f.Number, d.Number)
	case f.Unit != d.Unit:
		return differs("unit", quoted(f.Unit), quoted(d.Unit))
	case f.Fold != d.Fold:
		return differs("fold", f.Fold, d.Fold)
	case !slices.Equal(f.keys, keys):
		return differs("labels", f.keys, keys)
	case !slices.Equal(f.Scope, d.Scope):
		return differs("scope", f.Scope, d.Scope)
	case !slices.Equal(f.Bounds, d.Bounds):
		return differs("bucket bounds", f.Bounds, d.Bounds)
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

// admit returns the series of a label set, made if need be, or the one that
// sets beyond the budget are merged into; nil if the set was refused, which
// was then counted. The values are those of f.keys and are not kept.
func (f *family) admit(values []string, hash uint32) *Series {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		f.registry.drop(f.Name, Closed)
		return nil
	}
	if s := f.find(values, hash); s != nil {
		return s
	}
	if f.table.Load().used < f.budget {
		return f.insertLocked(values, hash)
	}
	return f.mergeLocked(values)
}

func (f *family) insertLocked(values []string, hash uint32) *Series {
	s := newSeries(f, metric.EncodeLabels(f.keys, values), hash, f.registry.options.Now())
	t := f.table.Load()
	if t.full() {
		t = t.rebuilt(func(*Series) bool { return true })
		t.insert(s)
		f.table.Store(t)
	} else {
		t.insert(s)
	}
	f.ordered = nil
	return s
}

// find returns the series of all label values in the order of f.keys.
func (f *family) find(values []string, hash uint32) *Series {
	t := f.table.Load()
	mask := len(t.slots) - 1
	for at := int(hash) & mask; ; at = (at + 1) & mask {
		s := t.slots[at].Load()
		if s == nil {
			return nil
		}
		if s.hash == hash && f.hasValues(s, values) {
			return s
		}
	}
}

func (f *family) hasValues(s *Series, values []string) bool {
	m := s.labels.Match()
	for i, v := range values {
		skip := len(f.keys[i]) + len(`="`)
		if i > 0 {
			skip += len(`",`)
		}
		if !m.Next(v, skip) {
			return false
		}
	}
	return m.Done()
}

// successor returns the series that counts what a sealed one no longer does,
// or nil if there can be none.
func (f *family) successor(s *Series) *Series {
	if next := s.next.Load(); next != nil {
		return next
	}
	next := f.admit(s.labels.Values(nil, f.keys), s.hash)
	if next == s {
		// Not sealed after all: the sum has left the range of its type.
		f.registry.drop(f.Name, OutOfRange)
		return nil
	}
	if next != nil {
		s.next.Store(next)
	}
	return next
}

// removeLocked takes series out and seals them.
func (f *family) removeLocked(gone func(*Series) bool) (removed int) {
	old := f.table.Load()
	var out []*Series
	f.table.Store(old.rebuilt(func(s *Series) bool {
		if gone(s) {
			out = append(out, s)
			return false
		}
		return true
	}))
	f.ordered = nil
	for _, s := range out {
		s.seal()
	}
	return len(out)
}

// close ends all series and frees the name.
func (f *family) close() {
	f.mu.Lock()
	f.closed = true
	f.removeLocked(func(*Series) bool { return true })
	f.mu.Unlock()
	f.registry.remove(f)
}

// series returns all series sorted by labels; the slice is not to be written.
func (f *family) series() []*Series {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ordered == nil {
		t := f.table.Load()
		ordered := make([]*Series, 0, t.used)
		for i := range t.slots {
			if s := t.slots[i].Load(); s != nil {
				ordered = append(ordered, s)
			}
		}
		slices.SortFunc(ordered, func(a, b *Series) int {
			return strings.Compare(a.labels.String(), b.labels.String())
		})
		f.ordered = ordered
	}
	return f.ordered
}

// view returns what a collection shows of the family; nil if it is empty.
func (f *family) view() *metric.Family {
	view := &metric.Family{Descriptor: f.Descriptor, Keys: f.keys}
	if f.read != nil {
		view.Points = f.callbackPoints()
		return view
	}
	series := f.series()
	if len(series) == 0 {
		return nil
	}
	view.Points = func(yield func(*metric.Point) bool) {
		var point metric.Point
		var words []uint64
		for _, s := range series {
			s.read(&point, &words)
			if !yield(&point) {
				return
			}
		}
	}
	return view
}
