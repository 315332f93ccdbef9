package remotewrite

import (
	"strings"
	"unicode/utf8"
)

const (
	replacement = "\uFFFD"
	hexDigits   = "0123456789abcdef"
)

// valid makes a label's value valid UTF-8: see the package comment.
func valid(s string) string {
	if isValid(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		part := s[i : i+size]
		i += size
		if r != utf8.RuneError || size > 1 && !startsWithHexByte(s[i:]) {
			b.WriteString(part)
			continue
		}
		for j := range len(part) {
			b.WriteString(replacement)
			b.WriteByte(hexDigits[part[j]>>4])
			b.WriteByte(hexDigits[part[j]&0xf])
		}
	}
	return b.String()
}

func isValid(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return utf8.ValidString(s) && !strings.Contains(s, replacement)
		}
	}
	return true
}

func startsWithHexByte(s string) bool {
	return len(s) >= 2 && strings.IndexByte(hexDigits, s[0]) >= 0 && strings.IndexByte(hexDigits, s[1]) >= 0
}
