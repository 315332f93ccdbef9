package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// treeStyle holds the terminal sequences a tree is printed with.
type treeStyle struct{ scope, faint, reset string }

var (
	plainStyle  = treeStyle{}
	colourStyle = treeStyle{scope: "\x1b[1m", faint: "\x1b[2m", reset: "\x1b[0m"}
)

// wantsColour reports whether w is a terminal whose user has not said no.
func wantsColour(w io.Writer) bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

const (
	// usualWidth is the width of lines that do not go to a terminal.
	usualWidth = 80
	// leastWidth is how narrow lines get; a narrower terminal wraps them.
	leastWidth = 40
	// mostWidth keeps a value within sight of its name.
	mostWidth = 120
)

// lineWidth is what the lines written to w should fit into, in characters.
func lineWidth(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return min(max(columns, leastWidth), mostWidth)
		}
	}
	return usualWidth
}
