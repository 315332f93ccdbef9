package servers

import (
	"slices"

	"github.com/metertree/metertree/benchmarks/report"
	"github.com/metertree/metertree/benchmarks/work"
)

// nothing fills a cell that has no figure.
const nothing = "–"

// table returns a section's table: medians, with the best figure in brackets
// where there are several, and what ours is of each rival's.
func table(s Section, all []Server, r report.Results) report.Table {
	shown := slices.DeleteFunc(slices.Clone(all), func(server Server) bool {
		return !slices.ContainsFunc(s.Rows, func(row work.Row) bool { return len(r[server.Name][row]) > 0 })
	})
	t := report.Table{Head: []string{""}}
	for _, server := range shown {
		t.Head = append(t.Head, server.Name)
	}
	for _, server := range shown {
		if server.Name != Metertree {
			t.Head = append(t.Head, Metertree+" ÷ "+server.Name)
		}
	}
	for _, row := range s.Rows {
		line := []string{string(row)}
		for _, server := range shown {
			line = append(line, cell(r, server.Name, row))
		}
		for _, server := range shown {
			if server.Name != Metertree {
				line = append(line, ratioCell(r, server.Name, row))
			}
		}
		t.Lines = append(t.Lines, line)
	}
	return t
}

func cell(r report.Results, name string, row work.Row) string {
	figures := r[name][row]
	v, ok := r.Median(name, row)
	if !ok {
		return nothing
	}
	if len(figures) == 1 {
		return work.Figure(v)
	}
	best := slices.Min(figures)
	if moreIsBetter(row) {
		best = slices.Max(figures)
	}
	return work.Figure(v) + " (" + work.Figure(best) + ")"
}

// ratio is our median divided by that of a rival.
func ratio(r report.Results, rival string, row work.Row) (float64, bool) {
	return r.Ratio(Metertree, row, report.Reference{Library: rival, Row: row})
}

func ratioCell(r report.Results, rival string, row work.Row) string {
	v, ok := ratio(r, rival, row)
	if !ok {
		return nothing
	}
	return work.Figure(v)
}
