package treetest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/metertree/metertree/tree"
)

// render writes a tree as scripts expect it.
func render(n *tree.Node) []string {
	var lines []string
	for _, row := range rows(n, "") {
		lines = append(lines, strings.Join(row, indent))
	}
	return lines
}

// rows writes a node and what is below it, a row of fields for each line. The
// names of siblings are padded to the same width.
func rows(n *tree.Node, before string) [][]string {
	out := [][]string{append([]string{before + name(n)}, fields(n)...)}
	width := 0
	for _, c := range n.Children {
		width = max(width, utf8.RuneCountInString(name(c)))
	}
	for _, c := range n.Children {
		below := rows(c, before+indent)
		if pad := width - utf8.RuneCountInString(name(c)); len(below[0]) > 1 {
			below[0][0] += strings.Repeat(" ", pad)
		}
		out = append(out, below...)
	}
	if n.Omitted > 0 && n.Type == tree.NodeScope {
		out = append(out, []string{before + indent + "… " + count(n.Omitted, "more")})
	}
	return out
}

func name(n *tree.Node) string {
	switch n.Type {
	case tree.NodeScope:
		if n.Path == "" {
			return "(root)"
		}
		return word(n.Path)
	case tree.NodeAxis:
		return "by " + word(n.Label)
	case tree.NodeValue:
		last := n.Matchers[len(n.Matchers)-1]
		if last.Value == "" && n.Name == tree.Unset {
			return word(last.Name) + "=" + tree.Unset
		}
		return word(last.Name) + "=" + strconv.Quote(n.Name)
	default:
		return word(n.Name)
	}
}

// word quotes what could be mistaken for something else.
func word(s string) string {
	if s == "" || strconv.Quote(s) != `"`+s+`"` || strings.Contains(s, indent) {
		return strconv.Quote(s)
	}
	return s
}

func fields(n *tree.Node) []string {
	var out []string
	if n.Type == tree.NodeMetric && n.Family != nil {
		out = append(out, described(*n.Family))
	}
	switch {
	case n.Type == tree.NodeScope:
		out = append(out, plural(n.Metrics, "metric"))
	case n.Type == tree.NodeAxis && n.Omitted > 0:
		out = append(out, fmt.Sprintf("%d of %s", n.Branches-n.Omitted, plural(n.Branches, "branch")))
	case n.Type == tree.NodeAxis:
		out = append(out, plural(n.Branches, "branch"))
	}
	if n.Type == tree.NodeRatio {
		out = append(out, "ratio")
	}
	if n.Reading != nil {
		out = append(out, reading(*n.Reading)...)
	}
	if n.Ratio != nil && n.Reading != nil {
		out = append(out, divided(*n.Ratio))
	}
	if n.Change != nil {
		out = append(out, "changed "+n.Change.Text)
	}
	out = append(out, plural(n.Series, "series"))
	for _, w := range n.Warnings {
		out = append(out, "warning: "+w)
	}
	if n.Check != nil && !n.Check.Holds {
		out = append(out, "check: "+n.Check.Text)
	}
	if n.Error != "" {
		out = append(out, "error: "+n.Error)
	}
	return out
}

// divided are the sums of a ratio.
func divided(r tree.RatioParts) string {
	side := func(r *tree.Reading) string {
		if r == nil {
			return "–"
		}
		return r.Text
	}
	return side(r.NumeratorSum) + " by " + side(r.DenominatorSum)
}

// described says what a family measures, with ~ after what was inferred.
func described(f tree.Family) string {
	mark := func(s string, inferred bool) string {
		if inferred {
			return s + "~"
		}
		return s
	}
	parts := []string{mark(f.Kind.String(), f.Inferred.Kind)}
	if f.Unit != "" {
		parts = append(parts, mark(word(f.Unit), f.Inferred.Unit))
	}
	if f.Kind == tree.KindGauge {
		parts = append(parts, mark(f.Fold.String(), f.Inferred.Fold))
	}
	return strings.Join(parts, " ")
}

func reading(r tree.Reading) []string {
	value := "–"
	if !r.Value.IsNaN() || r.Meaning != tree.MeaningNone {
		value = exact(r.Text, r.Value) + " " + string(r.Meaning)
	}
	out := []string{value}
	for _, q := range r.Quantiles {
		out = append(out, fmt.Sprintf("p%v %s", q.Q*100, exact(q.Text, q.Value)))
	}
	return out
}

// exact adds the number to a text that does not begin with it.
func exact(text string, n tree.Number) string {
	digits := number(float64(n))
	rest, same := strings.CutPrefix(text, digits)
	if n.IsNaN() || same && (rest == "" || strings.ContainsRune(" %/", rune(rest[0]))) {
		return text
	}
	return fmt.Sprintf("%s (%s)", text, digits)
}

// number writes twelve digits, which sources that add in another order agree on.
func number(v float64) string {
	short := strconv.FormatFloat(v, 'g', 12, 64)
	if a := math.Abs(v); a < 1e-4 || a > 1e12 {
		return short
	}
	v, _ = strconv.ParseFloat(short, 64)
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func plural(n int, what string) string {
	switch {
	case n != 1 && what == "branch":
		what = "branches"
	case n != 1 && what != "series":
		what += "s"
	}
	return count(n, what)
}

func count(n int, what string) string { return strconv.Itoa(n) + " " + what }
