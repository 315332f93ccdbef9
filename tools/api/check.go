package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// directory is where surfaces are committed.
const directory = "api"

// repository is a checkout whose API is looked at. What is found is printed.
type repository struct {
	path string
	out  io.Writer
	// root is the path of the module at its root.
	root string
}

// part is a module with its API as it is now and as it is committed.
type part struct {
	file           string // below the repository
	now, committed []string
}

func openRepository(path string, out io.Writer) (*repository, error) {
	text, err := os.ReadFile(filepath.Join(path, "go.mod"))
	if err != nil {
		return nil, fmt.Errorf("%s is no module: run this at the root of the repository: %w", path, err)
	}
	root := modfile.ModulePath(text)
	if root == "" {
		return nil, fmt.Errorf("%s: go.mod names no module", path)
	}
	return &repository{path: path, out: out, root: root}, nil
}

// parts reads the modules in directories of the repository. The first must be
// its root.
func (r *repository) parts(modules []string) ([]part, error) {
	var parts []part
	for _, m := range modules {
		now, err := surface(filepath.Join(r.path, m), r.root, target)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(m)
		if m == "." {
			name = baseOf(r.root)
		}
		p := part{file: filepath.Join(directory, name+".txt"), now: now}
		text, err := os.ReadFile(filepath.Join(r.path, p.file))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		p.committed = linesOf(string(text))
		parts = append(parts, p)
	}
	return parts, nil
}

func linesOf(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == '\n' })
}

// write writes the surfaces that are not those committed.
func (r *repository) write(parts []part) error {
	for _, p := range parts {
		changed := differences(p.committed, p.now)
		if len(changed) == 0 {
			continue
		}
		file := filepath.Join(r.path, p.file)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(strings.Join(p.now, "\n")+"\n"), 0o666); err != nil {
			return err
		}
		fmt.Fprintf(r.out, "%s: updated, %d lines differ\n", p.file, len(changed))
	}
	return nil
}

// current holds the committed surfaces to what the code is.
func (r *repository) current(parts []part) error {
	var stale []string
	for _, p := range parts {
		if changed := differences(p.committed, p.now); len(changed) > 0 {
			fmt.Fprintf(r.out, "%s (- committed, + the code):\n%s\n", p.file, strings.Join(changed, "\n"))
			stale = append(stale, p.file)
		}
	}
	if len(stale) > 0 {
		return fmt.Errorf("%s: not the API of the code: run make api, and commit what it changes if it is meant",
			strings.Join(stale, ", "))
	}
	return nil
}

// compatible holds the API to that of the last release that can be seen.
func (r *repository) compatible(parts []part) error {
	tag := r.lastRelease()
	if tag == "" {
		fmt.Fprintln(r.out, "no tag of a release is in this clone: the API is compared with api/ alone")
		return nil
	}
	found := map[string]string{}
	for _, p := range parts {
		released, err := r.at(tag, p.file)
		if err != nil {
			fmt.Fprintf(r.out, "%s has no %s: its API is not compared\n", tag, p.file)
			continue
		}
		maps.Copy(found, breaks(released, p.now))
	}
	accepted, err := r.accepted()
	if err != nil {
		return err
	}
	return r.judge(tag, found, accepted)
}

// judge says which breaks since a release may not be.
func (r *repository) judge(tag string, found map[string]string, accepted []acceptance) error {
	var faults []string
	for _, a := range accepted {
		switch is := found[a.about]; {
		case a.since != tag: // of an earlier release, kept for the record
		case is == "":
			faults = append(faults, fmt.Sprintf("%s: %s is accepted as a break since %s, and is none: delete the line", acceptedFile, a.about, tag))
		case !mayBreak(tag, r.root):
			faults = append(faults, fmt.Sprintf("%s: cannot be accepted after %s: a break needs a new major version of the module", is, tag))
			delete(found, a.about)
		default:
			fmt.Fprintf(r.out, "accepted since %s: %s: %s\n", tag, is, a.reason)
			delete(found, a.about)
		}
	}
	for _, about := range slices.Sorted(maps.Keys(found)) {
		faults = append(faults, found[about])
	}
	if len(faults) == 0 {
		return nil
	}
	return fmt.Errorf("the API is not compatible with %s:\n  %s\nput back what is missing and deprecate it; or, where docs/compatibility.md allows the break, add \"%s IDENTIFIER: REASON\" to %s",
		tag, strings.Join(faults, "\n  "), tag, acceptedFile)
}
