package prometheus

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

const (
	replacement = "\uFFFD"
	hexDigits   = "0123456789abcdef"
)

// appendLabels writes an encoded label set, which quotes and escapes already,
// and makes it valid UTF-8. See the package comment.
func appendLabels(b []byte, labels string) []byte {
	if isASCII(labels) || utf8.ValidString(labels) && !strings.Contains(labels, replacement) {
		return append(b, labels...)
	}
	for i := 0; i < len(labels); {
		_, size := utf8.DecodeRuneInString(labels[i:])
		part := labels[i : i+size]
		i += size
		invalid := size == 1 && part[0] >= utf8.RuneSelf
		if invalid || part == replacement && startsWithHexByte(labels[i:]) {
			b = appendBytesAsHex(b, part)
			continue
		}
		b = append(b, part...)
	}
	return b
}

// isASCII reports whether s holds ASCII alone, as nearly all label sets do.
func isASCII(s string) bool {
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

func startsWithHexByte(s string) bool {
	return len(s) >= 2 && strings.IndexByte(hexDigits, s[0]) >= 0 && strings.IndexByte(hexDigits, s[1]) >= 0
}

func appendBytesAsHex(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, replacement...)
		b = append(b, hexDigits[s[i]>>4], hexDigits[s[i]&0xf])
	}
	return b
}

// appendEscaped writes a raw label value as a label set has it.
func appendEscaped(b []byte, value string) []byte {
	if isASCII(value) && !strings.ContainsAny(value, "\\\"\n") {
		return append(b, value...)
	}
	return appendLabels(b, escaper.Replace(value))
}

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// unescape undoes the escaping of a label value in place, and returns what is
// left of it.
func unescape(value []byte) []byte {
	to := 0
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '\\' && i+1 < len(value) {
			i++
			if c = value[i]; c == 'n' {
				c = '\n'
			}
		}
		value[to] = c
		to++
	}
	return value[:to]
}

// appendHelp escapes a help text: backslash and newline.
func appendHelp(b []byte, help string) []byte {
	for _, r := range help { // yields U+FFFD for what is invalid
		switch r {
		case '\\':
			b = append(b, `\\`...)
		case '\n':
			b = append(b, `\n`...)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// appendQuotedHelp escapes a help text of OpenMetrics: quotes as well.
func appendQuotedHelp(b []byte, help string) []byte {
	for {
		before, after, found := strings.Cut(help, `"`)
		b = appendHelp(b, before)
		if !found {
			return b
		}
		b = append(b, `\"`...)
		help = after
	}
}
