// Command servers measures metertree's server beside others on the same work in
// one run, prints the tables, and writes docs/benchmarks-server.md.
//
//	go run ./benchmarks/cmd/servers          # from the root of the repository
//	go run ./benchmarks/cmd/servers -quick   # a rough look, writes no file
//
// It needs Debian's packages prometheus and victoria-metrics, which
// scripts/install-test-deps.sh installs, and builds the other servers. It fails
// if a server lost a sample that it took, or if answers differ.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/metertree/metertree/benchmarks/report"
	"github.com/metertree/metertree/benchmarks/servers"
)

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "measure briefly and with fewer series; writes no file unless -out is given")
	flag.StringVar(&o.out, "out", "", "file to write (default docs/benchmarks-server.md of the repository; with -quick none)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
		os.Exit(1)
	}
}

type options struct {
	quick bool
	out   string
}

func run(ctx context.Context, o options) error {
	plan := servers.FullPlan()
	commands := []string{"make bench-server", "go run ./benchmarks/cmd/servers"}
	if o.quick {
		plan, commands = servers.QuickPlan(), []string{"go run ./benchmarks/cmd/servers -quick"}
	}
	root, err := repository(ctx)
	if err != nil {
		return err
	}
	if o.out == "" && !o.quick {
		o.out = filepath.Join(root, "docs", "benchmarks-server.md")
	}
	// The machine's load is read before this run adds to it.
	d := servers.Document{Run: report.ThisRun(commands...), Plan: plan}
	if err := measure(ctx, &d, filepath.Join(root, "server")); err != nil {
		return err
	}
	return publish(d, o.out)
}

// measure builds the servers, measures them, and fills the document in.
func measure(ctx context.Context, d *servers.Document, module string) error {
	dir, err := os.MkdirTemp("", "metertree-servers-")
	if err != nil {
		return fmt.Errorf("making a directory for builds and storages: %w", err)
	}
	defer os.RemoveAll(dir)
	say := func(line string) { fmt.Fprintln(os.Stderr, time.Now().Format(time.TimeOnly), line) }
	say("building")
	programs, err := servers.Build(ctx, module, dir)
	if err != nil {
		return err
	}
	d.Servers = servers.All(programs)
	if err := servers.Identify(ctx, module, d.Servers); err != nil {
		return err
	}
	if d.Cores, err = servers.Divide(); err != nil {
		return err
	}
	began := time.Now()
	bench := servers.Bench{Plan: d.Plan, Servers: d.Servers, Cores: d.Cores, Dir: dir, Say: say}
	if d.Results, err = bench.Run(ctx); err != nil {
		return err
	}
	d.Took = time.Since(began)
	return nil
}

// repository returns the root of the repository: the working directory must be
// in it.
func repository(ctx context.Context) (string, error) {
	const module = "github.com/metertree/metertree/benchmarks"
	output, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(failed.Stderr)))
		}
		return "", fmt.Errorf("finding module %s: run this command in its repository: %w", module, err)
	}
	return filepath.Dir(strings.TrimSpace(string(output))), nil
}

// publish prints the tables and writes the document if a file is named.
func publish(d servers.Document, file string) error {
	var tables, document strings.Builder
	if err := errors.Join(d.WriteTables(&tables), d.Write(&document)); err != nil {
		return err
	}
	fmt.Print(tables.String())
	if file == "" {
		return nil
	}
	if err := os.WriteFile(file, []byte(document.String()), 0o666); err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	fmt.Fprintln(os.Stderr, "wrote", file)
	return nil
}
