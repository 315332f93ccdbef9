package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/naming"
	"github.com/metertree/metertree/server/internal/check"
	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/server/internal/serve"
)

// CheckCmd finds the mistakes in files before a server does.
type CheckCmd struct {
	Config  CheckConfigCmd  `cmd:"" help:"Find every mistake in configuration files."`
	Rules   CheckRulesCmd   `cmd:"" help:"Find every mistake in files of Prometheus rules."`
	Metrics CheckMetricsCmd `cmd:"" help:"Hold expositions to their format and to the naming rules."`
}

// Help is the detail that --help shows.
func (CheckCmd) Help() string {
	return `Each mistake is a line: the file and line, what is wrong, and the remedy. The exit code is 0 if there is none, 1 if there are some, and 2 if a file could not be checked.`
}

// CheckConfigCmd finds the mistakes of configuration files.
type CheckConfigCmd struct {
	Files []string `arg:"" name:"file" help:"Configuration files, as for serve --config.file."`
	JSON  bool     `name:"json" help:"Print JSON instead."`
}

// Help is the detail that --help shows.
func (CheckConfigCmd) Help() string {
	return `Before a reload, and in the pipeline that a configuration comes from:

  metertree check config prometheus.yml && kill -HUP $(pidof metertree)

All mistakes are told, not the first only. Nothing is scraped, but certificates that are named must be there.`
}

// Run implements the command.
func (c *CheckConfigCmd) Run(streams Streams) error {
	load := func(path string) error {
		_, err := prom.LoadConfig(path, serve.Defaults("").Defaults)
		return err
	}
	return checkFiles(streams.Out, c.Files, c.JSON, func(path string) ([]check.Problem, error) {
		return check.Config(path, load)
	})
}

// CheckRulesCmd finds the mistakes of files of rules.
type CheckRulesCmd struct {
	Files []string `arg:"" name:"file" help:"Files of rules, for the rule_files of a Prometheus server."`
	JSON  bool     `name:"json" help:"Print JSON instead."`
}

// Help is the detail that --help shows.
func (CheckRulesCmd) Help() string {
	return `What Prometheus would refuse, and what it would take but that cannot be meant:

  metertree check rules deploy/prometheus/alerts.yaml deploy/prometheus/recording.yaml

metertree evaluates no rules itself: a Prometheus server does, or vmalert, with metertree as the data source.`
}

// Run implements the command.
func (c *CheckRulesCmd) Run(streams Streams) error {
	return checkFiles(streams.Out, c.Files, c.JSON, check.Rules)
}

// CheckMetricsCmd holds expositions to their format and to the naming rules.
type CheckMetricsCmd struct {
	Targets  []string        `arg:"" name:"target" help:"Addresses of metrics pages, files, or - for standard input."`
	JSON     bool            `name:"json" help:"Print JSON instead."`
	Severity naming.Severity `name:"severity" default:"warning" placeholder:"SEVERITY" help:"Tell findings of this severity and above: advice, warning or error (${default})."`

	InputFlags
}

// Help is the detail that --help shows.
func (CheckMetricsCmd) Help() string {
	return `Of a service, before it is released:

  metertree check metrics http://127.0.0.1:2121/metrics
  curl -s http://127.0.0.1:2121/metrics | metertree check metrics -

The naming rules are those of metertree lint, which also knows waivers and prefixes.`
}

// Validate finds the mistakes that can be seen on the command line alone.
func (c *CheckMetricsCmd) Validate() error { return c.check() }

// Run implements the command.
func (c *CheckMetricsCmd) Run(ctx context.Context, streams Streams) error {
	return checkFiles(streams.Out, c.Targets, c.JSON, func(target string) ([]check.Problem, error) {
		return c.problems(ctx, target, streams.In)
	})
}

func (c *CheckMetricsCmd) problems(ctx context.Context, target string, in io.Reader) (problems []check.Problem, err error) {
	linter, err := naming.New(naming.Options{Labels: policy.DefaultLabels()})
	if err != nil {
		return nil, err
	}
	exposition, name, err := c.inspect(ctx, target, in)
	if err != nil {
		for _, bad := range []error{prom.ErrExpositionSyntax, prom.ErrExpositionEmpty, prom.ErrExpositionCut, prom.ErrExpositionHTML, prom.ErrExpositionBinary} {
			if errors.Is(err, bad) {
				shown := treeInput{target: target}.name()
				return []check.Problem{asProblem(shown, err)}, nil
			}
		}
		return nil, err
	}
	for _, f := range exposition.Lint(linter).Findings {
		if f.Severity < c.Severity {
			continue
		}
		message, remedy := f.Message, "see rule "+f.Rule+" in metertree lint --rules"
		if before, after, found := strings.Cut(f.Message, ": "); found {
			message, remedy = before, after+" ("+f.Rule+")"
		}
		problems = append(problems, check.Problem{File: name, Where: f.Metric, Message: message, Remedy: remedy})
	}
	return problems, nil
}

// asProblem divides an error of the form "name: what: remedy".
func asProblem(name string, err error) check.Problem {
	p := check.Problem{File: name, Message: strings.TrimPrefix(err.Error(), name+": "), Remedy: "correct it"}
	if n, err := fmt.Sscanf(p.Message, "line %d:", &p.Line); err == nil && n == 1 {
		_, p.Message, _ = strings.Cut(p.Message, ": ")
	}
	if i := strings.LastIndex(p.Message, ": "); i > 0 {
		p.Message, p.Remedy = p.Message[:i], p.Message[i+2:]
	}
	return p
}

// checkedFile is what is told of one file.
type checkedFile struct {
	File     string          `json:"file"`
	Problems []check.Problem `json:"problems"`
	// Error is why the file could not be checked.
	Error string `json:"error,omitempty"`
}

// checkFiles checks files one after the other, tells what it finds, and returns the
// verdict.
func checkFiles(out io.Writer, files []string, asJSON bool, problems func(string) ([]check.Problem, error)) error {
	checked := make([]checkedFile, 0, len(files))
	found, failed := 0, 0
	for _, file := range files {
		list, err := problems(file)
		shown := checkedFile{File: treeInput{target: file}.name(), Problems: append([]check.Problem{}, list...)}
		if err != nil {
			failed++
			shown.Error = err.Error()
		}
		found += len(list)
		checked = append(checked, shown)
	}
	var err error
	if asJSON {
		err = writeJSON(out, checked)
	} else {
		err = printChecked(out, checked)
	}
	switch {
	case err != nil:
		return codedError{outputError(err), exitUsage}
	case failed > 0:
		return codedError{fmt.Errorf("%s of %d could not be checked: see above", counted(failed, "file", "files"), len(files)), exitUsage}
	case found > 0:
		return fmt.Errorf("%s found: correct them and check again", counted(found, "problem", "problems"))
	}
	return nil
}

func printChecked(w io.Writer, checked []checkedFile) error {
	out := bufio.NewWriter(w)
	total := textWidth(w)
	for _, file := range checked {
		for _, p := range file.Problems {
			fmt.Fprintln(out, wrap(printable(p.String()), total, "    "))
		}
		switch {
		case file.Error != "":
			fmt.Fprintln(out, wrap(printable("not checked: "+file.Error), total, "    "))
		case len(file.Problems) == 0:
			fmt.Fprintln(out, printable(file.File)+": no problems")
		}
	}
	return out.Flush()
}

// codedError is an error that ends the program with a code of its own.
type codedError struct {
	error
	code int
}

// Unwrap is for errors.Is.
func (e codedError) Unwrap() error { return e.error }
