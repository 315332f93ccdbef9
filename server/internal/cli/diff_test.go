package cli

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/metertree/metertree/internal/realserver"
)

func TestDiffOutput(t *testing.T) {
	const directory = "testdata/diff"
	golden(t, directory, "all", exitFailure, "diff", "before.prom", "after.prom")
	golden(t, directory, "json", exitFailure, "diff", "before.prom", "after.prom", "--json")
	golden(t, directory, "rules", exitOK, "diff", "before.prom", "after.prom", "--rules")
	golden(t, directory, "relabel", exitOK, "diff", "before.prom", "after.prom", "--relabel")
	golden(t, directory, "same", exitOK, "diff", "before.prom", "before.prom")
}

// Adding breaks nobody, taking away does.
func TestDiffExitCode(t *testing.T) {
	before, err := os.ReadFile("testdata/diff/before.prom")
	if err != nil {
		t.Fatal(err)
	}
	added, err := os.ReadFile("testdata/diff/added.prom")
	if err != nil {
		t.Fatal(err)
	}
	more := t.TempDir() + "/more.prom"
	if err := os.WriteFile(more, append(before, added...), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, said := run(t, "diff", "testdata/diff/before.prom", more)
	if code != exitOK || said != "" || !strings.Contains(out, "added: 1\n  extra_things (gauge, 1 series)") {
		t.Errorf("exit code %d, %q:\n%s", code, said, out)
	}
	code, _, said = run(t, "diff", more, "testdata/diff/before.prom")
	if code != exitFailure || !strings.Contains(said, "1 change breaks") || !strings.Contains(said, "--rules") {
		t.Errorf("exit code %d, %q", code, said)
	}
}

func TestDiffMistakes(t *testing.T) {
	checkMistakes(t, []mistake{
		{"twice standard input", []string{"diff", "-", "-"}, exitUsage, []string{"standard input", "give a file or an address"}},
		{"two outputs", []string{"diff", "a", "b", "--rules", "--relabel"}, exitUsage, []string{"--rules", "--relabel"}},
		{"bad old", []string{"diff", "nowhere", "testdata/diff/after.prom"}, exitFailure, []string{"nowhere", "no such file"}},
	})
}

// Nothing breaks between two looks at the same exporter, whatever its values do.
func TestDiffRealExporter(t *testing.T) {
	exporter := realserver.NodeExporter(t)
	code, out, said := run(t, "diff", exporter.URL, exporter.URL+"/metrics", "--json")
	if code != exitOK || said != "" {
		t.Errorf("exit code %d, %q:\n%s", code, said, out)
	}
	var report diffReport
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Before < 100 || report.After < 100 {
		t.Errorf("error %v, %d series, then %d", err, report.Before, report.After)
	}
}

func TestDiffNarrow(t *testing.T) {
	r := diffReport{Old: "old", New: "new"}
	_, out, _ := run(t, "diff", "testdata/diff/before.prom", "testdata/diff/after.prom", "--json")
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	for _, total := range []int{leastWidth, 57, mostWidth} {
		var b strings.Builder
		diffPrinter{out: &b, total: total}.report(r)
		for line := range strings.Lines(b.String()) {
			if width(strings.TrimSuffix(line, "\n")) > total {
				t.Errorf("wider than %d: %q", total, line)
			}
		}
		for _, want := range []string{"removed: 1", "renamed: 2", "shop_http_requests_total", "0.5, 1, +Inf"} {
			if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), want) {
				t.Errorf("in %d columns it lacks %q:\n%s", total, want, b.String())
			}
		}
	}
}
