package cli

import (
	"bytes"
	"testing"
)

// Sentences are wrapped for people, and left whole for programs.
func TestTextWidthFollowsTheTerminal(t *testing.T) {
	for columns, want := range map[uint16]int{10: leastWidth, 57: 57, 500: mostWidth} {
		if got := textWidth(terminal(t, columns)); got != want {
			t.Errorf("a terminal of %d columns: %d, want %d", columns, got, want)
		}
	}
	if got := textWidth(&bytes.Buffer{}); got != 0 {
		t.Errorf("no terminal: %d", got)
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text  string
		total int
		want  string
	}{
		{"one two three", 0, "one two three"},
		{"one two three", 7, "one two\n  three"},
		{"  one two", 5, "  one\n  two"},
		{"onetwothree four", 7, "one…ree\n  four"},
		{"", 7, ""},
	} {
		if got := wrap(tt.text, tt.total, "  "); got != tt.want {
			t.Errorf("%q in %d columns: %q, want %q", tt.text, tt.total, got, tt.want)
		}
	}
}
