package treetest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/tree"
)

var update = flag.Bool("update", false, "write what the scripts of the metric tree expect, from the first source each case is for")

// Run runs the scripts that match the pattern, as of filepath.Match, on each
// source that can hold their data: a subtest for a script, and below it one for
// each load and source. A case that no source can hold fails. With the flag
// -update the expectations are rewritten from the first source's answers, and
// the other sources are held to them.
func Run(t *testing.T, pattern string, sources ...Source) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no script matches %q (error %v): give a pattern such as testdata/*.tree", pattern, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { runFile(t, file, sources) })
	}
}

func runFile(t *testing.T, file string, sources []Source) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := parse(file, string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.cases {
		s.runCase(t, c, sources)
	}
	if after := s.text(); *update && after != string(text) {
		if err := os.WriteFile(file, []byte(after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *script) runCase(t *testing.T, c *scriptCase, sources []Source) {
	asked := 0
	for _, source := range sources {
		if !c.asks(source.Name) {
			continue
		}
		opened := source.Open(t, c.data)
		if opened == nil {
			continue
		}
		asked++
		t.Run(fmt.Sprintf("line%d/%s", c.line, source.Name), func(t *testing.T) {
			problems := s.hold(t, c, opened, *update && asked == 1)
			faults, err := Faults(t.Context(), opened)
			if err != nil {
				problems = append(problems, fmt.Sprintf("%s:%d: %v", s.file, c.line, err))
			}
			for _, fault := range faults {
				problems = append(problems, fmt.Sprintf("%s:%d: %s", s.file, c.line, fault))
			}
			for _, p := range problems {
				t.Error(p)
			}
		})
	}
	if asked == 0 {
		t.Errorf("%s:%d: no source can hold this load: run it where one can, with history or named after on", s.file, c.line)
	}
}

// hold puts the questions of a case to the source and tells where the answers
// are not as expected, or, to learn, expects them from now on.
func (s *script) hold(t *testing.T, c *scriptCase, source tree.Source, learn bool) (problems []string) {
	for _, q := range c.questions {
		lines, err := q.request.ask(t.Context(), source)
		got := expected{tree: lines}
		if err != nil {
			got = expected{fails: true, err: err.Error()}
		}
		if q.met(got) {
			continue
		}
		if learn {
			q.expected, q.known = got, true
			continue
		}
		problems = append(problems, s.mismatch(q, got))
	}
	return problems
}

// met reports whether the answer is as expected.
func (q *question) met(got expected) bool {
	switch {
	case !q.known || q.fails != got.fails:
		return false
	case q.fails:
		return q.err != "" && strings.Contains(got.err, q.err)
	default:
		return slices.Equal(q.tree, got.tree)
	}
}
