package push

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
)

// AppendLabels appends labels to b, each as the lengths and the bytes of its name
// and its value. Labels without a value are none and are left out. The order must
// be that of the names, so that equal sets have equal encodings.
func AppendLabels(b []byte, labels []metric.Label) []byte {
	for _, l := range labels {
		if l.Value != "" {
			b = appendString(appendString(b, l.Name), l.Value)
		}
	}
	return b
}

// DecodeLabels appends to dst the labels that AppendLabels encoded. The strings
// share the memory of encoded.
func DecodeLabels(dst []metric.Label, encoded string) []metric.Label {
	for encoded != "" {
		var l metric.Label
		l.Name, encoded = cutString(encoded)
		l.Value, encoded = cutString(encoded)
		dst = append(dst, l)
	}
	return dst
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// cutString returns an empty string for what was never encoded.
func cutString(s string) (first, rest string) {
	var size uint64
	for shift, i := 0, 0; i < len(s) && shift < 63; i, shift = i+1, shift+7 {
		size |= uint64(s[i]&0x7f) << shift
		if s[i] < 0x80 {
			s = s[i+1:]
			if size > uint64(len(s)) {
				return "", ""
			}
			return s[:size], s[size:]
		}
	}
	return "", ""
}

// sortLabels sorts by name; there are few.
func sortLabels(labels []metric.Label) {
	slices.SortStableFunc(labels, func(a, b metric.Label) int { return strings.Compare(a.Name, b.Name) })
}
