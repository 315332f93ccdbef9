package meter

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// A typed instrument takes its label values as a struct L whose fields are all
// strings, of the type string or of one defined from it: the fields' order and
// number then are those of the keys, and the compiler checks them. A key is the
// field's name in snake case, or what its tag `label:"name"` says.
//
// Such a struct lies in memory as an array of strings, so its values are read
// without copying, allocating or reflection; reflection checks the type once,
// at the definition.

// fieldsOf returns the fields of a struct that keysOf has accepted. The slice
// shares the struct's memory. Compiled out, nobody reads them.
func fieldsOf[L any](labels *L) []string {
	if !compiled {
		return nil
	}
	return unsafe.Slice((*string)(unsafe.Pointer(labels)), unsafe.Sizeof(*labels)/unsafe.Sizeof(""))
}

// keysOf returns the keys that the fields of L make, or an error if L is not a
// struct of strings.
func keysOf[L any]() (Option, error) {
	t := reflect.TypeFor[L]()
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("label set %s is not a struct: give a struct whose fields are strings", t)
	}
	keys := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Type.Kind() != reflect.String {
			return nil, fmt.Errorf("field %s of label set %s is a %s: label values are strings", field.Name, t, field.Type)
		}
		key := field.Tag.Get("label")
		if key == "" {
			key = snakeCase(field.Name)
		}
		keys = append(keys, key)
	}
	return Keys(keys...), nil
}

// snakeCase turns a field's name into a label's: HTTPStatus becomes
// http_status.
func snakeCase(name string) string {
	upper := func(i int) bool { return i < len(name) && name[i] >= 'A' && name[i] <= 'Z' }
	var b strings.Builder
	for i := range len(name) {
		starts := upper(i) && i > 0 && (!upper(i-1) || i+1 < len(name) && !upper(i+1))
		if starts && name[i-1] != '_' {
			b.WriteByte('_')
		}
		if upper(i) {
			b.WriteByte(name[i] + 'a' - 'A')
		} else {
			b.WriteByte(name[i])
		}
	}
	return b.String()
}
