// Command reference writes a page for each public package of the library and its
// integrations, from their doc comments. "make docs" writes them to
// docs/reference.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

// directory holds the pages, seen from the repository.
const directory = "docs/reference"

// run writes the pages of the repository that it is started in, or compares them.
func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("reference", flag.ContinueOnError)
	flags.SetOutput(out)
	check := flags.Bool("check", false, "change nothing, and fail if a page is out of date")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	packages, err := publicPackages(".")
	if err != nil {
		return err
	}
	pages, err := render(packages)
	if err != nil {
		return err
	}
	stale, err := differing(pages)
	if err != nil {
		return err
	}
	if *check {
		for _, name := range stale {
			fmt.Fprintf(out, "%s/%s does not show what the code says\n", directory, name)
		}
		if len(stale) > 0 {
			return fmt.Errorf("%d pages are out of date: run make docs", len(stale))
		}
		return nil
	}
	return write(pages, stale, out)
}

// differing names, in order, the pages that are missing, to be changed or to be
// removed.
func differing(pages map[string]string) (stale []string, err error) {
	kept, err := filepath.Glob(filepath.Join(directory, "*.md"))
	if err != nil {
		return nil, err
	}
	for _, file := range kept {
		name := filepath.Base(file)
		if _, wanted := pages[name]; !wanted {
			stale = append(stale, name)
		}
	}
	for _, name := range sorted(pages) {
		text, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		if string(text) != pages[name] {
			stale = append(stale, name)
		}
	}
	return stale, nil
}

// write brings the pages up to date.
func write(pages map[string]string, stale []string, out io.Writer) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	for _, name := range stale {
		path := filepath.Join(directory, name)
		text, wanted := pages[name]
		if !wanted {
			if err := os.Remove(path); err != nil {
				return err
			}
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s/%s: updated\n", directory, name)
	}
	return nil
}
