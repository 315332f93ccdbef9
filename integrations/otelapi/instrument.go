package otelapi

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// identity is what tells one instrument of a scope from another, besides its
// description.
type identity struct {
	name, unit string
	kind       metric.Kind
	number     metric.Number
	observable bool
}

func (id identity) String() string {
	observed := ""
	if id.observable {
		observed = "observable "
	}
	return fmt.Sprintf("%s (%s%s %s, unit %q)", id.name, observed, id.number, id.kind, id.unit)
}

// instrument is one instrument with the series of its attribute sets.
//
// A set finds its series in one of three ways. One that was used before lies where
// it lay (prepared). One that is plain has labels from which it could be made
// again, so that the registry finds the series (forms). The few others are kept as
// they are (odd); so are all those of observable instruments.
type instrument struct {
	identity
	provider *Provider
	meter    *meter
	// definition is that of all series; their labels come with their attributes. Its
	// name is the one wanted, numbered if that was taken; renamed counts the tries.
	definition registry.Definition
	wanted     string
	renamed    int
	// description is the one given, which need not be that of the metric.
	description string
	// facade is what the API has of the instrument.
	facade any

	prepared prepared
	// forms are replaced, never written.
	forms atomic.Pointer[[]*form]
	odd   atomic.Pointer[table]
	// bare is the series without attributes, nil until there is one.
	bare atomic.Pointer[registry.Bound]
	// overflow is where sets go that have no series, nil while there is room.
	overflow atomic.Pointer[stream]
	// filter says which attributes are left out; nil if none is.
	filter atomic.Pointer[filter]
	// off is set if nothing is recorded.
	off atomic.Bool
	// claimed are series of odd sets that have the labels of a plain one; claims is
	// how many there were ever.
	claimed sync.Map
	claims  atomic.Int64

	// mu guards what follows, and changes of the above.
	mu sync.Mutex
	// size is how many series there are, those apart that have ended since the last
	// collection.
	size int
	// names are the labels and the attributes that they stand for.
	names labelNames
	parts map[string]*part
	// merged is the stream of sets beyond the limit, nil until the first.
	merged *stream
	// counted is the last collection before which it ran out of room.
	counted uint64
	// points has what an observable instrument needs of its streams.
	points map[*stream]*point
}

func (m *meter) newInstrument(id identity, d registry.Definition, allowed []attribute.Key) *instrument {
	i := &instrument{
		identity:    id,
		provider:    m.provider,
		meter:       m,
		definition:  d,
		description: d.Help,
		names:       labelNames{},
		parts:       map[string]*part{},
		points:      map[*stream]*point{},
	}
	i.forms.Store(new([]*form))
	i.odd.Store(newTable(0))
	if allowed != nil {
		i.filter.Store(&filter{allowed: allowed})
	}
	return i
}

// boundOf returns the handle on the series of a set, made if need be.
func (i *instrument) boundOf(set *attribute.Set) registry.Bound {
	array := arrayOf(set)
	if b, found := i.prepared.find(array); found {
		return b
	}
	b, lasting := i.boundOfSorted(attributesOf(set))
	if lasting && array != nil {
		i.prepared.offer(array, b)
	}
	return b
}

// boundOfNone returns the handle on the series without attributes.
func (i *instrument) boundOfNone() registry.Bound {
	if b := i.bare.Load(); b != nil {
		return *b
	}
	b, lasting := i.boundOfSorted(nil)
	if lasting {
		i.bare.Store(&b)
	}
	return b
}

// boundOfSorted returns the handle on the series of attributes that are sorted and
// have each key once, made if need be, and whether that will be the series of later
// updates too. The attributes are neither written nor kept.
func (i *instrument) boundOfSorted(attributes []attribute.KeyValue) (b registry.Bound, lasting bool) {
	if f := i.filter.Load(); f != nil {
		var buffer [maxInline]attribute.KeyValue
		return i.boundOfKept(f.apply(buffer[:0], attributes))
	}
	return i.boundOfKept(attributes)
}

// boundOfKept does the same with what no filter leaves out.
func (i *instrument) boundOfKept(attributes []attribute.KeyValue) (b registry.Bound, lasting bool) {
	if b, found := i.find(attributes); found {
		return b, true
	}
	if odd := i.odd.Load(); odd.used.Load() > 0 {
		if s := odd.find(hashOfAll(attributes), attributes); s != nil {
			return s.bound, true
		}
	}
	if i.off.Load() {
		return registry.Bound{}, false
	}
	if s := i.overflow.Load(); s != nil {
		i.provider.reports.count(i.name, "overflow")
		return s.bound, false
	}
	return i.make(attributes)
}

// make makes the series of attributes that have none.
func (i *instrument) make(attributes []attribute.KeyValue) (registry.Bound, bool) {
	made := i.makeLocked(attributes)
	for _, p := range made.problems {
		i.provider.reports.once(i.name, p.reason, p.err)
	}
	if made.again {
		return i.boundOfSorted(attributes)
	}
	return made.stream.bound, made.lasting
}

// making is what has become of attributes that had no series.
type making struct {
	stream   *stream
	lasting  bool
	problems []problem
	// again is set if an attribute is left out from now on.
	again bool
}

func (i *instrument) makeLocked(attributes []attribute.KeyValue) making {
	i.mu.Lock()
	defer i.mu.Unlock()
	if b, found := i.find(attributes); found {
		return making{stream: &stream{bound: b}, lasting: true}
	}
	if odd := i.odd.Load(); odd.used.Load() > 0 {
		if s := odd.find(hashOfAll(attributes), attributes); s != nil {
			return making{stream: s, lasting: true}
		}
	}
	if i.fullLocked() {
		s, problems := i.overflowLocked()
		return making{stream: s, problems: problems}
	}
	if b, made := i.makePlainLocked(attributes); made {
		return making{stream: &stream{bound: b}, lasting: true}
	}
	return i.makeOddLocked(slices.Clone(attributes))
}

