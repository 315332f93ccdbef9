package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metertree/metertree/internal/realserver"
)

const serviceExposition = "../tree/service.prom"

func TestCardinalityOutput(t *testing.T) {
	const directory = "testdata/cardinality"
	golden(t, directory, "all", exitOK, "cardinality", serviceExposition)
	golden(t, directory, "top", exitOK, "cardinality", serviceExposition, "--top=2")
	golden(t, directory, "json", exitOK, "cardinality", serviceExposition, "--json")
	golden(t, directory, "budget", exitFailure, "cardinality", serviceExposition, "--budget=28")
	golden(t, directory, "small-budget", exitFailure, "cardinality", serviceExposition, "--top=1", "--budget=20")
	golden(t, directory, "within-budget", exitOK, "cardinality", serviceExposition, "--top=1", "--budget=34")
	golden(t, directory, "growth", exitOK, "cardinality", serviceExposition, "--top=3", "--against=earlier.json")
}

// What one look keeps, the next can compare with, and replace.
func TestCardinalityGrowth(t *testing.T) {
	dir := t.TempDir()
	kept, exposition := filepath.Join(dir, "last.json"), filepath.Join(dir, "metrics")
	look := func(content string, args ...string) string {
		t.Helper()
		if err := os.WriteFile(exposition, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, said := run(t, append([]string{"cardinality", exposition, "--save=" + kept}, args...)...)
		if code != exitOK {
			t.Fatalf("exit code %d, %q", code, said)
		}
		return out
	}
	look("a 1\n")
	if out := look("a{x=\"1\"} 1\na{x=\"2\"} 1\nb 1\n", "--against="+kept); !strings.Contains(out, "+1") {
		t.Errorf("no growth in\n%s", out)
	}
	if out := look("a{x=\"1\"} 1\na{x=\"2\"} 1\nb 1\n", "--against="+kept); !strings.Contains(out, "no metric has more or fewer series") {
		t.Errorf("growth in\n%s", out)
	}
	var report cardinalityReport
	if err := json.Unmarshal([]byte(look("b 1\n", "--against="+kept, "--json")), &report); err != nil || report.Growth == nil || len(*report.Growth) != 1 || (*report.Growth)[0].After != 0 {
		t.Errorf("error %v, growth %v", err, report.Growth)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 2 {
		t.Errorf("error %v, files %v", err, files)
	}
}

// A device is written to and not replaced.
func TestCardinalitySavesIntoADevice(t *testing.T) {
	if code, _, said := run(t, "cardinality", "testdata/tree/service.prom", "--save="+os.DevNull); code != exitOK {
		t.Errorf("exit code %d, %q", code, said)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("error %v, mode %v", err, info.Mode())
	}
}

func TestCardinalityMistakes(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	of := func(more ...string) []string {
		return append([]string{"cardinality", "testdata/tree/service.prom"}, more...)
	}
	checkMistakes(t, []mistake{
		{"negative budget", of("--budget=-1"), exitUsage, []string{"--budget=-1 is negative"}},
		{"no top", of("--top=0"), exitUsage, []string{"--top=0"}},
		{"no earlier file", of("--against=" + filepath.Join(dir, "none")), exitFailure, []string{"no such file", "--save first"}},
		{"not ours", of("--against=" + file("text", "up 1\n")), exitFailure, []string{"invalid character", "that --save wrote"}},
		{"other JSON", of("--against=" + file("json", "{}")), exitFailure, []string{"no numbers of series", "that --save wrote"}},
		{"a huge one", of("--body-size-limit=8KB", "--against="+file("huge", `{"metrics":[`+strings.Repeat(`{"name":"a"},`, 1000)+`{}]}`)), exitFailure, []string{"too large", "--body-size-limit"}},
		{"nowhere to save", of("--save=" + filepath.Join(dir, "no", "where")), exitFailure, []string{"--save", "no such file", "directory that can be written"}},
		{"beyond the budget", of("--budget=20", "--json"), exitFailure, []string{"34 series, 14 more than the budget of 20", "begin with label route", "raise --budget"}},
	})
}

func TestCardinalityNarrow(t *testing.T) {
	_, out, _ := run(t, "cardinality", "testdata/tree/service.prom", "--json", "--budget=30")
	var r cardinalityReport
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	for _, total := range []int{leastWidth, 57, mostWidth} {
		var b strings.Builder
		cardinalityPrinter{out: &b, top: 10, total: total, text: total}.report(r)
		for line := range strings.Lines(b.String()) {
			if width(strings.TrimSuffix(line, "\n")) > total {
				t.Errorf("wider than %d: %q", total, line)
			}
		}
		if !strings.Contains(b.String(), "series") || !strings.Contains(b.String(), "values") {
			t.Errorf("in %d columns:\n%s", total, b.String())
		}
	}
}

// TestCardinalityRealExporter counts the node exporter's series and holds the sum
// against its lines.
func TestCardinalityRealExporter(t *testing.T) {
	exporter := realserver.NodeExporter(t)
	code, out, said := run(t, "cardinality", exporter.URL, "--json", "--budget=100")
	if code != exitFailure || !strings.Contains(said, "more than the budget of 100") {
		t.Errorf("exit code %d, %q", code, said)
	}
	var report cardinalityReport
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, m := range report.Metrics {
		sum += m.Series
	}
	if report.Series < 100 || sum != report.Series {
		t.Errorf("%d series, but the metrics have %d", report.Series, sum)
	}
	modes, ok := report.Metric("node_cpu_seconds_total")
	if !ok || len(modes.Labels) != 2 || modes.Labels[0].Name != "mode" || modes.Labels[0].Values.Count != 8 {
		t.Errorf("node_cpu_seconds_total has %+v", modes.Labels)
	}
	if len(report.Plan.Steps) == 0 {
		t.Error("no label would have to go")
	}
}
