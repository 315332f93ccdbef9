package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/naming"
)

// LintCmd holds the metrics of one exposition to the naming rules.
type LintCmd struct {
	Target string `arg:"" name:"target" optional:"" help:"Address of a metrics page, a file, or - for standard input."`

	JSON     bool            `name:"json" help:"Print JSON instead."`
	Severity naming.Severity `name:"severity" default:"warning" placeholder:"SEVERITY" help:"Fail if there is a finding of this severity or above: advice, warning or error (${default})."`
	Waivers  string          `name:"waivers" placeholder:"FILE" help:"Leave out what this YAML file waives, with a reason for each."`
	Prefix   []string        `name:"prefix" sep:"none" placeholder:"WORD" help:"Names must begin with this word. Repeatable: with one of them."`
	Rules    bool            `name:"rules" help:"List the rules and end."`

	InputFlags
}

// Help is the detail that --help shows.
func (LintCmd) Help() string {
	return `What a service exposes, or has exposed:

  metertree lint http://127.0.0.1:2121/metrics --prefix shop
  curl -s http://127.0.0.1:2121/metrics | metertree lint -

Each finding is a line, as in "orders_placed error: the name of a counter ends in _total: orders_placed_total (total)", and the exit code is 1 if one is a warning or worse. What cannot be changed is waived, with a reason:

  metertree lint metrics.txt --waivers waivers.yml

where waivers.yml says:

  waivers:
  - rule: help
    metric: legacy_*
    reason: Comes from a library that writes no help; to be replaced.`
}

// Validate finds the mistakes that can be seen on the command line alone.
func (c *LintCmd) Validate() error {
	if c.Target == "" && !c.Rules {
		return fmt.Errorf("no <target>: give the address of a metrics page, a file, or - for standard input")
	}
	for _, prefix := range c.Prefix {
		if err := metric.ValidateName(prefix); err != nil {
			return fmt.Errorf("--prefix: %w", err)
		}
	}
	return c.check()
}

// Run implements the command.
func (c *LintCmd) Run(ctx context.Context, streams Streams) error {
	// Signals are left alone, as by tree.
	if c.Rules {
		return outputError(c.printRules(streams.Out))
	}
	linter, err := c.linter()
	if err != nil {
		return err
	}
	exposition, name, err := c.inspect(ctx, c.Target, streams.In)
	if err != nil {
		return err
	}
	found := lintReport{Target: name, Lint: exposition.Lint(linter), UnusedWaivers: []waiver{}}
	for _, w := range linter.UnusedWaivers() {
		found.UnusedWaivers = append(found.UnusedWaivers, waiver{w.Rule, string(w.Metric), w.Reason})
	}
	if c.JSON {
		err = writeJSON(streams.Out, found)
	} else {
		err = found.print(streams.Out)
	}
	if err != nil {
		return outputError(err)
	}
	return found.verdict(c.Severity)
}

// linter applies the rules with the default label policy.
func (c *LintCmd) linter() (*naming.Linter, error) {
	waivers, err := readWaivers(c.Waivers)
	if err != nil {
		return nil, err
	}
	var prefixes []string
	for _, prefix := range c.Prefix {
		prefixes = append(prefixes, strings.TrimRight(prefix, "_"))
	}
	return naming.New(naming.Options{Prefixes: prefixes, Labels: policy.DefaultLabels(), Waivers: waivers})
}