// fullLocked reports whether there is no room for another set. It looks for room
// once for each collection, because only those end series.
func (i *instrument) fullLocked() bool {
	if i.size < i.provider.options.CardinalityLimit {
		return false
	}
	if now := i.provider.collection.Load(); i.counted < now {
		i.counted = now
		if i.observable {
			i.renewLocked(now)
		} else {
			i.countLocked()
		}
	}
	return i.size >= i.provider.options.CardinalityLimit
}

// countLocked counts the series anew.
func (i *instrument) countLocked() {
	i.size = 0
	for _, p := range i.parts {
		i.size += p.instrument.Size()
	}
	if i.merged != nil && !i.merged.bound.Ended() {
		i.size--
	}
}

// overflowLocked returns the stream of sets beyond the limit, where all that have
// none go from now on.
func (i *instrument) overflowLocked() (*stream, []problem) {
	var problems []problem
	if i.merged == nil {
		i.merged = &stream{}
		problems = i.placeLocked(i.merged, labelList{{Name: overflowLabel, Value: "true"}})
	}
	i.overflow.Store(i.merged)
	return i.merged, append(problems, problem{"overflow", fmt.Errorf(
		"otelapi: instrument %s has %d attribute sets, as many as it may; further ones are merged under %s: leave an attribute out, or raise Options.CardinalityLimit",
		i.name, i.provider.options.CardinalityLimit, overflowLabel)})
}

// makeOddLocked makes the series of a set whose form is not known, and that of one
// that has none.
func (i *instrument) makeOddLocked(attributes []attribute.KeyValue) (made making) {
	labels := labelsOf(attributes, i.names)
	if made.problems = i.refuseLocked(labels.list, attributes); len(made.problems) > 0 {
		made.again = true
		return made
	}
	if labels.plain && !i.observable {
		made.problems = i.addFormLocked(labels.list, attributes)
		if b, plain := i.makePlainLocked(attributes); plain {
			made.stream, made.lasting = &stream{bound: b}, true
			return made
		}
	}
	list := labels.list
	set := attribute.NewSet(attributes...)
	// A set with a NaN in a slice equals none, itself included.
	known := set.Equals(&set)
	if known {
		list = i.tellApartLocked(list, attributes)
	}
	if len(list) > len(labels.list) {
		made.problems = append(made.problems, problem{"attribute_collision", fmt.Errorf(
			"otelapi: instrument %s has an attribute set with the labels of another one, which it is told from by the label %s: %s: give an attribute one type, leave it out where it is empty, and use keys that differ in more than punctuation",
			i.name, fullLabel, shortened(inFull(attributes)))})
	}
	made.stream, made.lasting = &stream{hash: hashOf(set.Equivalent()), set: set}, known
	made.problems = append(made.problems, i.placeLocked(made.stream, list)...)
	if known {
		i.size++
		i.claimed.Store(made.stream.bound, true)
		i.claims.Add(1)
		i.odd.Store(i.odd.Load().with(made.stream))
	}
	return made
}

// tellApartLocked adds to the labels of a set what tells them from those of others.
// Values that are too long to have a series are left to the registry.
func (i *instrument) tellApartLocked(list labelList, attributes []attribute.KeyValue) labelList {
	if slices.ContainsFunc(list, func(l metric.Label) bool { return len(l.Value) > registry.MaxValueLength }) {
		return list
	}
	full := ""
	for n := 1; ; n++ {
		told := list
		switch n {
		case 1:
		case 2:
			full = shortened(inFull(attributes))
			told = list.with(fullLabel, full)
		default:
			told = list.with(fullLabel, fmt.Sprintf("%s #%d", full, n))
		}
		if !i.takenLocked(told) {
			return told
		}
	}
}

// shortened cuts a text that is too long for a label.
func shortened(text string) string {
	const longest = 1024
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

// placeLocked gives a stream its series.
func (i *instrument) placeLocked(s *stream, list labelList) []problem {
	p, problems := i.partLocked(list.names())
	if i.observable {
		i.points[s] = &point{part: p, values: list.values(), seen: i.provider.collection.Load()}
	} else {
		s.bound = p.bind(list.values())
	}
	return problems
}

// finish lets the series of attributes end, sorted and each key once.
func (i *instrument) finish(attributes []attribute.KeyValue) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var buffer [maxInline]attribute.KeyValue
	kept := i.filter.Load().apply(buffer[:0], attributes)
	if b, found := i.find(kept); found {
		b.Finish()
		return
	}
	if s := i.odd.Load().find(hashOfAll(kept), kept); s != nil {
		s.bound.Finish()
	}
}

// removeLocked takes streams out of the table.
func (i *instrument) removeLocked(gone func(*stream) bool) {
	odd := i.odd.Load()
	left := odd.without(func(s *stream) bool {
		if !gone(s) {
			return false
		}
		i.claimed.Delete(s.bound)
		return true
	})
	if left != odd {
		i.odd.Store(left)
	}
}

// sweep lets go of what is kept of series that the registry has forgotten, and makes
// room for others where those were counted.
func (i *instrument) sweep() {
	if i.observable || i.off.Load() {
		return
	}
	i.prepared.sweep()
	if b := i.bare.Load(); b != nil && b.Ended() {
		i.bare.CompareAndSwap(b, nil)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.removeLocked(func(s *stream) bool { return s.bound.Ended() })
	if i.overflow.Load() == nil {
		return
	}
	if i.countLocked(); i.size < i.provider.options.CardinalityLimit {
		i.overflow.Store(nil)
	}
}
