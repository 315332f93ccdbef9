// Package lossless writes any text as UTF-8 so that different texts stay
// different. A byte that is part of no valid UTF-8 is written as U+FFFD with its
// two hexadecimal digits behind it, as is each byte of a genuine U+FFFD that two
// such digits follow.
package lossless

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

const (
	// Replacement is the character U+FFFD, which stands for what is not UTF-8.
	Replacement = "\uFFFD"

	hexDigits = "0123456789abcdef"
)

// UTF8 returns a text as valid UTF-8. It allocates only for one that it changes.
func UTF8(s string) string {
	if stays(s) {
		return s
	}
	return string(appendSlowly(make([]byte, 0, len(s)+2*len(Replacement)), s))
}

// Append appends a text as valid UTF-8.
func Append(b []byte, s string) []byte {
	if stays(s) {
		return append(b, s...)
	}
	return appendSlowly(b, s)
}

func appendSlowly(b []byte, s string) []byte {
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
	return b
}

// stays reports whether a text is written as it is, as all of ASCII is and nearly
// all else.
func stays(s string) bool {
	return ascii(s) || utf8.ValidString(s) && !strings.Contains(s, Replacement)
}

// ascii reports whether a text holds ASCII alone.
func ascii(s string) bool {
	const highBits = 0x8080_8080_8080_8080
	for len(s) >= 8 {
		var word [8]byte
		copy(word[:], s)
		if binary.LittleEndian.Uint64(word[:])&highBits != 0 {
			return false
		}
		s = s[8:]
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
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
		b = append(b, Replacement...)
		b = append(b, hexDigits[s[i]>>4], hexDigits[s[i]&0xf])
	}
	return b
}

func startsWithHexByte(s string) bool {
	return len(s) >= 2 && strings.IndexByte(hexDigits, s[0]) >= 0 && strings.IndexByte(hexDigits, s[1]) >= 0
}
