package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// target is what the surface is that of: where most programs run. That it is the
// same elsewhere is checked apart.
var target = variant{os: "linux", arch: "amd64"}

// variant is a form in which a module can be built.
type variant struct{ os, arch, tags string }

func (v variant) String() string {
	return strings.TrimSuffix(v.os+"/"+v.arch+" "+v.tags, " ")
}

// listed is what the go command tells of a package.
type listed struct {
	ImportPath, Name, Dir, Export string
	DepOnly                       bool
	Module                        *struct{ Path, Dir string }
}

// surface returns the public API of the module in a directory, as sorted lines.
// Programs, internal packages and examples are no part of it. Packages are named
// without the path of the repository's root module.
func surface(directory, root string, v variant) ([]string, error) {
	packages, err := list(directory, v)
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for _, p := range packages {
		exports[p.ImportPath] = p.Export
	}
	lookup := func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("package %s was not compiled", path)
		}
		return os.Open(exports[path])
	}
	from := importer.ForCompiler(token.NewFileSet(), "gc", lookup)
	var lines []string
	for _, p := range packages {
		if p.DepOnly || !public(p) {
			continue
		}
		checked, err := from.Import(p.ImportPath)
		if err != nil {
			return nil, fmt.Errorf("reading the API of %s: %w", p.ImportPath, err)
		}
		lines = append(lines, describe(checked, root)...)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("no public package is below %s: is it a module?", directory)
	}
	slices.SortFunc(lines, byIdentifier)
	return lines, nil
}

// byIdentifier keeps together what a package and a type have.
func byIdentifier(a, b string) int {
	return cmp.Or(strings.Compare(identifier(a), identifier(b)), strings.Compare(a, b))
}

// list compiles a module's packages and what they import, as far as the go
// command has not done so before.
func list(directory string, v variant) ([]listed, error) {
	command := exec.Command("go", "list", "-export", "-deps", "-tags", v.tags,
		"-json=ImportPath,Name,Dir,Export,DepOnly,Module", "./...")
	command.Dir = directory
	command.Env = append(os.Environ(), "GOOS="+v.os, "GOARCH="+v.arch, "GOFLAGS=")
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the packages of %s: %w\n%s", directory, err, &complaints)
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		switch err := decoder.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, fmt.Errorf("what go list prints for %s: %w", directory, err)
		}
		packages = append(packages, p)
	}
}

// public reports whether others may import a package and rely on it.
func public(p listed) bool {
	if p.Name == "main" || p.Module == nil || p.Export == "" { // the last are tests alone
		return false
	}
	below, err := filepath.Rel(p.Module.Dir, p.Dir)
	if err != nil {
		return false
	}
	elements := strings.Split(filepath.ToSlash(below), "/")
	return !slices.Contains(elements, "internal") && elements[0] != "examples"
}

// describe returns the lines of a package.
func describe(p *types.Package, root string) []string {
	d := &description{root: root, home: p, name: nameOf(p.Path(), root)}
	d.add("", "package", p.Name())
	scope := p.Scope()
	for _, name := range scope.Names() {
		if object := scope.Lookup(name); object.Exported() {
			d.object(object)
		}
	}
	return d.lines
}

// nameOf is a package's path without that of the root module, which itself has
// the last element of its path.
func nameOf(imported, root string) string {
	if below, within := strings.CutPrefix(imported, root+"/"); within {
		return below
	}
	if imported == root {
		return baseOf(root)
	}
	return imported
}

// baseOf is the last element of a module's path that is no major version.
func baseOf(root string) string {
	prefix, _, _ := module.SplitPathVersion(root)
	return path.Base(prefix)
}
