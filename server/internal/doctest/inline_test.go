package doctest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/metertree/metertree/internal/realserver"
)

// texts are the pages as they are, by their paths.
func texts(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, p := range pages(t) {
		text, err := os.ReadFile(filepath.Join(repository, p.path))
		if err != nil {
			t.Fatal(err)
		}
		all[p.path] = string(text)
	}
	return all
}

var (
	inlineMake   = regexp.MustCompile("`make ([a-z-]+(?: [a-z-]+)*)`")
	inlineScript = regexp.MustCompile("`(?:[A-Z_]+=\\S+ )*((?:\\./)?(?:scripts|\\.ci)/[\\w./-]+)[ `]")
)

// TestInlineCommands looks for the targets of make and the scripts that sentences
// and tables name.
func TestInlineCommands(t *testing.T) {
	program := realserver.Find(t, "make")
	targets, scripts := map[string]bool{}, 0
	for path, text := range texts(t) {
		for _, found := range inlineMake.FindAllStringSubmatch(text, -1) {
			for _, target := range strings.Fields(found[1]) {
				if targets[target] {
					continue
				}
				targets[target] = true
				command := exec.Command(program, "-n", target)
				command.Dir = repository
				if out, err := command.CombinedOutput(); err != nil {
					t.Errorf("%s: `make %s`: %s", path, target, out)
				}
			}
		}
		for _, found := range inlineScript.FindAllStringSubmatch(text, -1) {
			scripts++
			if _, err := os.Stat(filepath.Join(repository, found[1])); err != nil {
				t.Errorf("%s: %s: %v", path, found[1], err)
			}
		}
	}
	if len(targets) < 5 || scripts < 5 {
		t.Errorf("%d targets and %d scripts are found", len(targets), scripts)
	}
}

var (
	// helpExample is a command of ours in what --help prints.
	helpExample = regexp.MustCompile(`(?m)^ {4}(?:.* \| )?metertree ([a-z].*)$`)
	word        = regexp.MustCompile(`'([^']*)'|"([^"]*)"|(\S+)`)
)

// TestHelpExamples holds the commands that --help shows, which
// docs/configuration.md has, to be command lines of ours.
func TestHelpExamples(t *testing.T) {
	found := helpExample.FindAllStringSubmatch(texts(t)["docs/configuration.md"], -1)
	if len(found) < 40 {
		t.Fatalf("%d examples are found", len(found))
	}
	for _, example := range found {
		command, _, _ := strings.Cut(example[1], " > ")
		command, _, _ = strings.Cut(command, " | ")
		var arguments []string
		for _, w := range word.FindAllStringSubmatch(command, -1) {
			arguments = append(arguments, w[1]+w[2]+w[3])
		}
		if err := understood(arguments); err != nil {
			t.Errorf("docs/configuration.md: %s: %v", example[1], err)
		}
	}
}
