//go:build linux

package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The table of the documentation has a row for each fault of the suite, in its
// order and with its words.
func TestTheTableIsTheSuite(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := tableRows(string(page))
	if len(rows) != len(suite) {
		t.Fatalf("%d rows for %d faults", len(rows), len(suite))
	}
	for i, f := range suite {
		want := []string{f.name, f.expected, "", "`scripts/faults.sh " + f.name + "`"}
		if len(rows[i]) != len(want) {
			t.Errorf("row %q has %d cells, want %d", rows[i], len(rows[i]), len(want))
			continue
		}
		for column, cell := range rows[i] {
			switch {
			case want[column] == "" && (cell == "" || strings.HasPrefix(cell, "fails: ") != (f.failing != "")):
				t.Errorf("%s: observed %q; the suite says that it is failing: %q", f.name, cell, f.failing)
			case want[column] != "" && cell != want[column]:
				t.Errorf("%s: the table says %q, want %q", f.name, cell, want[column])
			}
		}
	}
}

// tableRows are the rows of the page's first table, without its head.
func tableRows(page string) [][]string {
	var rows [][]string
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			if len(rows) > 0 {
				break
			}
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	if len(rows) < 2 {
		return nil
	}
	return rows[2:]
}
