// Command bench measures metertree and its rivals on the same work in one run,
// prints the table of medians and ratios, and writes docs/benchmarks.md.
//
//	go run ./benchmarks/cmd/bench          # from the root of the repository
//	go run ./benchmarks/cmd/bench -quick   # a rough look, writes no file
//	go run ./benchmarks/cmd/bench -rows '^(scrape|HTTP request)'   # these rows alone, writes no file
//
// It fails if a library lost an update. A target that is missed is reported,
// and no failure: the machine may be at fault.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"

	"github.com/metertree/metertree/benchmarks/report"
	"github.com/metertree/metertree/benchmarks/worker"
)

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "measure briefly and with fewer series; writes no file unless -out is given")
	flag.StringVar(&o.out, "out", "", "file to write (default docs/benchmarks.md of the repository; with -quick or -rows none)")
	flag.Func("rows", "measure only the rows whose names match this regular expression; writes no file unless -out is given", func(text string) (err error) {
		o.rows, err = regexp.Compile(text)
		return err
	})
	serve := flag.Bool("worker", false, "take tasks from standard input (what this command starts itself with)")
	flag.Parse()
	if err := dispatch(o, *serve); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	quick bool
	out   string
	// rows chooses what is measured; nil is everything.
	rows *regexp.Regexp
}

func dispatch(o options, serve bool) error {
	if serve {
		return worker.Serve(os.Stdin, os.Stdout)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return bench(ctx, o)
}

func bench(ctx context.Context, o options) error {
	programs, remove, err := buildPrograms(ctx)
	if err != nil {
		return err
	}
	defer remove()
	plan := fullPlan()
	commands := []string{"make bench", "go run ./benchmarks/cmd/bench"}
	if o.quick {
		plan = quickPlan()
		commands = []string{"go run ./benchmarks/cmd/bench -quick"}
	}
	plan.rows = o.rows
	if o.rows != nil {
		commands[len(commands)-1] += fmt.Sprintf(" -rows %q", o.rows)
		commands = commands[len(commands)-1:]
	}
	if o.out == "" && !o.quick && o.rows == nil {
		o.out = programs.document()
	}
	// The machine's load is read before this run adds to it.
	run := report.ThisRun(commands...)
	results, err := measureAll(ctx, plan, programs, func(line string) { fmt.Fprintln(os.Stderr, line) })
	if err != nil {
		return err
	}
	document := report.Document{Run: run, Results: results, Sizes: plan.sizes(), Method: plan.method(), Rows: plan.rows}
	return publish(document, o.out)
}

// publish prints the tables and writes the document if a file is named.
func publish(d report.Document, file string) error {
	var tables strings.Builder
	if err := d.WriteTables(&tables); err != nil {
		return err
	}
	fmt.Print(tables.String())
	if file == "" {
		return nil
	}
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	if err := d.Write(f); err != nil {
		f.Close()
		return fmt.Errorf("writing %s: %w", file, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	fmt.Fprintln(os.Stderr, "wrote", file)
	return nil
}
