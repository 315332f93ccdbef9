package cli

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/tree"
)

// format is how and how wide to print.
type format struct {
	style treeStyle
	width int
}

// formatFor is what the other end of w can show.
func formatFor(w io.Writer) format {
	f := format{style: plainStyle, width: lineWidth(w)}
	if wantsColour(w) {
		f.style = colourStyle
	}
	return f
}

// printTree writes what is below a node, or the node itself if it is no scope, in
// aligned columns.
func printTree(w io.Writer, title string, root *branch) error {
	_, err := io.WriteString(w, formatFor(w).tree(title, root))
	return err
}

// tree is the text of a tree.
func (f format) tree(title string, root *branch) string {
	p := treePrinter{}
	size := counted(root.Series, "series", "series")
	switch {
	case root.Ratios > 0:
		size = counted(root.Ratios, "ratio", "ratios")
	case root.Type == tree.NodeScope:
		size += " in " + counted(root.Metrics, "metric", "metrics")
	}
	if root.Type == tree.NodeScope {
		p.signals(root, "")
		p.walk(root, "", false)
	} else {
		p.add(root, "", inferredFold(root))
		p.walk(root, "", inferredFold(root))
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s%s%s  %s\n", f.style.scope, printable(title), f.style.reset, size)
	if root.long() {
		fmt.Fprintln(&out, wrap(printable(shorten(root.title, longestSelector)), f.width, "  "))
	}
	p.write(&out, f)
	p.legend(&out, f)
	return out.String()
}

type treePrinter struct {
	lines    []treeLine
	inferred bool // a value folded by inference is shown
	checked  bool // a mark of branches that make up their node is shown
	problems []string
}

func inferredFold(b *branch) bool { return b.Family != nil && b.Family.Inferred.Fold }

func (p *treePrinter) walk(b *branch, indent string, inferred bool) {
	for i, c := range b.Children {
		line, below := "├─ ", "│  "
		if i == len(b.Children)-1 && (b.Omitted == 0 || b.Type != tree.NodeScope) {
			line, below = "└─ ", "   "
		}
		guess := inferred || inferredFold(c)
		p.add(c, indent+line, guess)
		p.signals(c, indent+below)
		p.walk(c, indent+below, guess)
	}
	if b.Omitted > 0 && b.Type == tree.NodeScope {
		p.lines = append(p.lines, treeLine{branch: indent + "└─ ", name: fmt.Sprintf("%d more, too many to show at once", b.Omitted)})
	}
}

// add adds the line of a node, and below the tree what is wrong with it.
func (p *treePrinter) add(b *branch, line string, inferred bool) {
	l := treeLine{branch: line, name: printable(b.shownName()), scope: b.Type == tree.NodeScope}
	l.cells[colSeries] = fmt.Sprint(b.Series)
	switch {
	case b.Error != "":
		l.cells[colValue], l.cells[colNote] = "error", "see below"
	case b.Type == tree.NodeAxis:
		l.cells[colSeries], l.cells[colValue], l.cells[colNote] = "", counted(b.Branches, "value", "values"), axisNote(b.Axis)
	case b.Reading != nil:
		l.cells[colValue], l.cells[colNote] = b.Reading.Text, noteOf(b.Node)
		if inferred && b.Series > 1 && b.Reading.Meaning != tree.MeaningSingle {
			l.cells[colMark] = "~"
			p.inferred = true
		}
	}
	if b.Share != nil {
		l.cells[colShare] = tree.FormatValue(float64(*b.Share), "ratio", noTime)
	}
	if b.Change != nil {
		l.cells[colChange] = changeText(b.Node)
	}
	if len(b.Trend) > 0 {
		l.cells[colTrend] = sparkline(b.Trend)
	}
	p.check(b, &l)
	p.lines = append(p.lines, l)
	p.report(b)
}

// check marks a node that its branches make up.
func (p *treePrinter) check(b *branch, l *treeLine) {
	if b.Check == nil || b.Type == tree.NodeAxis {
		return
	}
	if b.Check.Holds {
		l.cells[colMark] += "✓"
		p.checked = true
		return
	}
	l.cells[colMark] += "≠"
	p.problems = append(p.problems, b.fullName()+": "+b.Check.Text)
}

func (p *treePrinter) report(b *branch) {
	if b.Error != "" {
		p.problems = append(p.problems, b.fullName()+": "+b.Error)
	}
	for _, w := range b.Warnings {
		p.problems = append(p.problems, b.fullName()+": "+w)
	}
}

// shownName is what the line of a node says.
func (b *branch) shownName() string {
	switch {
	case b.long():
		return "all"
	case b.title != "":
		return b.title
	case b.Type == tree.NodeAxis:
		return "by " + b.Label
	case b.Type == tree.NodeValue:
		return b.Label + "=" + b.Name
	default:
		return b.Name
	}
}

// long reports whether the title needs a line of its own.
func (b *branch) long() bool { return width(b.title) > usualWidth/2 }

// fullName is what a node is called away from its place.
func (b *branch) fullName() string {
	switch {
	case b.Type == tree.NodeScope && b.Path == "":
		return "all"
	case b.Type == tree.NodeScope:
		return b.Path
	default:
		return shorten(b.selector().String(), 200)
	}
}

// noteOf says what a value means where that is not plain.
func noteOf(n *tree.Node) string {
	if n.Ratio != nil && n.Ratio.DenominatorSum != nil {
		above := "0"
		if n.Ratio.NumeratorSum != nil {
			above = n.Ratio.NumeratorSum.Text
		}
		return above + " of " + n.Ratio.DenominatorSum.Text
	}
	if q := quantileText(n.Reading, 0.99); q != "" {
		return "p99 " + q
	}
	switch n.Reading.Meaning {
	case tree.MeaningSingle, tree.MeaningNone, tree.MeaningRatio:
		return ""
	default:
		return string(n.Reading.Meaning)
	}
}

// quantileText is a quantile of a reading, "" if there is none.
func quantileText(r *tree.Reading, q float64) string {
	for _, quantile := range r.Quantiles {
		if quantile.Q == q && !quantile.Value.IsNaN() {
			return quantile.Text
		}
	}
	return ""
}

// axisNote is what expanding along a label costs and promises.
func axisNote(facts *tree.AxisFacts) string {
	if facts == nil {
		return ""
	}
	var words []string
	if facts.Level != policy.Good {
		words = append(words, facts.Level.String())
	}
	if facts.NearUnique {
		words = append(words, "nearly one for each series")
	}
	if facts.Uneven != nil && !facts.Uneven.IsNaN() {
		words = append(words, fmt.Sprintf("uneven %.2f", float64(*facts.Uneven)))
	}
	return strings.Join(words, ", ")
}

// changeText is a change and what part of the value before it is; of a ratio, which
// is a percentage itself, that would be taken for the change.
func changeText(n *tree.Node) string {
	c := n.Change
	if c.Percent.IsNaN() || c.Delta == 0 || n.Ratio != nil {
		return c.Text
	}
	return c.Text + " (" + signedPercent(float64(c.Percent)) + ")"
}

func signedPercent(v float64) string {
	text := tree.FormatValue(v, "percent", noTime)
	if v > 0 {
		return "+" + text
	}
	return strings.Replace(text, "-", "−", 1)
}

// signals adds the lines of a scope's golden signals.
func (p *treePrinter) signals(b *branch, indent string) {
	s := b.Signals
	if s == nil {
		return
	}
	if len(b.Children) > 0 {
		indent += "│  "
	}
	for _, one := range []struct {
		name   string
		signal *tree.Signal
	}{{"traffic", s.Traffic}, {"errors", s.Errors}, {"latency", s.Latency}, {"saturation", s.Saturation}} {
		if one.signal != nil {
			p.signal(b, indent, one.name, one.signal)
		}
	}
}

func (p *treePrinter) signal(b *branch, indent, name string, s *tree.Signal) {
	l := treeLine{branch: indent, name: "· " + name}
	l.cells[colValue], l.cells[colNote] = s.Reading.Text, noteOf(&tree.Node{Reading: &s.Reading, Ratio: s.Ratio})
	if p99 := quantileText(&s.Reading, 0.99); p99 != "" {
		l.cells[colValue], l.cells[colNote] = p99, "p99, p50 "+quantileText(&s.Reading, 0.5)
	}
	if s.Error != "" {
		l.cells[colValue], l.cells[colNote] = "error", "see below"
		p.problems = append(p.problems, b.fullName()+": "+name+": "+s.Error)
	}
	for _, w := range s.Warnings {
		p.problems = append(p.problems, b.fullName()+": "+name+": "+w)
	}
	p.lines = append(p.lines, l)
}

// mostProblems is how many are printed; JSON has all.
const mostProblems = 20

// legend explains the marks, and tells what is wrong.
func (p *treePrinter) legend(out io.Writer, f format) {
	if p.inferred || p.checked || len(p.problems) > 0 {
		fmt.Fprintln(out)
	}
	if p.checked {
		f.remark(out, "✓ the branches make up their node")
	}
	if p.inferred {
		f.remark(out, "~ nothing declares how these fold; inferred from the name")
	}
	shown := p.problems[:min(len(p.problems), mostProblems)]
	for _, problem := range shown {
		fmt.Fprintln(out, wrap("! "+printable(problem), f.width, "  "))
	}
	if more := len(p.problems) - len(shown); more > 0 {
		fmt.Fprintf(out, "! and %d more: --json has them all\n", more)
	}
}

func (f format) remark(out io.Writer, text string) {
	fmt.Fprintf(out, "%s%s%s\n", f.style.faint, wrap(text, f.width, "  "), f.style.reset)
}

// complain says on the error stream what is missing, line by line.
func complain(to io.Writer, name string, notices []string) {
	for _, notice := range notices {
		fmt.Fprintf(to, "metertree: %s: incomplete: %s\n", printable(name), printable(notice))
	}
}

// left and right pad a text to a width, on the side they name.
func left(n int, s string) string  { return strings.Repeat(" ", max(n-width(s), 0)) + s }
func right(n int, s string) string { return s + strings.Repeat(" ", max(n-width(s), 0)) }

func width(s string) int { return utf8.RuneCountInString(s) }

// shorten takes out the middle of a text, because names differ at both ends.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	if n < 3 {
		return string(r[:n])
	}
	head := (n - 1) / 2
	return string(slices.Concat(r[:head], []rune("…"), r[len(r)-(n-1-head):]))
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
