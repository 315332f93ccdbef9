package cli

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/tree/explain"
)

// longestSelector is how much of a branch's label values is printed.
const longestSelector = 200

// explanation is the text of an answer: the verdict, the branches, and what was
// looked at.
func (f format) explanation(e explanation) string {
	var out bytes.Buffer
	selector := tree.Selector{Metric: e.Metric, Matchers: e.Matchers}
	fmt.Fprintf(&out, "%s%s%s\n", f.style.scope, printable(shorten(selector.String(), longestSelector)), f.style.reset)
	f.sentence(&out, e.compared())
	f.sentence(&out, e.sentence())
	if e.Verdict == explain.Branches && len(e.Branches) > 0 {
		fmt.Fprintln(&out)
		f.branches(&out, e)
	}
	fmt.Fprintln(&out)
	f.sentence(&out, e.effects())
	f.sentence(&out, e.scope())
	f.sentence(&out, e.excluded())
	return out.String()
}

func (f format) sentence(out io.Writer, text string) {
	if text != "" {
		fmt.Fprintln(out, wrap(printable(text), f.width, "  "))
	}
}

// compared says which two sides are compared.
func (e explanation) compared() string {
	if len(e.Compared) == 2 {
		return e.Compared[1] + " against " + e.Compared[0]
	}
	return spanText(e.After) + " against " + spanText(e.Before)
}

func spanText(s tree.Span) string {
	start, end := time.UnixMilli(s.Start), time.UnixMilli(s.End)
	last := time.TimeOnly
	if start.YearDay() != end.YearDay() || start.Year() != end.Year() {
		last = time.DateTime
	}
	return start.Format(time.DateTime) + " to " + end.Format(last)
}

// sentence is the verdict, with label values of a length that can be read.
func (e explanation) sentence() string {
	text := e.Summary
	for _, b := range e.Branches {
		if width(b.Selector) > longestSelector {
			text = strings.ReplaceAll(text, b.Selector, shorten(b.Selector, longestSelector))
		}
	}
	return text
}

// branches writes the table.
func (f format) branches(out io.Writer, e explanation) {
	t := table{titles: []string{"", "before", "after", "contributes", "of change"}}
	row := func(name string, p tree.ExplainedPart) {
		t.add(name, p.BeforeText, p.AfterText, p.ContributionText, signedPercent(p.Percent))
		if e.split() {
			t.add("    by its rate", "", "", p.RateText, "")
			t.add("    by its volume", "", "", p.MixText, "")
		}
	}
	for i, b := range e.Branches {
		name := fmt.Sprintf("%d %s%s", i+1, printable(shorten(b.Selector, longestSelector)), without(b.Except))
		row(name, b.ExplainedPart)
	}
	row("  the remainder", e.Remainder)
	t.write(out, f.style, f.width)
}

// split reports whether contributions are told apart into rates and volumes.
func (e explanation) split() bool { return e.Remainder.RateText != "" }

// without names the branches that have what they share with this one.
func without(others []int) string {
	if len(others) == 0 {
		return ""
	}
	numbers := make([]string, len(others))
	for i, o := range others {
		numbers[i] = fmt.Sprint(o + 1)
	}
	return ", without " + strings.Join(numbers, " and ")
}

// effects says what is not in the table of the whole: of a ratio the effects, of
// branches that cancel what went up and down.
func (e explanation) effects() string {
	rate, mix := float64(e.RateEffect), float64(e.MixEffect)
	switch {
	case e.split() && rate*mix < 0 && math.Abs(mix) > math.Abs(float64(e.Change))/4:
		return "Rates and volumes work against each other: rates alone would have changed it by " + e.part(rate) + "."
	case !e.split() && float64(e.Up) > 0 && float64(e.Down) < 0 && math.Abs(float64(e.Change)) < math.Min(float64(e.Up), -float64(e.Down)):
		return "Changes cancel: branches that rose and branches that fell moved more than the whole did."
	default:
		return ""
	}
}

// part writes a part of the change as the change itself is written.
func (e explanation) part(v float64) string {
	text := tree.FormatValue(math.Abs(v), e.Unit, noTime)
	if e.Ratio {
		text = tree.FormatValue(math.Abs(v)*100, "", noTime) + " pp"
	}
	if v < 0 {
		return "−" + text
	}
	return "+" + text
}

// scope says where causes were looked for.
func (e explanation) scope() string {
	text := "There is no label to look into."
	if len(e.Labels) > 0 {
		text = "Looked into: " + strings.Join(e.Labels, ", ") + "."
	}
	if len(e.LeftOut) > 0 {
		text += " Left out, because together there are too many branches: " + strings.Join(e.LeftOut, ", ") + "."
	}
	if len(e.Folded) > 0 {
		text += " Left out, because their values come and go: " + strings.Join(e.Folded, ", ") + "."
	}
	return text
}

// excluded says which series could not be counted.
func (e explanation) excluded() string {
	x := e.Excluded
	if x == (explain.Excluded{}) {
		return ""
	}
	var parts []string
	for _, one := range []struct {
		n    int
		what string
	}{{x.NaN, "that are no number"}, {x.Infinite, "that are infinite"}, {x.Negative, "below zero"}, {x.NoDenominator, "with a numerator and no denominator"}} {
		if one.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", one.n, one.what))
		}
	}
	return "Not counted, not in the whole either: " + strings.Join(parts, ", ") + "."
}
