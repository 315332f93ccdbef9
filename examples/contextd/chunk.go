package contextd

import (
	"strings"
	"unicode/utf8"
)

// chunkBytes is the most a chunk takes.
const chunkBytes = 600

// chunks cuts a text into parts of at most chunkBytes, after a white space where
// there is one in the second half of a part. Joined they are the text again.
func chunks(text string) []string {
	var parts []string
	for len(text) > chunkBytes {
		cut := cutAt(text)
		parts = append(parts, text[:cut])
		text = text[cut:]
	}
	return append(parts, text)
}

func cutAt(text string) int {
	if space := strings.LastIndexAny(text[:chunkBytes], " \t\n"); space >= chunkBytes/2 {
		return space + 1
	}
	cut := chunkBytes
	for cut > chunkBytes-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return cut
}
