package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/policy/naming"
)

func TestLintOutput(t *testing.T) {
	const directory = "testdata/lint"
	golden(t, directory, "all", exitFailure, "lint", "shop.prom")
	golden(t, directory, "json", exitFailure, "lint", "shop.prom", "--json")
	golden(t, directory, "prefix", exitFailure, "lint", "shop.prom", "--prefix=shop")
	golden(t, directory, "waived", exitFailure, "lint", "shop.prom", "--waivers=waivers.yml")
	golden(t, directory, "waived-json", exitFailure, "lint", "shop.prom", "--waivers=waivers.yml", "--json")
	golden(t, directory, "rules", exitOK, "lint", "--rules")
}

func TestLintRulesAsJSON(t *testing.T) {
	code, out, _ := run(t, "lint", "--rules", "--json")
	var rules []struct{ ID, Severity, Summary string }
	if err := json.Unmarshal([]byte(out), &rules); err != nil || code != exitOK || len(rules) != len(naming.Rules()) {
		t.Errorf("exit code %d, error %v, %d rules", code, err, len(rules))
	}
}

// The documentation lists the rules there are, in their order.
func TestLintRulesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/lint.md")
	if err != nil {
		t.Fatal(err)
	}
	rest := string(page)
	for _, r := range naming.Rules() {
		row := "\n| `" + r.ID + "` | " + r.Severity.String() + " |"
		_, after, found := strings.Cut(rest, row)
		if !found {
			t.Fatalf("docs/lint.md lacks the row %q, or has it elsewhere", row)
		}
		rest = after
	}
}

// The severity decides what is a failure, not what is said.
func TestLintSeverity(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warning.prom")
	if err := os.WriteFile(path, []byte("# TYPE shop_carts gauge\nshop_carts 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for severity, want := range map[string]int{"advice": exitFailure, "warning": exitFailure, "error": exitOK} {
		code, out, said := run(t, "lint", path, "--severity="+severity)
		if code != want || !strings.Contains(out, "shop_carts warning: there is no help text") {
			t.Errorf("%s: exit code %d, want %d:\n%s", severity, code, want, out)
		}
		if (said != "") != (want == exitFailure) {
			t.Errorf("%s: %q", severity, said)
		}
	}
}

func TestLintMistakes(t *testing.T) {
	dir := t.TempDir()
	waivers := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return "--waivers=" + path
	}
	lint := func(more ...string) []string { return append([]string{"lint", "testdata/lint/shop.prom"}, more...) }
	checkMistakes(t, []mistake{
		{"severity", lint("--severity=loud"), exitUsage, []string{"--severity", `"loud"`, "advice, warning or error"}},
		{"prefix", lint("--prefix=a-b"), exitUsage, []string{"--prefix", `"a-b"`}},
		{"no file", lint("--waivers=" + filepath.Join(dir, "none")), exitFailure, []string{"none", "no such file", "YAML"}},
		{"no reason", lint(waivers("a", "waivers:\n- rule: help\n  metric: shop_*\n")), exitFailure, []string{"/a:2:", "has no reason", "say why"}},
		{"blank reason", lint(waivers("b", "waivers:\n- {rule: help, metric: shop_*, reason: ' '}\n")), exitFailure, []string{"/b:2:", "has no reason"}},
		{"unknown rule", lint(waivers("c", "waivers:\n- {rule: nope, metric: shop_*, reason: x}\n")), exitFailure, []string{"/c:2:", `no rule "nope"`}},
		{"bad pattern", lint(waivers("d", "waivers:\n- {rule: help, metric: '*x', reason: x}\n")), exitFailure, []string{"/d:2:", `"*x"`}},
		{"unknown key", lint(waivers("e", "waivers:\n- {rule: help, metrics: x, reason: x}\n")), exitFailure, []string{"/e:2:", `"metrics"`, "rule, metric and reason"}},
		{"another key at the top", lint(waivers("f", "rules: []\n")), exitFailure, []string{"/f:", "rules", "--help"}},
		{"text instead of a list", lint(waivers("g", "waivers: none\n")), exitFailure, []string{"/g:", "--help"}},
		{"text instead of a waiver", lint(waivers("h", "waivers: [none]\n")), exitFailure, []string{"/h:1:", "rule, metric and reason"}},
		{"empty", lint(waivers("i", "")), exitFailure, []string{"/i:", "nothing in it"}},
		{"two documents", lint(waivers("j", "waivers: []\n---\nwaivers: []\n")), exitFailure, []string{"/j:", "more than one document"}},
		{"no YAML", lint(waivers("k", "waivers: [\n")), exitFailure, []string{"/k:", "line"}},
		{"too large", lint(waivers("l", "#"+strings.Repeat("x", maxWaiverFile))), exitFailure, []string{"too large", "1 MiB"}},
	})
}

func TestLintNarrow(t *testing.T) {
	var list []naming.Finding
	list = append(list, naming.Finding{Rule: "help", Severity: naming.Warning, Metric: strings.Repeat("long_", 30) + "name", Message: "there is no help text: say in one sentence what is measured"})
	r := lintReport{Target: "t"}
	r.Findings = list
	for _, total := range []int{leastWidth, 57, mostWidth} {
		var b strings.Builder
		r.write(&b, plainStyle, total)
		for line := range strings.Lines(b.String()) {
			if width(strings.TrimSuffix(line, "\n")) > total {
				t.Errorf("wider than %d: %q", total, line)
			}
		}
		if flat := strings.Join(strings.Fields(b.String()), " "); !strings.Contains(flat, "say in one sentence what is measured (help)") {
			t.Errorf("in %d columns:\n%s", total, b.String())
		}
	}
}

// TestLintRealExporter holds the node exporter to the rules: it has metrics of
// every age, but no mistake that makes one wrong.
func TestLintRealExporter(t *testing.T) {
	exporter := realserver.NodeExporter(t)
	code, out, said := run(t, "lint", exporter.URL, "--json", "--severity=error")
	if code != exitOK || said != "" {
		t.Errorf("exit code %d, %q", code, said)
	}
	var report lintReport
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	cases := 0
	for _, f := range report.Findings {
		if f.Rule == "case" {
			cases++
		}
		if strings.HasPrefix(f.Metric, "node_cpu_") || strings.HasPrefix(f.Metric, "go_memstats_") {
			t.Errorf("%s", f)
		}
	}
	if report.Metrics < 100 || cases == 0 {
		t.Errorf("%d metrics, of which %d have capitals", report.Metrics, cases)
	}
	if code, _, _ := run(t, "lint", exporter.URL); code != exitFailure {
		t.Errorf("exit code %d for its warnings", code)
	}
}
