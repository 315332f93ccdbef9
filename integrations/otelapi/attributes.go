package otelapi

import (
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"

	"github.com/metertree/metertree/registry"
)

// rawAttributes is the experimental option of attributes that are not made into a
// set.
type rawAttributes interface{ RawAttributes() []attribute.KeyValue }

// target is what an update of an instrument, or of a bound one, is for.
type target struct {
	*instrument
	// own is the series of a bound instrument once it has one, and base its
	// attributes; nil for one that is not bound.
	own  *atomic.Pointer[registry.Bound]
	base []attribute.KeyValue
}

// bind returns the target that has further attributes. They are copied. Its series
// begins with the first update.
func (t *target) bind(attributes []attribute.KeyValue) target {
	return target{t.instrument, new(atomic.Pointer[registry.Bound]), sortedOnce(slices.Concat(t.base, attributes))}
}

// forAdd returns the series that an addition is for.
func (t *target) forAdd(options []api.AddOption) registry.Bound {
	if len(options) == 0 {
		return t.plain()
	}
	set := api.NewAddConfig(options).Attributes()
	if t.own == nil && !hasRaw(options) {
		return t.boundOf(&set)
	}
	return t.mixed(&set, rawOf(options))
}

// forRecord returns the series that a recorded value is for.
func (t *target) forRecord(options []api.RecordOption) registry.Bound {
	if len(options) == 0 {
		return t.plain()
	}
	set := api.NewRecordConfig(options).Attributes()
	if t.own == nil && !hasRaw(options) {
		return t.boundOf(&set)
	}
	return t.mixed(&set, rawOf(options))
}

// plain returns the series of an update without options.
func (t *target) plain() registry.Bound {
	if t.own == nil {
		return t.boundOfNone()
	}
	if b := t.own.Load(); b != nil {
		return *b
	}
	b, lasting := t.boundOfSorted(t.base)
	if lasting {
		t.own.Store(&b)
	}
	return b
}

// mixed returns the series of what is bound, a set, and attributes that are not a
// set, of which the last have the last word.
func (t *target) mixed(set *attribute.Set, raw []attribute.KeyValue) registry.Bound {
	var buffer [maxInline]attribute.KeyValue
	all := append(append(append(buffer[:0], t.base...), attributesOf(set)...), raw...)
	b, _ := t.boundOfSorted(sortedOnce(all))
	return b
}

func hasRaw[O any](options []O) bool {
	for _, o := range options {
		if _, raw := any(o).(rawAttributes); raw {
			return true
		}
	}
	return false
}

// rawOf returns the attributes that options give without making a set of them.
func rawOf[O any](options []O) (found []attribute.KeyValue) {
	for _, o := range options {
		raw, is := any(o).(rawAttributes)
		switch {
		case !is:
		case found == nil:
			found = raw.RawAttributes()
		default:
			found = slices.Concat(found, raw.RawAttributes())
		}
	}
	return found
}

// sortedOnce sorts attributes by key in place and leaves the last of each.
func sortedOnce(attributes []attribute.KeyValue) []attribute.KeyValue {
	// By insertion, since there are few, and those of one key must stay in order.
	for i := 1; i < len(attributes); i++ {
		for at := i; at > 0 && attributes[at].Key < attributes[at-1].Key; at-- {
			attributes[at], attributes[at-1] = attributes[at-1], attributes[at]
		}
	}
	once := attributes[:0]
	for i, kv := range attributes {
		if i+1 == len(attributes) || attributes[i+1].Key != kv.Key {
			once = append(once, kv)
		}
	}
	return once
}

// hashOfAll returns the hash that a set of attributes has, sorted and each key once.
func hashOfAll(attributes []attribute.KeyValue) uint64 {
	hasher := attribute.NewHasher()
	for _, kv := range attributes {
		hasher.Write(kv)
	}
	return hashOf(hasher.Distinct())
}

// filter says which attributes are kept; nil keeps all.
type filter struct {
	// allowed are all that are; nil if any may be.
	allowed []attribute.Key
	refused []attribute.Key
}

func (f *filter) keeps(key attribute.Key) bool {
	return f == nil || (f.allowed == nil || slices.Contains(f.allowed, key)) && !slices.Contains(f.refused, key)
}

// apply appends the attributes that are kept.
func (f *filter) apply(to, attributes []attribute.KeyValue) []attribute.KeyValue {
	for _, kv := range attributes {
		if f.keeps(kv.Key) {
			to = append(to, kv)
		}
	}
	return to
}
