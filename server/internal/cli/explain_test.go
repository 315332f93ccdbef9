package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metertree/metertree/tree"
)

func TestExplainOutput(t *testing.T) {
	pair := []string{"--before=before.prom", "--from=after.prom"}
	golden(t, "testdata/source", "explain-ratio", exitOK, append([]string{"explain", "shop_call_error_ratio"}, pair...)...)
	golden(t, "testdata/source", "explain-counter", exitOK, append([]string{"explain", `shop_calls_total{status="error"}`, "--by=region", "--by=operation"}, pair...)...)
	golden(t, "testdata/source", "explain-uniform", exitOK, append([]string{"explain", "shop_call_duration_seconds"}, pair...)...)
	golden(t, "testdata/source", "explain-json", exitOK, append([]string{"explain", "shop_call_error_ratio", "--branches=1", "--json"}, pair...)...)
}

func TestRatioOutput(t *testing.T) {
	from := "--from=after.prom"
	golden(t, "testdata/source", "ratios", exitOK, "ratio", from)
	golden(t, "testdata/source", "ratio-by", exitOK, "ratio", "shop_call_error_ratio", "--by=region", "--by=operation", "--top=2", from)
	golden(t, "testdata/source", "ratio-share", exitOK, "ratio", "shop_call_error_ratio", "--by=region", "--mode=share", from)
	golden(t, "testdata/source", "ratio-states", exitOK, "ratio", "shop_workers", "--by=state", "--mode=share", from)
	golden(t, "testdata/source", "ratio-ad-hoc", exitOK, "ratio", `shop_calls_total{operation=~"put|list",status="error"}`, `shop_calls_total{operation=~"list|put"}`, "--by=region", from)
}

func TestTreeOfDeclarations(t *testing.T) {
	golden(t, "testdata/source", "tree-signals", exitOK, "tree", "after.prom", "--signals")
	golden(t, "testdata/source", "tree-axes", exitOK, "tree", "after.prom", "shop_calls_total")
	golden(t, "testdata/source", "tree-top", exitOK, "tree", "after.prom", `shop_calls_total{status="ok"}`, "--by=operation", "--by=region", "--top=2")
}

// What is declared without a ratio is the same number as what is declared with it.
func TestRatioThatNobodyDeclared(t *testing.T) {
	read := func(args ...string) (root tree.Node) {
		args = append([]string{"ratio", "--from=testdata/source/after.prom", "--by=region", "--json"}, args...)
		code, out, errs := run(t, args...)
		if err := json.Unmarshal([]byte(out), &root); err != nil || code != exitOK {
			t.Fatalf("exit code %d, %s: %v", code, errs, err)
		}
		return root
	}
	declared := read("shop_call_error_ratio")
	made := read("shop_calls_total{status='error'}", "shop_calls_total")
	page := read("shop_calls_total{status='error'}", "shop_calls_total", "--from="+treePages(t).URL+"/tree/")
	if a, b := timeless(t, page), timeless(t, made); a != b {
		t.Errorf("a tree page gives\n%s\nwant\n%s", a, b)
	}
	if made.Reading.Value != declared.Reading.Value || made.Ratio.Numerator != declared.Ratio.Numerator || len(made.Children) != 3 {
		t.Errorf("%+v is not %+v", made, declared)
	}
	for i, c := range made.Children {
		if d := declared.Children[i]; c.Name != d.Name || c.Reading.Value != d.Reading.Value || c.Ratio.DenominatorSum.Value != d.Ratio.DenominatorSum.Value {
			t.Errorf("%s: %v, declared %v", c.Name, c.Reading.Value, d.Reading.Value)
		}
	}
}

// Contributions and the remainder are all of the change, in what programs read.
func TestExplainAddsUp(t *testing.T) {
	for _, metric := range []string{"shop_call_error_ratio", `shop_calls_total{status="error"}`, "shop_call_duration_seconds"} {
		code, out, errs := run(t, "explain", metric, "--json", "--before=testdata/source/before.prom", "--from=testdata/source/after.prom")
		var e struct {
			tree.Explained
			Compared []string
		}
		if err := json.Unmarshal([]byte(out), &e); err != nil || code != exitOK || len(e.Compared) != 2 {
			t.Fatalf("exit code %d, %s, %q: %v", code, errs, e.Compared, err)
		}
		sum := e.Remainder.Contribution
		for _, b := range e.Branches {
			sum += b.Contribution
		}
		if change := float64(e.Change); change == 0 || math.Abs(sum-change) > 1e-9*math.Abs(float64(e.AfterValue)) {
			t.Errorf("%s: %v is not %v", metric, sum, change)
		}
	}
}

// Totals that began anew are no change of what they count.
func TestExplainAcrossARestart(t *testing.T) {
	before, after := write(t, "before", oneGrew("other", 4)), write(t, "after", oneGrew("other", 1))
	code, out, errs := run(t, "explain", "jobs_total", "--before", before, "--from", after)
	if code != exitOK || out == "" || !strings.Contains(errs, "9 totals are less than before") || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit code %d, %s", code, errs)
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	rewrite(t, path, text)
	return path
}

