package telemetry

import (
	"math"
	"reflect"
	"strings"
	"time"
)

// Value is what a summary has in a field. The zero Value says that it has none.
type Value struct {
	kind    kind
	integer int64
	float   float64
	text    string
}

type kind uint8

const (
	absent kind = iota
	integer
	float
	text
	bad
)

// Int is a field with an integer.
func Int(v int64) Value { return Value{kind: integer, integer: v} }

// Float is a field with a number; of a duration, seconds.
func Float(v float64) Value { return Value{kind: float, float: v} }

// Duration is a field with a duration.
func Duration(v time.Duration) Value { return Float(v.Seconds()) }

// Text is a field with a word, such as the name of an operation.
func Text(v string) Value { return Value{kind: text, text: v} }

// number is what json.Number is.
type number interface {
	Int64() (int64, error)
	Float64() (float64, error)
}

// Any is a field of a type known only when it is read: a string, a duration or a
// number, also as JSON gives it, or a type defined from one of them. nil is an
// absent field, and anything else a bad one.
func Any(v any) Value {
	switch v := v.(type) {
	case nil:
		return Value{}
	case time.Duration:
		return Duration(v)
	case number:
		if n, err := v.Int64(); err == nil {
			return Int(n)
		}
		if f, err := v.Float64(); err == nil {
			return Float(f)
		}
		return Value{kind: bad}
	}
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.String:
		return Text(r.String())
	case r.CanInt():
		return Int(r.Int())
	case r.CanUint() && r.Uint() <= math.MaxInt64:
		return Int(int64(r.Uint()))
	case r.CanFloat():
		return Float(r.Float())
	}
	return Value{kind: bad}
}

// scaled returns a number times a factor.
func (v Value) scaled(by float64) Value {
	switch v.kind {
	case integer:
		return Float(float64(v.integer) * by)
	case float:
		return Float(v.float * by)
	}
	return v
}

// count returns a whole number that a counter may grow by.
func (v Value) count() (n int64, ok bool) {
	switch v.kind {
	case integer:
		return v.integer, v.integer >= 0
	case float:
		// A float from 1<<63 on does not fit; NaN is not equal to itself.
		return int64(v.float), v.float >= 0 && v.float < 1<<63 && v.float == math.Trunc(v.float)
	}
	return 0, false
}

// seconds returns a finite number of at least zero.
func (v Value) seconds() (s float64, ok bool) {
	switch v.kind {
	case integer:
		return float64(v.integer), v.integer >= 0
	case float:
		return v.float, v.float >= 0 && v.float <= math.MaxFloat64
	}
	return 0, false
}

// maxWord is how many bytes a label value has at most.
const maxWord = 64

// word returns a text that can name something. One with blanks is a message.
func (v Value) word() (w string, ok bool) {
	if v.kind != text || v.text == "" || len(v.text) > maxWord {
		return "", false
	}
	odd := func(r rune) bool { return r <= ' ' || r == 0x7f }
	return v.text, !strings.ContainsFunc(v.text, odd)
}
