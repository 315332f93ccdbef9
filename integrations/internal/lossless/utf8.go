// Package lossless writes any text as UTF-8 so that different texts stay
// different. A byte that is part of no valid UTF-8 is written as U+FFFD with its
// two hexadecimal digits behind it, as is each byte of a genuine U+FFFD that two
// such digits follow.
package lossless

import (
	"strings"
	"unicode/utf8"
)

const (
	replacement = "\uFFFD"
	hexDigits   = "0123456789abcdef"
)

// UTF8 returns a text as valid UTF-8. It allocates only for one that it changes.
func UTF8(s string) string {
	if stays(s) {
		return s
	}
	b := make([]byte, 0, len(s)+2*len(replacement))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		part := s[i : i+size]
		i += size
		if Stays(r, size, s[i:]) {
			b = append(b, part...)
		} else {
			b = AppendHex(b, part)
		}
	}
	return string(b)
}

// stays reports whether a text is written as it is, as all of ASCII is and nearly
// all else.
func stays(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return utf8.ValidString(s) && !strings.Contains(s, replacement)
		}
	}
	return true
}

// Stays reports whether a character, as utf8.DecodeRuneInString returns it, is
// written as it is before the rest of a text.
func Stays(r rune, size int, rest string) bool {
	return r != utf8.RuneError || size > 1 && !startsWithHexByte(rest)
}

// AppendHex appends every byte of a text as U+FFFD and two hexadecimal digits.
func AppendHex(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, replacement...)
		b = append(b, hexDigits[s[i]>>4], hexDigits[s[i]&0xf])
	}
	return b
}

func startsWithHexByte(s string) bool {
	return len(s) >= 2 && strings.IndexByte(hexDigits, s[0]) >= 0 && strings.IndexByte(hexDigits, s[1]) >= 0
}
