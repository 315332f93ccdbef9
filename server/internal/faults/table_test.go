//go:build linux

package faults

import (
	"errors"
	"fmt"
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

// writeTable writes what was seen of each fault into the page's table.
func writeTable(t *testing.T, path string, seen map[string]string) {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	filled, err := fillTable(string(page), seen)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(filled), 0o666); err != nil {
		t.Fatal(err)
	}
}

// fillTable gives each fault of the suite its row in the page's first table.
func fillTable(page string, seen map[string]string) (string, error) {
	head, rest, found := strings.Cut(page, "\n|---|---|---|---|\n")
	if !found {
		return "", errors.New("the page has no table of four columns")
	}
	for strings.HasPrefix(rest, "|") {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	var rows strings.Builder
	for _, f := range suite {
		observed := strings.NewReplacer("|", "/", "\n", " ").Replace(seen[f.name])
		if observed == "" {
			return "", fmt.Errorf("fault %s was not provoked here: provoke all of them where they all can be", f.name)
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | `scripts/faults.sh %s` |\n", f.name, f.expected, observed, f.name)
	}
	return head + "\n|---|---|---|---|\n" + rows.String() + rest, nil
}

func TestFillTable(t *testing.T) {
	seen := map[string]string{}
	for _, f := range suite {
		seen[f.name] = f.name + " seen\na | b"
	}
	const before, after = "# Page\n\n| fault | expected | observed | command |\n|---|---|---|---|\n", "\nthe rest, with a\n\n| table |\n|---|\n| x |\n"
	got, err := fillTable(before+"| old | a | b | c |\n| older | a | b | c |\n"+after, seen)
	if err != nil || !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) || strings.Contains(got, "| old") {
		t.Fatalf("%v\n%s", err, got)
	}
	rows := tableRows(got)
	if len(rows) != len(suite) || rows[0][2] != suite[0].name+" seen a / b" {
		t.Errorf("%d rows, the first %q", len(rows), rows[0])
	}
	delete(seen, suite[3].name)
	if _, err := fillTable(before, seen); err == nil {
		t.Error("a fault that was not provoked has a row")
	}
	if _, err := fillTable("# Page\n", seen); err == nil {
		t.Error("a page without a table is written")
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
