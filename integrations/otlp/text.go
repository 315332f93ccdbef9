package otlp

import (
	"strings"
	"unicode/utf8"
)

const (
	replacement = "\uFFFD"
	hexDigits   = "0123456789abcdef"
)

// validUTF8 returns the text as a protobuf string may hold it, as the package
// comment says, different for different texts. It allocates only for one that
// it changes.
func validUTF8(s string) string {
	if utf8.ValidString(s) && !strings.Contains(s, replacement) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + len(replacement))
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

func startsWithHexByte(s string) bool {
	return len(s) >= 2 && strings.IndexByte(hexDigits, s[0]) >= 0 && strings.IndexByte(hexDigits, s[1]) >= 0
}