func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// oneGrew is an exposition of nine leaves, one of which has a value that is long or
// hostile, and has grown after.
func oneGrew(value string, grown float64) string {
	var b strings.Builder
	b.WriteString("# TYPE jobs_total counter\n")
	for i := range 9 {
		fmt.Fprintf(&b, "jobs_total{host=\"h%d\",kind=\"usual\"} %d\n", i, 1000+i)
		fmt.Fprintf(&b, "jobs_total{host=\"h%d\",kind=\"%s\"} %v\n", i, value, 1000*grown+float64(i))
	}
	return b.String()
}

// hostileCommands print an exposition in every way there is.
func hostileCommands(before, after string) [][]string {
	return [][]string{
		{"tree", after},
		{"tree", after, "--by=kind"},
		{"tree", after, "jobs_total"},
		{"tree", after, "jobs_total", "--by=host", "--by=kind"},
		{"ratio", "jobs_total", "--by=kind", "--mode=share", "--from", after},
		{"ratio", "jobs_total{kind='usual'}", "jobs_total", "--by=host", "--from", after},
		{"explain", "jobs_total", "--before", before, "--from", after},
	}
}

func TestHostileLabelValues(t *testing.T) {
	value := "\x1b]0;owned\a\x1b[2J\u202e\u009b31mred"
	before, after := write(t, "before", oneGrew(value, 1)), write(t, "after", oneGrew(value, 4))
	for _, args := range hostileCommands(before, after) {
		code, out, errs := run(t, args...)
		if code != exitOK || strings.ContainsAny(out+errs, "\x1b\a\u202e\u009b") {
			t.Errorf("%v: exit code %d, printed %q", args[:1], code, out+errs)
		}
	}
	code, _, errs := run(t, "tree", after, "\x1b[2J")
	if code != exitFailure || strings.Contains(errs, "\x1b") {
		t.Errorf("exit code %d, printed %q", code, errs)
	}
}

// A value of 100 kB is shortened in tables and whole in JSON.
func TestLongLabelValues(t *testing.T) {
	for _, value := range []string{strings.Repeat("long", 25_000), strings.Repeat("word after word ", 6_000)} {
		before, after := write(t, "before", oneGrew(value, 1)), write(t, "after", oneGrew(value, 4))
		for _, args := range hostileCommands(before, after) {
			code, out, errs := run(t, args...)
			if code != exitOK || len(out) > 6_000 || errs != "" {
				t.Errorf("%v: exit code %d, %d bytes printed, %q", args[:1], code, len(out), errs)
			}
			for line := range strings.Lines(out) {
				if width(strings.TrimSuffix(line, "\n")) > usualWidth && !strings.Contains(line, after) {
					t.Errorf("%v: %d wide: %q", args[:1], width(line), line)
				}
			}
		}
		for _, args := range [][]string{{"tree", after, "--by=kind", "--json"}, {"explain", "jobs_total", "--before", before, "--from", after, "--json"}} {
			if _, out, _ := run(t, args...); !strings.Contains(out, `"`+value+`"`) {
				t.Errorf("%v: the value is not in the JSON of %d bytes", args[:1], len(out))
			}
		}
	}
}

// Names of any characters can be asked for.
func TestNamesInUTF8(t *testing.T) {
	text := "# TYPE \"größe.in km²\" gauge\n{\"größe.in km²\",\"stadt.teil\"=\"Süd\"} 3\n{\"größe.in km²\",\"stadt.teil\"=\"Nord\"} 4\n# EOF\n"
	path := write(t, "utf8", text)
	for _, args := range [][]string{
		{"tree", path, "--by=stadt.teil"},
		{"tree", path, "größe.in km²", "--by=stadt.teil"},
		{"tree", path, `{"größe.in km²","stadt.teil"="Süd"}`},
	} {
		code, out, errs := run(t, args...)
		if code != exitOK || !strings.Contains(out, "Süd") || !strings.Contains(out, "größe") {
			t.Errorf("%v: exit code %d, %s\n%s", args, code, errs, out)
		}
	}
}

func TestHelpTeaches(t *testing.T) {
	for command, words := range map[string][]string{
		"tree":    {"--from http", "--watch", "--signals", "golden signals", "The exit code is 0", "--by zone --by instance"},
		"explain": {"--window 15m --baseline 1d", "--before before.txt", "is an answer", "The exit code is 0"},
		"ratio":   {"--mode share", `{code=~"500|502|503"}`, "never a mean of ratios", "The exit code is 0"},
	} {
		code, out, err := run(t, command, "--help")
		if code != exitOK || err != "" {
			t.Errorf("%s: exit code %d, %q", command, code, err)
		}
		for _, want := range words {
			if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
				t.Errorf("%s --help lacks %q:\n%s", command, want, out)
			}
		}
	}
}

func TestNewCommandsOutputFails(t *testing.T) {
	pair := []string{"--before=testdata/source/before.prom", "--from=testdata/source/after.prom"}
	for _, args := range [][]string{
		append([]string{"explain", "shop_calls_total"}, pair...), append([]string{"explain", "shop_calls_total", "--json"}, pair...),
		{"ratio", pair[1]}, {"ratio", pair[1], "--json"}, {"ratio", pair[1], "--watch"}, {"ratio", pair[1], "--watch", "--json"},
	} {
		var said strings.Builder
		code := Main(t.Context(), args, Streams{In: strings.NewReader(""), Out: failing{}, Err: &said})
		if code != exitFailure || !strings.Contains(said.String(), "output: no space left on device") || strings.Count(said.String(), "\n") != 1 {
			t.Errorf("%v: exit code %d, %q", args, code, said.String())
		}
	}
}
