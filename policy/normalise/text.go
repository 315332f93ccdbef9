package normalise

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ellipsis marks a value that was cut.
const ellipsis = "…"

// MaxLength cuts values of more than the given number of bytes between two
// characters and ends them with "…", within that number. Below 4 bytes there is
// no room for the mark, and 4 is used. Values that are alike up to the cut become
// one.
func MaxLength(bytes int) Normaliser {
	bytes = max(bytes, utf8.UTFMax)
	return Of(func(value string) string {
		if len(value) <= bytes {
			return value
		}
		cut := bytes - len(ellipsis)
		for cut > 0 && !utf8.RuneStart(value[cut]) {
			cut--
		}
		return value[:cut] + ellipsis
	})
}

// Printable makes each run of control characters, line and paragraph separators,
// marks that change the direction of writing, and bytes that are no UTF-8 one
// underscore, so that no value can break a line of a log or of an exposition. No
// value becomes longer.
func Printable() Normaliser { return Of(printable) }

func printable(value string) string {
	clean := unprintable(value)
	if clean < 0 {
		return value
	}
	var b strings.Builder
	b.Grow(len(value))
	b.WriteString(value[:clean])
	replaced := false
	for at := clean; at < len(value); {
		r, size := utf8.DecodeRuneInString(value[at:])
		if harmful(r, size) {
			if !replaced {
				b.WriteByte('_')
			}
			replaced = true
		} else {
			b.WriteString(value[at : at+size])
			replaced = false
		}
		at += size
	}
	return b.String()
}

// unprintable returns the position of the first harmful character, or -1.
func unprintable(value string) int {
	for at := 0; at < len(value); {
		r, size := rune(value[at]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(value[at:])
		}
		if harmful(r, size) {
			return at
		}
		at += size
	}
	return -1
}

func harmful(r rune, size int) bool {
	switch {
	case r >= ' ' && r < 0x7f:
		return false
	case r == utf8.RuneError && size <= 1:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}
