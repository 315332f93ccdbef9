package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const module = "github.com/metertree/metertree"

// documented is a package with its doc comments.
type documented struct {
	*doc.Package
	// dir is its path within the repository, "." for the root.
	dir  string
	fset *token.FileSet
}

// modules are those whose packages others import, by directory.
var modules = []string{".", "integrations"}

// private names directories whose packages nobody else imports.
var private = map[string]bool{
	"internal": true, "testdata": true, "examples": true, "docs": true, "cmd": true, "conformance": true, "compliance": true,
}

// publicPackages reads the packages below a repository, sorted by path.
func publicPackages(root string) (all []documented, err error) {
	for _, m := range modules {
		base := filepath.Join(root, m)
		err := filepath.WalkDir(base, func(dir string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return err
			}
			if dir != base && (private[entry.Name()] || strings.HasPrefix(entry.Name(), ".") || isModule(dir)) {
				return filepath.SkipDir
			}
			p, err := read(root, dir)
			if err == nil && p.Package != nil && p.Name != "main" {
				all = append(all, p)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b documented) int { return strings.Compare(a.dir, b.dir) })
	return all, nil
}

func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// read reads a package with its examples. A directory without one gives none.
func read(root, dir string) (p documented, err error) {
	relative, err := filepath.Rel(root, dir)
	if err != nil {
		return p, err
	}
	p.dir, p.fset = filepath.ToSlash(relative), token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return p, err
	}
	var files []*ast.File
	program := false
	for _, name := range names {
		if matches, err := system.MatchFile(dir, filepath.Base(name)); err != nil {
			return p, err
		} else if !matches {
			continue
		}
		file, err := parser.ParseFile(p.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return p, err
		}
		files = append(files, file)
		program = program || !strings.HasSuffix(name, "_test.go")
	}
	if !program {
		return p, nil
	}
	if p.Package, err = doc.NewFromFiles(p.fset, files, path.Join(module, p.dir)); err != nil {
		return p, fmt.Errorf("%s: %w", dir, err)
	}
	return p, nil
}

// system chooses files: on every machine the same, those that most programs are
// built of.
var system = func() build.Context {
	c := build.Default
	c.GOOS, c.GOARCH, c.CgoEnabled, c.BuildTags = "linux", "amd64", false, nil
	return c
}()

// sorted are the keys of a map in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
