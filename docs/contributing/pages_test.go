// Package contributing holds the pages on how to extend metertree to the code that
// they show.
package contributing

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the repository, seen from this package.
const root = "../.."

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// TestPagesShowCompiledCode: every block of Go of a page is found as it stands, but
// for indentation, in the example that the page is about.
func TestPagesShowCompiledCode(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("pages %v: %v", pages, err)
	}
	for _, page := range pages {
		example := filepath.Join(root, "examples/extend", strings.TrimSuffix(page, ".md"))
		sources := goFiles(t, example)
		blocks := goBlock.FindAllStringSubmatch(read(t, page), -1)
		if len(blocks) < 4 {
			t.Errorf("%s shows %d blocks of Go: a worked example has more", page, len(blocks))
		}
		for _, block := range blocks {
			shown := unindented(block[1])
			if !slices.ContainsFunc(sources, func(source string) bool { return strings.Contains(source, "\n"+shown) }) {
				t.Errorf("%s shows what is not in %s:\n%s", page, example, block[1])
			}
		}
	}
}

// goFiles returns the texts of a directory's Go files, not indented.
func goFiles(t *testing.T, directory string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%s has the files %v, want an example and its test: %v", directory, files, err)
	}
	var texts []string
	for _, file := range files {
		texts = append(texts, unindented(read(t, file)))
	}
	return texts
}

func unindented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimLeft(line, "\t"))
	}
	return b.String()
}

// walk is a row of the table of files that a new aggregation changes.
var (
	walk      = regexp.MustCompile(`(?m)^\| \[[^\]]+\]\(([^)]+\.go)\) \|.*\| ([^|]+) \|$`)
	codeInRow = regexp.MustCompile("`(\\w+)`")
)

// TestWalk: the files that a new aggregation changes have what the walk says.
func TestWalk(t *testing.T) {
	rows := walk.FindAllStringSubmatch(read(t, "aggregator.md"), -1)
	if len(rows) < 15 {
		t.Fatalf("%d rows were found", len(rows))
	}
	for _, row := range rows {
		names := identifiers(t, row[1])
		named := codeInRow.FindAllStringSubmatch(row[2], -1)
		if len(named) == 0 {
			t.Errorf("the row of %s names nothing", row[1])
		}
		for _, name := range named {
			if !names[name[1]] {
				t.Errorf("%s has no %s any more: correct the walk", row[1], name[1])
			}
		}
	}
}

// identifiers returns all that a file's code mentions.
func identifiers(t *testing.T, file string) map[string]bool {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if name, is := n.(*ast.Ident); is {
			names[name.Name] = true
		}
		return true
	})
	return names
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
