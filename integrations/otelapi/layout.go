package otelapi

import (
	"reflect"
	"unsafe"

	"go.opentelemetry.io/otel/attribute"
)

// An attribute set holds its attributes in an array behind an interface. The array
// never changes, so that where it lies tells a set that is used again from others,
// and it can be read where it lies. The API offers neither; what it offers takes
// longer than all the rest of an update. So the layout of a set is looked at when
// the program starts, and if it is not the one known here everything goes the way
// of the API.

// setLayout is attribute.Set.
type setLayout struct {
	hash uint64
	data struct {
		kind  unsafe.Pointer
		array unsafe.Pointer
	}
}

var layoutKnown = knowsLayout()

func knowsLayout() bool {
	set := reflect.TypeFor[attribute.Set]()
	if set.Size() != unsafe.Sizeof(setLayout{}) || set.NumField() != 2 ||
		set.Field(1).Offset != unsafe.Offsetof(setLayout{}.data) || set.Field(1).Type != reflect.TypeFor[any]() {
		return false
	}
	for _, n := range []int{1, 2, 10, 11} {
		attributes := make([]attribute.KeyValue, n)
		for i := range attributes {
			attributes[i] = attribute.Int(string(rune('a'+i)), i)
		}
		array := reflect.ValueOf(attribute.NewSet(attributes...)).Field(1).Elem().Type()
		if array != reflect.ArrayOf(n, reflect.TypeFor[attribute.KeyValue]()) {
			return false
		}
	}
	return true
}

// arrayOf returns where a set's attributes lie, nil if that is not known.
func arrayOf(set *attribute.Set) unsafe.Pointer {
	if !layoutKnown {
		return nil
	}
	return (*setLayout)(unsafe.Pointer(set)).data.array
}

// attributesOf returns a set's attributes, sorted and each key once. They may be
// the set's own, and are not to be written.
func attributesOf(set *attribute.Set) []attribute.KeyValue {
	n := set.Len()
	if n == 0 {
		return nil
	}
	if array := arrayOf(set); array != nil {
		return unsafe.Slice((*attribute.KeyValue)(array), n)
	}
	return set.ToSlice()
}

// hashOf returns the hash that an attribute set was made with. It only leads to
// candidates: sets are compared.
func hashOf(d attribute.Distinct) uint64 { return *(*uint64)(unsafe.Pointer(&d)) }

// A Distinct is that one word.
var _ [8]byte = [unsafe.Sizeof(attribute.Distinct{})]byte{}
