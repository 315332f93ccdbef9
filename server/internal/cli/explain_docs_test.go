package cli

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	outputBlock = regexp.MustCompile("(?s)(<!-- outputs: begin -->\n```console\n)(.*?)(```\n<!-- outputs: end -->)")
	commandLine = regexp.MustCompile(`(?m)^\$ metertree (.*)\n`)
	quotedWord  = regexp.MustCompile(`'([^']*)'|(\S+)`)
)

// TestDocumentedOutputs runs the commands that docs/cli.md shows, in the directory
// of their files, and compares what they print; -update-golden writes it.
func TestDocumentedOutputs(t *testing.T) {
	const page = "../../../docs/cli.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	fresh := outputBlock.ReplaceAllStringFunc(string(text), func(block string) string {
		parts := outputBlock.FindStringSubmatch(block)
		var b strings.Builder
		for i, line := range commandLine.FindAllStringSubmatch(parts[2], -1) {
			commands++
			if i > 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "$ metertree %s\n%s", line[1], documented(t, line[1]))
		}
		return parts[1] + b.String() + parts[3]
	})
	if commands < 8 {
		t.Fatalf("%d commands are found in %s", commands, page)
	}
	if fresh == string(text) {
		return
	}
	if !*updateGolden {
		t.Fatalf("%s does not show what is printed now: go test ./server/internal/cli -run TestDocumentedOutputs -update-golden", page)
	}
	if err := os.WriteFile(page, []byte(fresh), 0o644); err != nil {
		t.Fatal(err)
	}
}

// documented is what a command line prints.
func documented(t *testing.T, line string) (output string) {
	t.Helper()
	var args []string
	for _, word := range quotedWord.FindAllStringSubmatch(line, -1) {
		args = append(args, word[1]+word[2])
	}
	t.Run(line, func(t *testing.T) {
		t.Chdir("testdata/source")
		code, out, errs := run(t, args...)
		if code != exitOK || errs != "" {
			t.Errorf("exit code %d, %s", code, errs)
		}
		output = out
	})
	return output
}
