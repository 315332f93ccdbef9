package docs

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// TestHowToIsCompiled: every block of Go in the recipes is a passage of an example
// that is compiled and run.
func TestHowToIsCompiled(t *testing.T) {
	var sources strings.Builder
	files, err := filepath.Glob(filepath.Join(root, "examples", "howto", "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, filepath.Join(root, "integrations", "otlp", "otlp_example_test.go")) {
		sources.WriteString("\n" + flush(read(t, file)))
	}
	blocks := goBlock.FindAllStringSubmatch(read(t, "how-to.md"), -1)
	if len(blocks) < 12 {
		t.Fatalf("%d blocks of Go in the recipes", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(sources.String(), "\n"+flush(block[1])) {
			t.Errorf("how-to.md has a block that is in no example:\n%s", block[1])
		}
	}
}

// flush takes the indentation off every line, so that a passage of a function can
// be shown without its own.
func flush(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}
