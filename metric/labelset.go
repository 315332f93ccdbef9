package metric

import (
	"iter"
	"strings"
)

// LabelSet is the complete label set of one series in the form in which the
// text exposition writes it, without braces: `op="put",status="ok"`, sorted by
// name, with backslash, quote and line feed escaped. It is made once per series
// and serves as its identity, as the source of the raw values and as the bytes
// an exporter writes. Two sets under the same keys are equal exactly if their
// strings are.
type LabelSet string

// EncodeLabels makes the label set of the given values under the given sorted
// keys. The values are copied, never kept.
func EncodeLabels(keys, values []string) LabelSet {
	size := 0
	for i, key := range keys {
		size += len(key) + len(values[i]) + len(`="",`)
	}
	var b strings.Builder
	b.Grow(max(size-1, 0))
	for i, key := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(key)
		b.WriteString(`="`)
		writeEscaped(&b, values[i])
		b.WriteByte('"')
	}
	return LabelSet(b.String())
}

func writeEscaped(b *strings.Builder, value string) {
	if !strings.ContainsAny(value, "\\\"\n") {
		b.WriteString(value)
		return
	}
	for i := range len(value) {
		if e := escape(value[i]); e != 0 {
			b.WriteByte('\\')
			b.WriteByte(e)
		} else {
			b.WriteByte(value[i])
		}
	}
}

// escape returns what follows the backslash that stands for a byte, or 0 if
// the byte stands for itself.
func escape(c byte) byte {
	switch c {
	case '\\', '"':
		return c
	case '\n':
		return 'n'
	}
	return 0
}

// String returns the encoded form.
func (s LabelSet) String() string { return string(s) }

// Escaped reports whether a value needed escaping, so that the encoded form
// differs from it. Hardly any set does.
func (s LabelSet) Escaped() bool { return strings.IndexByte(string(s), '\\') >= 0 }

// Values appends the raw values to dst, in the order of the keys the set was
// made with, and returns it. The values share the set's memory where they can.
func (s LabelSet) Values(dst, keys []string) []string {
	rest := string(s)
	for _, key := range keys {
		rest = rest[len(key)+len(`="`):]
		end := closingQuote(rest)
		dst = append(dst, unescape(rest[:end]))
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

// closingQuote returns the position of the first quote that is not escaped.
func closingQuote(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return len(s)
}

func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	raw := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			raw = append(raw, s[i])
			continue
		}
		i++
		if s[i] == 'n' {
			raw = append(raw, '\n')
		} else {
			raw = append(raw, s[i])
		}
	}
	return string(raw)
}

// CutValue compares the value at the start of an encoded set, or of what an
// earlier call left of one, with a raw value. It returns what follows the
// closing quote, and false if the values differ. It does not allocate.
func CutValue(encoded, value string) (rest string, equal bool) {
	for i := range len(value) {
		c := value[i]
		if e := escape(c); e != 0 {
			if encoded == "" || encoded[0] != '\\' {
				return "", false
			}
			encoded, c = encoded[1:], e
		} else if encoded != "" && encoded[0] == '\\' {
			return "", false
		}
		if encoded == "" || encoded[0] != c {
			return "", false
		}
		encoded = encoded[1:]
	}
	if encoded == "" || encoded[0] != '"' {
		return "", false
	}
	return encoded[1:], true
}
