package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// The columns to the right of the names. Where names would get too little room,
// those further to the right go first.
const (
	colSeries = iota
	colValue
	colMark
	colShare
	colChange
	colTrend
	colNote
	columns
)

var columnTitles = [columns]string{"series", "value", "", "share", "change", "trend", ""}

// widestCell is how wide a column may get, 0 for as wide as it likes.
var widestCell = [columns]int{colValue: 24, colChange: 28, colNote: 36}

// treeLine is one line of a printed tree.
type treeLine struct {
	branch string // the drawn lines before the name
	name   string
	scope  bool
	cells  [columns]string
}

const (
	// leastName is the least room for the names, in characters.
	leastName = 20
	// goodName is the room for names that notes do not take, and leastNote what is
	// left of a note where it is not left out.
	goodName  = 32
	leastNote = 10
)

// noTime is the moment of values that are not moments.
var noTime time.Time

// write puts the lines in columns that fit into a width.
func (p *treePrinter) write(out io.Writer, f format) {
	shown, widths := p.layout()
	room := func() int {
		rest := f.width
		for i, w := range widths {
			if shown[i] {
				rest -= w + gap(i)
			}
		}
		return rest
	}
	longest := 0
	for _, l := range p.lines {
		longest = max(longest, width(l.branch)+width(l.name))
	}
	if missing := min(longest, goodName) - room(); shown[colNote] && missing > 0 {
		widths[colNote] -= missing
		shown[colNote] = widths[colNote] >= leastNote
	}
	for _, i := range []int{colTrend, colChange, colShare} {
		if room() < min(longest, leastName) {
			shown[i] = false
		}
	}
	name := max(room(), leastName)
	p.writeTitles(out, f, shown, widths, name)
	for _, l := range p.lines {
		l.write(out, f, shown, widths, name)
	}
}

// gap is the space before a column: a mark belongs to the value.
func gap(column int) int {
	if column == colMark {
		return 1
	}
	return 2
}

// layout is which columns there are, and how wide they are.
func (p *treePrinter) layout() (shown [columns]bool, widths [columns]int) {
	shown[colSeries], shown[colValue] = true, true
	for i := range widths {
		for _, l := range p.lines {
			shown[i] = shown[i] || l.cells[i] != ""
			widths[i] = max(widths[i], width(l.cells[i]))
		}
		if most := widestCell[i]; most > 0 {
			widths[i] = min(widths[i], most)
		}
		widths[i] = max(widths[i], width(columnTitles[i]))
	}
	return shown, widths
}

func (p *treePrinter) writeTitles(out io.Writer, f format, shown [columns]bool, widths [columns]int, name int) {
	line := right(name, "")
	for i, title := range columnTitles {
		if !shown[i] {
			continue
		}
		line += strings.Repeat(" ", gap(i))
		if i == colTrend {
			line += right(widths[i], title)
		} else {
			line += left(widths[i], title)
		}
	}
	fmt.Fprintf(out, "%s%s%s\n", f.style.faint, strings.TrimRight(line, " "), f.style.reset)
}

func (l treeLine) write(out io.Writer, f format, shown [columns]bool, widths [columns]int, name int) {
	room := max(name-width(l.branch), 8)
	text := shorten(l.name, room)
	bold, plain := "", ""
	if l.scope {
		bold, plain = f.style.scope, f.style.reset
	}
	line := f.style.faint + l.branch + f.style.reset + bold + text + plain + strings.Repeat(" ", max(room-width(text), 0))
	for i, cell := range l.cells {
		if !shown[i] {
			continue
		}
		cell = shorten(cell, widths[i])
		line += strings.Repeat(" ", gap(i))
		switch i {
		case colSeries:
			line += f.style.faint + left(widths[i], cell) + f.style.reset
		case colMark, colTrend, colNote:
			line += right(widths[i], cell)
		default:
			line += left(widths[i], cell)
		}
	}
	fmt.Fprintln(out, strings.TrimRight(line, " "))
}
