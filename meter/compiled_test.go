package meter_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestUpdatesCompileToNothing reads the compiler's listing of functions that
// update every kind of instrument. With the tag each is the same as an empty
// function on any processor; without it none is.
func TestUpdatesCompileToNothing(t *testing.T) {
	out, in := listing(t, "-tags=metertree_off"), listing(t, "-tags=")
	if len(out) < 10 || len(out) != len(in) {
		t.Fatalf("the listings show %d and %d functions, want all of testdata/updates", len(out), len(in))
	}
	nothing := out["Nothing"]
	if runtime.GOARCH == "amd64" && !slices.Equal(nothing, []string{"RET"}) {
		t.Errorf("the listing shows an empty function as %q, want RET alone", nothing)
	}
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if name == "Nothing" {
			continue
		}
		if !slices.Equal(out[name], nothing) {
			t.Errorf("%s is not empty with the tag metertree_off:\n%s", name, strings.Join(out[name], "\n"))
		}
		if slices.Equal(in[name], nothing) {
			t.Errorf("%s is empty without the tag", name)
		}
	}
}

var (
	functionLine    = regexp.MustCompile(`^[^:\s]+/testdata/updates\.(\w+) STEXT`)
	instructionLine = regexp.MustCompile(`^\t0x[0-9a-f]+ \d+ \([^)]*\)\t(.+)$`)
	directive       = regexp.MustCompile(`^(TEXT|PCDATA|FUNCDATA|NOP)\b`)
)

// listing compiles testdata/updates and returns the instructions of each of its
// functions.
func listing(t *testing.T, tags string) map[string][]string {
	t.Helper()
	dependOnSources(t)
	text, err := exec.CommandContext(t.Context(), "go", "build", tags, "-gcflags=-S", "./testdata/updates").CombinedOutput()
	if err != nil {
		t.Fatalf("compiling: %v\n%s", err, text)
	}
	functions, current := map[string][]string{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "\t") {
			current = ""
			if m := functionLine.FindStringSubmatch(line); m != nil {
				current = m[1]
				functions[current] = nil
			}
			continue
		}
		m := instructionLine.FindStringSubmatch(line)
		if current != "" && m != nil && !directive.MatchString(m[1]) {
			functions[current] = append(functions[current], m[1])
		}
	}
	return functions
}

// dependOnSources reads what will be compiled, so that go test does not take an
// older result for current: what a test reads is part of what it caches it by.
func dependOnSources(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, file := range append(files, "testdata/updates/updates.go") {
		if _, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
}
