package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const modulePath = "github.com/metertree/metertree/benchmarks"

// programs are this program in its two builds.
type programs struct {
	normal, portable string
	// module is the directory of the benchmarks' module.
	module string
}

func (p programs) document() string {
	return filepath.Join(filepath.Dir(p.module), "docs", "benchmarks.md")
}

// buildPrograms builds the portable twin of this program into a temporary
// directory, which remove deletes.
func buildPrograms(ctx context.Context) (p programs, remove func(), err error) {
	if p.normal, err = os.Executable(); err != nil {
		return p, nil, fmt.Errorf("finding this program: %w", err)
	}
	if p.module, err = moduleDirectory(ctx); err != nil {
		return p, nil, err
	}
	directory, err := os.MkdirTemp("", "metertree-bench-")
	if err != nil {
		return p, nil, fmt.Errorf("making a directory for the portable build: %w", err)
	}
	remove = func() { os.RemoveAll(directory) }
	p.portable = filepath.Join(directory, "bench-portable")
	build := exec.CommandContext(ctx, "go", "build", "-tags", "metertree_portable", "-o", p.portable, "./cmd/bench")
	build.Dir = p.module
	if output, err := build.CombinedOutput(); err != nil {
		remove()
		return p, nil, fmt.Errorf("building with -tags metertree_portable: %w\n%s", err, output)
	}
	return p, remove, nil
}

// moduleDirectory returns where the benchmarks' module lies: the working
// directory must be in it or in a workspace that uses it.
func moduleDirectory(ctx context.Context) (string, error) {
	output, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", modulePath).Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(failed.Stderr)))
		}
		return "", fmt.Errorf("finding module %s: run this command in its repository: %w", modulePath, err)
	}
	return strings.TrimSpace(string(output)), nil
}
