package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/metertree/metertree/tree"
)

// TreeCmd prints the metrics of an exposition, of a running program or of a server
// as a tree.
type TreeCmd struct {
	Target string `arg:"" optional:"" name:"target" help:"Address of a metrics page or of a tree page, a file, or - for standard input; with --from or --query-url, the metric."`
	Metric string `arg:"" optional:"" name:"metric" help:"Show this metric or ratio alone, or a branch of it: name{label=\"value\"}."`

	SourceFlags
	JSON      bool     `name:"json" help:"Print JSON instead."`
	Depth     int      `name:"depth" default:"0" placeholder:"N" help:"Show this many levels; 0 is all."`
	By        []string `name:"by" sep:"none" placeholder:"LABEL" help:"Expand each metric along this label. Repeatable: one below the other."`
	Top       int      `name:"top" default:"100" placeholder:"N" help:"Show the N largest branches of each expansion, and the rest as one (${default})."`
	Filter    string   `name:"filter" placeholder:"WORDS" help:"Show only metrics whose name has all these words."`
	Baseline  Duration `name:"baseline" placeholder:"DURATION" help:"Show how values differ from what they were so long ago, such as 1h."`
	Sparkline bool     `name:"sparkline" help:"Draw each value over time, from its least to its most."`
	Window    Duration `name:"window" default:"15m" placeholder:"DURATION" help:"How far back --sparkline goes (${default})."`
	Signals   bool     `name:"signals" help:"Show the golden signals of each scope: traffic, errors, latency, saturation."`
	Watch     Watch    `name:"watch" help:"Show it again every 2s, in place, or as often as --watch=DURATION says, until Ctrl-C."`
}

// Help is the detail that --help shows.
func (TreeCmd) Help() string {
	return `An exporter's metrics, and one of them by label:

  metertree tree http://127.0.0.1:9100/metrics
  metertree tree http://127.0.0.1:9100/metrics --filter cpu_seconds --by mode

A saved exposition, compressed or not, or what another command writes:

  metertree tree metrics.txt.gz
  curl -s http://127.0.0.1:9100/metrics | metertree tree - --json

A running program, with rates, how they went and the golden signals of its parts:

  metertree tree http://127.0.0.1:2121/tree/ --depth 2 --signals --sparkline

What a Prometheus or another server with its API stores: all, or one metric with what its labels cost and promise, or by two of them, or against an hour ago, over and over:

  metertree tree --query-url http://127.0.0.1:9090 --filter http
  metertree tree --query-url http://127.0.0.1:9090 http_requests_total
  metertree tree --query-url http://127.0.0.1:9090 'up{job="shop"}' --by zone --by instance
  metertree tree --query-url http://127.0.0.1:9090 http_requests_total --baseline 1h --watch

` + helpSources + `

One exposition has no history, so counters show their total since they began. With --json --watch there is one document a line.

` + helpExit
}

// levels that no name has.
const everything = 1 << 20

// resolved is the command with its arguments where they belong: what follows a
// source is the metric.
func (c TreeCmd) resolved() (TreeCmd, error) {
	switch {
	case !c.given():
		c.From = c.Target
	case c.Metric != "":
		return c, fmt.Errorf("%q and %q are given beside --from or --query-url: give one metric", c.Target, c.Metric)
	default:
		c.Metric = c.Target
	}
	c.Target = ""
	return c, nil
}

// Validate finds the mistakes that can be seen on the command line alone.
func (c *TreeCmd) Validate() error {
	if !c.given() && c.Target == "" {
		return errors.New("no target: give the address of a metrics page, a file or -, or --query-url")
	}
	resolved, err := c.resolved()
	if err != nil {
		return err
	}
	return resolved.validate()
}

func (c *TreeCmd) validate() error {
	switch {
	case c.Depth < 0:
		return fmt.Errorf("--depth=%d is negative: give the number of levels, or 0 for all", c.Depth)
	case c.Top < 1 || c.Top > tree.MaxBranches:
		return fmt.Errorf("--top=%d is not from 1 to %d: give how many branches to show", c.Top, tree.MaxBranches)
	case c.Metric != "" && c.Filter != "":
		return fmt.Errorf("--filter=%q and the metric %q are both given: give one of them", c.Filter, c.Metric)
	case c.Watch > 0 && c.From == "-":
		return errors.New("--watch reads again and again, which standard input cannot be: give a file or an address")
	case c.Sparkline && (time.Duration(c.Window) < tree.MinWindow || time.Duration(c.Window) > tree.MaxWindow):
		return fmt.Errorf("--window=%s is not from %s to %s", c.Window, Duration(tree.MinWindow), Duration(tree.MaxWindow))
	}
	if err := c.check(); err != nil {
		return err
	}
	_, err := c.selector()
	return errors.Join(err, checkLabels(c.By))
}

func checkLabels(labels []string) error {
	for i, label := range labels {
		if label == "" || slices.Contains(labels[:i], label) {
			return fmt.Errorf("--by=%q is empty or given twice: give each label once", label)
		}
	}
	return nil
}

// selector is the metric that is asked for; empty for all.
func (c *TreeCmd) selector() (tree.Selector, error) {
	if c.Metric == "" {
		return tree.Selector{}, nil
	}
	selector, err := parseSelector(c.Metric)
	for _, label := range c.By {
		if err == nil && selector.Has(label) {
			err = fmt.Errorf("--by=%q is fixed in %s: expand along another label", label, selector)
		}
	}
	return selector, err
}

// Run implements the command.
func (c *TreeCmd) Run(ctx context.Context, streams Streams) error {
	resolved, err := c.resolved()
	if err != nil {
		return err
	}
	if c.Watch > 0 {
		w := watching{period: time.Duration(c.Watch), streams: streams, form: formOf(c.JSON)}
		return resolved.watchTree(ctx, w, resolved.grow)
	}
	return resolved.showTree(ctx, streams, formOf(c.JSON), resolved.grow)
}
