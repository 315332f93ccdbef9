package influxdb

import (
	"strings"
	"unicode/utf8"

	"github.com/metertree/metertree/internal/lossless"
)

// special are the characters that a backslash before them makes part of a tag or
// a field's name. In a measurement's name the equals sign is none of them.
const (
	special            = ", ="
	specialMeasurement = ", "
)

// plain are the bytes that are written as they are wherever they stand.
var plain = func() (is [utf8.RuneSelf]bool) {
	for c := byte(' '); c < 0x7f; c++ {
		is[c] = c != '\\' && strings.IndexByte(special, c) < 0
	}
	return is
}()

// appendEscaped writes the value of a tag, or the name of a tag or a field. See
// the package comment for what the protocol cannot hold.
func appendEscaped(b []byte, s, special string) []byte {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || !plain[c] {
			return appendSlowly(append(b, s[:i]...), s[i:], special)
		}
	}
	return append(b, s...)
}

func appendSlowly(b []byte, s, special string) []byte {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		part := s[i : i+size]
		i += size
		switch {
		case unwritable(r, size, s[i:]):
			b = lossless.AppendHex(b, part)
		case strings.ContainsRune(special, r):
			b = append(b, '\\', part[0])
		default:
			b = append(b, part...)
		}
	}
	return b
}

// unwritable reports whether a character must be written in hexadecimal, given
// what follows it. Readers differ on what a backslash before those means.
func unwritable(r rune, size int, rest string) bool {
	switch {
	case r == utf8.RuneError:
		return !lossless.Stays(r, size, rest)
	case r == '\\':
		return rest == "" || rest[0] == '\\' || strings.IndexByte(special, rest[0]) >= 0
	}
	return r < ' ' || r == 0x7f
}

// reserved are the names that the database keeps for itself.
var reserved = map[string]bool{"time": true, "_time": true, "_field": true, "_measurement": true}

// allowed returns the name under which a tag or a field can be written beside
// others.
func allowed(name string, taken func(name string) bool) string {
	if !reserved[name] {
		return name
	}
	for name += "_"; taken(name); name += "_" {
		continue
	}
	return name
}
