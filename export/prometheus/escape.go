package prometheus

import (
	"strings"
	"unicode/utf8"

	"github.com/metertree/metertree/internal/lossless"
)

// appendEscaped writes a raw label value as a label set has it.
func appendEscaped(b []byte, value string) []byte {
	if strings.ContainsAny(value, "\\\"\n") {
		value = escaper.Replace(value)
	}
	return lossless.Append(b, value)
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
