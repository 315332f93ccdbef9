package otelapi

import (
	"slices"
	"strconv"
	"unsafe"

	"go.opentelemetry.io/otel/attribute"

	"github.com/metertree/metertree/registry"
)

// form is what plain sets with the same keys and types have in common. Their labels
// tell them exactly, since each label name stands for one key and one type.
type form struct {
	// sources are those of the attributes in their order.
	sources    []labelSource
	instrument *registry.Instrument
	// at are the places of their values among those of the instrument.
	at []int
}

// maxInline is how many attributes an update may have without allocating.
const maxInline = 16

// maxForms is how many forms an instrument has, since they are tried one after the
// other; sets of further ones are kept as they are.
const maxForms = 32

// covers reports whether attributes are of the form.
func (f *form) covers(attributes []attribute.KeyValue) bool {
	if len(f.sources) != len(attributes) {
		return false
	}
	for at := range attributes {
		if kv := &attributes[at]; kv.Key != f.sources[at].key || kv.Value.Type() != f.sources[at].kind {
			return false
		}
	}
	return true
}

// values returns the values of a set of the form as labels, as their String methods
// write them.
func (f *form) values(attributes []attribute.KeyValue) []string {
	values := make([]string, len(attributes))
	for n, kv := range attributes {
		values[f.at[n]] = kv.Value.String()
	}
	return values
}

// formOf returns the form of a plain set, nil if it is not known.
func (i *instrument) formOf(attributes []attribute.KeyValue) *form {
	for _, f := range *i.forms.Load() {
		if f.covers(attributes) {
			return f
		}
	}
	return nil
}

// find returns the handle on the series of a plain set, and whether there is one.
func (i *instrument) find(attributes []attribute.KeyValue) (registry.Bound, bool) {
	f := i.formOf(attributes)
	if f == nil {
		return registry.Bound{}, false
	}
	b, found := f.find(attributes)
	if found && i.claims.Load() > 0 && i.isClaimed(b) {
		return registry.Bound{}, false
	}
	return b, found
}

// find is of a set of the form. It writes the values where the compiler sees that
// nobody keeps them, which spares an allocation.
func (f *form) find(attributes []attribute.KeyValue) (registry.Bound, bool) {
	var values [maxInline]string
	var buffer [64]byte
	digits := buffer[:0]
	for n := range attributes {
		at := f.at[n] & (maxInline - 1)
		switch v := &attributes[n].Value; f.sources[n].kind {
		case attribute.STRING:
			values[at] = v.AsString()
		case attribute.BOOL:
			values[at] = strconv.FormatBool(v.AsBool())
		default:
			from := len(digits)
			digits = strconv.AppendInt(digits, v.AsInt64(), 10)
			own := digits[from:]
			values[at] = unsafe.String(unsafe.SliceData(own), len(own))
		}
	}
	return f.instrument.Find(values[:len(attributes)]...)
}

// isClaimed reports whether a series is that of a set that is not plain.
func (i *instrument) isClaimed(b registry.Bound) bool {
	_, claimed := i.claimed.Load(b)
	return claimed
}

// makePlainLocked makes the series of a set whose form is known, unless its labels
// are taken by a set that is not plain.
func (i *instrument) makePlainLocked(attributes []attribute.KeyValue) (registry.Bound, bool) {
	f := i.formOf(attributes)
	if f == nil {
		return registry.Bound{}, false
	}
	values := f.values(attributes)
	if slices.Contains(values, "") {
		// An empty value is no label.
		return registry.Bound{}, false
	}
	b := f.instrument.Bind(values)
	b.Unpin()
	if i.claims.Load() > 0 && i.isClaimed(b) {
		return registry.Bound{}, false
	}
	i.size++
	return b, true
}

// addFormLocked makes the form of a plain set.
func (i *instrument) addFormLocked(list labelList, attributes []attribute.KeyValue) []problem {
	if len(attributes) > maxInline || len(*i.forms.Load()) == maxForms {
		return nil
	}
	names := list.names()
	p, problems := i.partLocked(names)
	if p.instrument == nil {
		return problems
	}
	f := &form{instrument: p.instrument}
	for _, kv := range attributes {
		f.sources = append(f.sources, labelSource{kv.Key, kv.Value.Type()})
		f.at = append(f.at, slices.Index(names, labelName(string(kv.Key))))
	}
	all := append(slices.Clip(*i.forms.Load()), f)
	i.forms.Store(&all)
	return problems
}
