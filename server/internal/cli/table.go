package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// table is text in columns: names on the left, which make room where the line is
// short, and numbers or words on the right.
type table struct {
	titles []string
	rows   [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write writes the columns in a width. The last ones are left out where names
// would get too little.
func (t *table) write(out io.Writer, style treeStyle, total int) {
	columns := len(t.titles)
	widths := make([]int, columns)
	for _, row := range append([][]string{t.titles}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], width(cell))
		}
	}
	room := func() int {
		rest := total
		for _, w := range widths[1:columns] {
			rest -= w + 2
		}
		return rest
	}
	for columns > 1 && room() < leastName {
		columns--
	}
	widths[0] = room()
	fmt.Fprintf(out, "%s%s%s\n", style.faint, tableLine(t.titles[:columns], widths), style.reset)
	for _, row := range t.rows {
		fmt.Fprintln(out, tableLine(row[:columns], widths))
	}
}

// tableLine puts cells into their columns.
func tableLine(cells []string, widths []int) string {
	var b strings.Builder
	b.WriteString(right(widths[0], shorten(cells[0], widths[0])))
	for i, cell := range cells[1:] {
		b.WriteString("  " + left(widths[i+1], cell))
	}
	return strings.TrimRight(b.String(), " ")
}

// textWidth is the width at which sentences written to w are wrapped; 0 is not at
// all, for what other programs read line by line.
func textWidth(w io.Writer) int {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return lineWidth(w)
	}
	return 0
}

// wrap breaks a text between words so that lines fit into a width, if it is not
// 0. Further lines are indented. Words that are too long are shortened.
func wrap(text string, total int, indent string) string {
	if total == 0 {
		return text
	}
	var b strings.Builder
	// Spaces at the beginning are those of the first line.
	begun := len(text) - len(strings.TrimLeft(text, " "))
	b.WriteString(text[:begun])
	used := begun // of the line, which is empty while it is no more than begun
	for _, word := range strings.Fields(text) {
		if used > begun && used+1+width(word) > total {
			b.WriteString("\n" + indent)
			begun = len(indent)
			used = begun
		}
		if used > begun {
			b.WriteByte(' ')
			used++
		}
		word = shorten(word, total-used)
		b.WriteString(word)
		used += width(word)
	}
	return b.String()
}
