package cli

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metertree/metertree/internal/realserver"
)

var updateGolden = flag.Bool("update-golden", false, "write the expected outputs of the commands lint, diff and cardinality")

// wantGolden compares an output with the file that says what it should be.
func wantGolden(t *testing.T, path, got string) {
	t.Helper()
	if *updateGolden {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("output differs from %s; got:\n%s", path, got)
	}
}

// golden runs a command line in a directory of test data, and compares what it
// prints.
func golden(t *testing.T, directory, name string, code int, args ...string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Chdir(directory)
		got, out, _ := run(t, args...)
		if got != code {
			t.Errorf("exit code %d, want %d", got, code)
		}
		wantGolden(t, name+".golden", out)
	})
}

// The commands that read an exposition refuse the same as tree does, each in one
// line with a remedy, and never do more than the limit allows.
func TestInspectBadInput(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good", "shop_up 1\n")
	closed := "http://" + realserver.FreeAddress(t) + "/metrics"
	for _, command := range [][]string{{"lint"}, {"diff", good}, {"cardinality"}} {
		bad := func(name string, code int, more []string, want ...string) mistake {
			return mistake{command[0] + " " + name, append(append([]string{}, command...), more...), code, want}
		}
		checkMistakes(t, []mistake{
			bad("empty", exitFailure, []string{file("empty", "")}, "no samples", "check that it is the right file"),
			bad("binary", exitFailure, []string{file("binary", "\x7fELF\x00\x01")}, "not text"),
			bad("html", exitFailure, []string{file("html", "<html>")}, "HTML page"),
			bad("prose", exitFailure, []string{file("prose", "up 1\nthis is prose\n")}, "line 2", "not a metrics exposition"),
			bad("missing", exitFailure, []string{filepath.Join(dir, "none")}, "no such file", "check the path"),
			bad("directory", exitFailure, []string{dir}, "a directory"),
			bad("refused", exitFailure, []string{closed}, "connection refused", "start the exporter"),
			bad("no text on stdin", exitFailure, []string{"-"}, "standard input", "no samples"),
			bad("no target", exitUsage, nil, "metertree --help"),
			bad("too large", exitFailure, []string{file("large", strings.Repeat("a 1\n", 100)), "--body-size-limit=1KB"}, "larger than 1KiB", "--body-size-limit"),
			bad("negative timeout", exitUsage, []string{good, "--timeout=0s"}, "--timeout=0s is not positive"),
			bad("unknown flag", exitUsage, []string{good, "--nope"}, "--nope"),
		})
	}
}

// What cannot be written is an error, however it is written.
func TestInspectOutputFails(t *testing.T) {
	for _, args := range [][]string{
		{"lint", "testdata/lint/shop.prom"}, {"lint", "testdata/lint/shop.prom", "--json"}, {"lint", "--rules"}, {"lint", "--rules", "--json"},
		{"diff", "testdata/diff/before.prom", "testdata/diff/after.prom"}, {"diff", "testdata/diff/before.prom", "testdata/diff/after.prom", "--json"},
		{"diff", "testdata/diff/before.prom", "testdata/diff/after.prom", "--rules"}, {"diff", "testdata/diff/before.prom", "testdata/diff/after.prom", "--relabel"},
		{"cardinality", "testdata/tree/service.prom"}, {"cardinality", "testdata/tree/service.prom", "--json"},
	} {
		var said bytes.Buffer
		code := Main(context.Background(), args, Streams{In: strings.NewReader(""), Out: failing{}, Err: &said})
		if code != exitFailure || !strings.Contains(said.String(), "output: no space left on device") || strings.Count(said.String(), "\n") != 1 {
			t.Errorf("%v: exit code %d, %q", args, code, said.String())
		}
	}
}

func TestInspectHelp(t *testing.T) {
	for command, words := range map[string][]string{
		"lint":        {"waivers:", "--severity=SEVERITY", "exit code is 1", "--prefix"},
		"diff":        {"metertree diff before.txt", "--relabel", "exit code is 1"},
		"cardinality": {"--budget 2000", "--against last.json", "more than 100 is questioned"},
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

// hostile is an exposition that tries to reach the terminal.
const hostile = "# HELP shop_\x1b[31mx Something.\n# TYPE shop_x gauge\nshop_x{v=\"\x1b[31mred\"} 1\n{\"shop\\n\x1b[2J\",\"l\x1b\"=\"v\"} 1\n"

func TestInspectDoesNotPassOnControlCharacters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hostile")
	if err := os.WriteFile(path, []byte(hostile), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"lint", path}, {"cardinality", path, "--budget=1"}, {"diff", path, "testdata/diff/added.prom"}, {"diff", "testdata/diff/added.prom", path}, {"diff", path, "testdata/diff/added.prom", "--rules"}} {
		var said bytes.Buffer
		code := Main(context.Background(), args, Streams{In: strings.NewReader(""), Out: &said, Err: &said})
		if strings.Contains(said.String(), "\x1b") || said.Len() == 0 {
			t.Errorf("%v: exit code %d, printed %q", args, code, said.String())
		}
	}
}
