package stdout

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/metertree/metertree/internal/lossless"
)

const hexDigits = "0123456789abcdef"

// appendFloat writes the shortest number that reads back as v, or a string where
// JSON has no number.
func appendFloat(b []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(b, `"+Inf"`...)
	case math.IsInf(v, -1):
		return append(b, `"-Inf"`...)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// appendString writes a JSON string, in which bytes that are not UTF-8 are
// written as the package comment says.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		part := s[i : i+size]
		i += size
		switch {
		case !lossless.Stays(r, size, s[i:]):
			b = lossless.AppendHex(b, part)
		case r == '"' || r == '\\':
			b = append(b, '\\', part[0])
		case r == '\n':
			b = append(b, '\\', 'n')
		case r < ' ' || r == 0x7f:
			b = append(b, `\u00`...)
			b = append(b, hexDigits[r>>4], hexDigits[r&0xf])
		default:
			b = append(b, part...)
		}
	}
	return append(b, '"')
}
