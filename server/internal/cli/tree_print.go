package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/metertree/metertree/tree"
)

// treeLine is one line of a printed tree.
type treeLine struct {
	branch string // the drawn lines before the name
	name   string
	series string
	value  string
	note   string // what the value means
	scope  bool
}

// leastName is the least room for the names, in characters.
const leastName = 20

// printTree writes a node and what is below it, in aligned columns.
func printTree(w io.Writer, title string, root *tree.Node) error {
	p := treePrinter{}
	p.walk(root, "", inferredFold(root))
	out := bufio.NewWriter(w)
	style := plainStyle
	if wantsColour(w) {
		style = colourStyle
	}
	fmt.Fprintf(out, "%s%s%s  %s in %s\n", style.scope, printable(title), style.reset, counted(root.Series, "series", "series"), counted(root.Metrics, "metric", "metrics"))
	p.write(out, style, lineWidth(w))
	if p.inferred {
		fmt.Fprintf(out, "\n%s~ nothing declares how these fold; inferred from the name%s\n", style.faint, style.reset)
	}
	return out.Flush()
}

type treePrinter struct {
	lines    []treeLine
	inferred bool // a value folded by inference is shown
}

func inferredFold(n *tree.Node) bool { return n.Family != nil && n.Family.Inferred.Fold }

func (p *treePrinter) walk(n *tree.Node, indent string, inferred bool) {
	for i, c := range n.Children {
		branch, below := "├─ ", "│  "
		if i == len(n.Children)-1 && n.Omitted == 0 {
			branch, below = "└─ ", "   "
		}
		guess := inferred || inferredFold(c)
		p.lines = append(p.lines, p.line(c, indent+branch, guess))
		p.walk(c, indent+below, guess)
	}
}

func (p *treePrinter) line(n *tree.Node, branch string, inferred bool) treeLine {
	l := treeLine{branch: branch, name: n.Name, series: fmt.Sprint(n.Series), scope: n.Type == tree.NodeScope}
	if n.Type == tree.NodeValue {
		l.name = n.Label + "=" + n.Name
	}
	switch {
	case n.Error != "":
		l.value, l.note = "error", n.Error
	case n.Reading != nil:
		l.value, l.note = n.Reading.Text, noteOf(n.Reading)
		if inferred && n.Series > 1 && n.Reading.Meaning != tree.MeaningSingle {
			l.note += "~"
			p.inferred = true
		}
	}
	l.name = printable(l.name)
	return l
}

// noteOf says what a value means where that is not plain.
func noteOf(r *tree.Reading) string {
	for _, q := range r.Quantiles {
		if q.Q == 0.99 && !q.Value.IsNaN() {
			return "p99 " + q.Text
		}
	}
	switch r.Meaning {
	case tree.MeaningSingle, tree.MeaningNone:
		return ""
	default:
		return string(r.Meaning)
	}
}

// write puts the lines in columns that fit into a width: name, series, value,
// note. The note makes room where names would get too little.
func (p *treePrinter) write(out *bufio.Writer, style treeStyle, total int) {
	series, value, note := len("series"), len("value"), 0
	for _, l := range p.lines {
		series = max(series, width(l.series))
		value = max(value, min(width(l.value), 18))
		note = max(note, min(width(l.note), 16))
	}
	name := total - series - value - note - 6
	if name < leastName {
		name, note = total-series-value-4, 0
	}
	fmt.Fprintf(out, "%s%s  %s  %s%s\n", style.faint, right(name, ""), left(series, "series"), left(value, "value"), style.reset)
	for _, l := range p.lines {
		room := max(name-width(l.branch), 8)
		shown := shorten(l.name, room)
		bold, plain := "", ""
		if l.scope {
			bold, plain = style.scope, style.reset
		}
		text := fmt.Sprintf("%s%s%s%s%s%s%s  %s%s%s  %s  %s", style.faint, l.branch, style.reset, bold, shown, plain,
			strings.Repeat(" ", max(room-width(shown), 0)), style.faint, left(series, l.series), style.reset, left(value, l.value), shorten(l.note, note))
		fmt.Fprintln(out, strings.TrimRight(text, " "))
	}
}

// left and right pad a text to a width, on the side they name.
func left(n int, s string) string  { return strings.Repeat(" ", max(n-width(s), 0)) + s }
func right(n int, s string) string { return s + strings.Repeat(" ", max(n-width(s), 0)) }

func width(s string) int { return utf8.RuneCountInString(s) }

// shorten takes out the middle of a text, because names differ at both ends.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	if n < 3 {
		return string(r[:n])
	}
	head := (n - 1) / 2
	return string(r[:head]) + "…" + string(r[len(r)-(n-1-head):])
}

// printable keeps control characters, which label values may hold, from reaching
// a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
