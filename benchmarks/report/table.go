package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// nothing fills a cell that has no figure.
const nothing = "–"

// Table is a head and lines of as many cells.
type Table struct {
	Head  []string
	Lines [][]string
}

// Table returns a section's table: medians with the least figure in brackets,
// ratios, and how each target is met.
func (r Results) Table(s Section, targets []Target) Table {
	names := r.libraries(s)
	t := Table{Head: slices.Concat([]string{""}, names, []string{"ours / best rival", "ours / atomic", "target", ""})}
	for _, row := range s.Rows {
		line := []string{string(row)}
		for _, name := range names {
			line = append(line, r.cell(name, row))
		}
		line = append(line, r.toBest(row), r.toAtomic(row))
		t.Lines = append(t.Lines, append(line, r.judged(row, targets)...))
	}
	return t
}

// PortableTable compares the portable build with client_golang.
func (r Results) PortableTable(targets []Target) Table {
	t := Table{Head: []string{"", Portable, rivals.NameClientGolang, "ratio", "target", ""}}
	for _, target := range targets {
		v, verdict := target.Judge(r)
		ratio := nothing
		if verdict != NoFigure {
			ratio = work.Figure(v)
		}
		t.Lines = append(t.Lines, []string{
			string(target.Row), r.cell(Portable, target.Row), r.cell(rivals.NameClientGolang, target.Row.RivalRow()),
			ratio, target.String(), string(verdict),
		})
	}
	return t
}

func (r Results) cell(name string, row work.Row) string {
	v, ok := r.Median(name, row)
	if !ok {
		return nothing
	}
	least, _ := r.Least(name, row)
	cell := fmt.Sprintf("%s (%s)", work.Figure(v), work.Figure(least))
	if unlike(name, row) != "" {
		cell += " *"
	}
	return cell
}

func unlike(name string, row work.Row) string {
	rival, err := rivals.Find(name)
	if err != nil {
		return ""
	}
	return rival.Unlike[row]
}

func (r Results) toBest(row work.Row) string {
	v, ok := r.Ratio(rivals.NameMetertree, row, Reference{Library: Best})
	if !ok {
		return nothing
	}
	best, _ := r.Best(row.RivalRow())
	return work.Figure(v) + " " + best
}

// toAtomic compares updates with an atomic addition under the same load.
func (r Results) toAtomic(row work.Row) string {
	if !slices.Contains(work.UpdateRows(), row) {
		return nothing
	}
	floor := work.CounterBound
	if row.Parallel() {
		floor = work.CounterBoundParallel
	}
	v, ok := r.Ratio(rivals.NameMetertree, row, Reference{Library: rivals.NameAtomic, Row: floor})
	if !ok {
		return nothing
	}
	return work.Figure(v)
}

func (r Results) judged(row work.Row, targets []Target) []string {
	for _, t := range targets {
		if t.Row != row {
			continue
		}
		v, verdict := t.Judge(r)
		if verdict == NoFigure {
			return []string{t.String(), string(verdict)}
		}
		return []string{t.String(), fmt.Sprintf("%s, %s", work.Figure(v), verdict)}
	}
	return []string{nothing, ""}
}

func sized(format string, n int) string { return fmt.Sprintf(format, work.Grouped(n)) }

// Write writes the table in Markdown, its columns aligned so that it also
// reads well in a terminal.
func (t Table) Write(w io.Writer) error {
	widths := make([]int, len(t.Head))
	for _, line := range append([][]string{t.Head}, t.Lines...) {
		for i, cell := range line {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	rule := make([]string, len(widths))
	for i, width := range widths {
		rule[i] = strings.Repeat("-", max(width, 3))
	}
	for _, line := range slices.Concat([][]string{t.Head, rule}, t.Lines) {
		if err := writeLine(w, line, widths); err != nil {
			return err
		}
	}
	return nil
}

func writeLine(w io.Writer, cells []string, widths []int) error {
	var b strings.Builder
	for i, cell := range cells {
		b.WriteString("| " + cell + strings.Repeat(" ", max(0, widths[i]-len([]rune(cell)))) + " ")
	}
	_, err := io.WriteString(w, b.String()+"|\n")
	return err
}
