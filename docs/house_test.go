package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoBooleanParameters keeps exported functions readable where they are
// called: Open(path, true) says nothing. It looks at what others can import.
func TestNoBooleanParameters(t *testing.T) {
	seen := 0
	for _, file := range goFiles(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || !function.Name.IsExported() {
				continue
			}
			seen++
			for _, parameter := range function.Type.Params.List {
				if named, ok := parameter.Type.(*ast.Ident); ok && named.Name == "bool" {
					t.Errorf("%s: %s has a boolean parameter: use an option or two functions", file, function.Name)
				}
			}
		}
	}
	if seen == 0 {
		t.Fatal("no exported function was found")
	}
}

// maxLines is how long a file may be that is still read in one sitting.
const maxLines = 400

// TestFilesAreShort counts the lines of Go files, tests and their tables apart.
func TestFilesAreShort(t *testing.T) {
	for _, file := range goFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(text), "// Code generated ") {
			continue
		}
		if lines := strings.Count(string(text), "\n"); lines > maxLines {
			t.Errorf("%s has %d lines, more than %d: split it by concept", file, lines, maxLines)
		}
	}
}

// goFiles lists the Go files of the workspace but tests.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skippedDirectories[entry.Name()]:
			return filepath.SkipDir
		case strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go"):
			files = append(files, file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// skippedDirectories hold no code of the workspace.
var skippedDirectories = map[string]bool{".git": true, "bin": true, "testdata": true, "tools": true}
