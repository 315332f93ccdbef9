package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/metertree/metertree/server/internal/inspect"
)

// diffReport is what the command prints.
type diffReport struct {
	Old string `json:"old"`
	New string `json:"new"`
	inspect.Difference
}

// print writes what changed, by how it changed: what breaks first.
func (r diffReport) print(w io.Writer) error {
	out := bufio.NewWriter(w)
	p := diffPrinter{out: out, total: textWidth(w)}
	if wantsColour(w) {
		p.style = colourStyle
	}
	p.report(r)
	return out.Flush()
}

type diffPrinter struct {
	out   io.Writer
	style treeStyle
	total int // 0 is any
}

func (p diffPrinter) report(r diffReport) {
	p.line("", fmt.Sprintf("%s → %s: %s, then %d", r.Old, r.New, counted(r.Before, "series", "series"), r.After))
	p.section("removed", len(r.Removed))
	for _, s := range r.Removed {
		p.summary(s)
	}
	p.section("renamed", len(r.Renamed))
	for _, n := range r.Renamed {
		p.line("  ", fmt.Sprintf("%s → %s (%s; %s)", n.Old, n.New, n.Type, strings.Join(n.Evidence, ", ")))
	}
	var breaking, other []inspect.Change
	for _, c := range r.Changed {
		if c.Breaking {
			breaking = append(breaking, c)
		} else {
			other = append(other, c)
		}
	}
	p.changes("changed", breaking)
	p.section("added", len(r.Added))
	for _, s := range r.Added {
		p.summary(s)
	}
	p.changes("changed, but breaking nothing", other)
	if len(r.Removed)+len(r.Renamed)+len(r.Changed)+len(r.Added) == 0 {
		p.line("", "no metric has changed")
	}
}

// section begins a list of so many, if there are any.
func (p diffPrinter) section(title string, n int) {
	if n > 0 {
		fmt.Fprintf(p.out, "\n%s%s: %d%s\n", p.style.scope, title, n, p.style.reset)
	}
}

func (p diffPrinter) summary(s inspect.Summary) {
	p.line("  ", fmt.Sprintf("%s (%s, %s)", s.Metric, s.Type, counted(s.Series, "series", "series")))
}

func (p diffPrinter) changes(title string, list []inspect.Change) {
	p.section(title, len(list))
	for _, c := range list {
		before, after := orNone(c.Before), orNone(c.After)
		p.line("  ", fmt.Sprintf("%s %s: %s → %s", c.Metric, c.Aspect, before, after))
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (p diffPrinter) line(indent, text string) {
	fmt.Fprintln(p.out, wrap(indent+printable(text), p.total, indent+"    "))
}
