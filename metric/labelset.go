package metric

import (
	"iter"
	"strings"
)

// LabelSet is the complete label set of one series in the form in which the
// text exposition writes it, such as `op="put",status="ok"`. It is made once
// per series and serves as its identity, as the source of the raw values and
// as the bytes an exporter writes. The zero value is the empty set.
type LabelSet struct {
	encoded string
	// raw holds the values where escaping made encoded differ from them; it is
	// nil for nearly all series, and a pointer because it is.
	raw *[]string
}

// EncodeLabels makes the label set of the given values under the given sorted
// keys. The values are copied, never kept.
func EncodeLabels(keys, values []string) LabelSet {
	size := 0
	for i, key := range keys {
		size += len(key) + len(values[i]) + len(`="",`)
	}
	var b strings.Builder
	b.Grow(max(size-1, 0))
	escaped := false
	for i, key := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(key)
		b.WriteString(`="`)
		escaped = writeEscaped(&b, values[i]) || escaped
		b.WriteByte('"')
	}
	set := LabelSet{encoded: b.String()}
	if escaped {
		raw := make([]string, len(values))
		for i, v := range values {
			raw[i] = strings.Clone(v)
		}
		set.raw = &raw
	}
	return set
}

// writeEscaped writes a label value as the text exposition wants it and
// reports whether that differs from the value.
func writeEscaped(b *strings.Builder, value string) bool {
	if !strings.ContainsAny(value, "\\\"\n") {
		b.WriteString(value)
		return false
	}
	for i := range len(value) {
		switch c := value[i]; c {
		case '\\':
			b.WriteString(`\\`)
		case '"':
			b.WriteString(`\"`)
		case '\n':
			b.WriteString(`\n`)
		default:
			b.WriteByte(c)
		}
	}
	return true
}

// String returns the encoded form, without braces.
func (s LabelSet) String() string { return s.encoded }

// Values appends the raw values to dst, in the order of the keys the set was
// made with, and returns it.
func (s LabelSet) Values(dst, keys []string) []string {
	if s.raw != nil {
		return append(dst, *s.raw...)
	}
	rest := s.encoded
	for _, key := range keys {
		rest = rest[len(key)+len(`="`):]
		end := strings.IndexByte(rest, '"')
		dst = append(dst, rest[:end])
		rest = rest[min(end+len(`",`), len(rest)):]
	}
	return dst
}

// All yields each name with its raw value, given the keys the set was made
// with.
func (s LabelSet) All(keys []string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i, v := range s.Values(make([]string, 0, len(keys)), keys) {
			if !yield(keys[i], v) {
				return
			}
		}
	}
}

// Matcher compares a label set with values that are given one after the other
// in the order of the keys, without encoding them.
//
// It is exact. In a set that needed no escaping every quote is one that closes
// or opens a value, two for each key. A value is accepted where a quote follows
// it, and the end must be reached with the last value, so the accepted values
// can hold no quote themselves, and therefore are the values of the set.
type Matcher struct {
	set  LabelSet
	at   int
	next int
}

// Match starts a comparison.
func (s LabelSet) Match() Matcher { return Matcher{set: s} }

// Next reports whether the next value is the given one; skip is the length of
// what stands between the values: `key="` for the first, `",key="` for others.
func (m *Matcher) Next(value string, skip int) bool {
	if m.set.raw != nil {
		m.next++
		return (*m.set.raw)[m.next-1] == value
	}
	from := m.at + skip
	m.at = from + len(value)
	return m.at < len(m.set.encoded) && m.set.encoded[m.at] == '"' && m.set.encoded[from:m.at] == value
}

// Done reports whether all of the set was compared.
func (m *Matcher) Done() bool {
	return m.set.raw != nil || len(m.set.encoded) == 0 || m.at == len(m.set.encoded)-1
}
