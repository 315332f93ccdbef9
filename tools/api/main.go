// Command api keeps the public API in the sight of reviews and holds it to the last
// release; docs/compatibility.md says what is promised.
//
// For each module a file below api/ has a line for every exported identifier,
// with its type. The command fails if these are not what the code is, if a line of
// the last release is gone or different without being listed in
// api/accepted-breaks.txt, and if the API depends on the platform.
//
//	api [-update] [MODULE...]
//
// Modules are directories of the repository, whose root is the first and the
// working directory.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	update := flag.Bool("update", false, "write api/*.txt instead of comparing it with the code")
	flag.Parse()
	modules := flag.Args()
	if len(modules) == 0 {
		modules = []string{"."}
	}
	work := check
	if *update {
		work = rewrite
	}
	if err := work(".", modules, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}

// check tells all that is wrong.
func check(path string, modules []string, out io.Writer) error {
	r, err := openRepository(path, out)
	if err != nil {
		return err
	}
	parts, err := r.parts(modules)
	if err != nil {
		return err
	}
	return errors.Join(r.current(parts), r.compatible(parts), r.sameEverywhere(parts[0]))
}

// rewrite writes the surfaces and tells what they break.
func rewrite(path string, modules []string, out io.Writer) error {
	r, err := openRepository(path, out)
	if err != nil {
		return err
	}
	parts, err := r.parts(modules)
	if err != nil {
		return err
	}
	return errors.Join(r.write(parts), r.compatible(parts))
}
