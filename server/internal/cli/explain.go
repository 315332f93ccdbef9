package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/metertree/metertree/tree"
)

// ExplainCmd tells which branches account for a change.
type ExplainCmd struct {
	Metric string `arg:"" name:"metric" help:"What changed: the name of a metric or of a declared ratio, or a branch of it: name{label=\"value\"}."`

	SourceFlags
	Window   Duration `name:"window" placeholder:"DURATION" help:"Look at this much time before now (15m; less of a program whose history is shorter)."`
	Baseline Duration `name:"baseline" placeholder:"DURATION" help:"Compare with as much time that ended so long ago, such as 1d (the window: the time just before)."`
	Before   string   `name:"before" placeholder:"TARGET" help:"Compare with this earlier exposition, a file or - for standard input, in place of an earlier time."`
	By       []string `name:"by" sep:"none" placeholder:"LABEL" help:"Look for causes in this label only. Repeatable (all that have several values)."`
	Branches int      `name:"branches" default:"5" placeholder:"N" help:"List at most N branches, up to 10 (${default})."`
	JSON     bool     `name:"json" help:"Print JSON instead."`
}

// Help is the detail that --help shows.
func (ExplainCmd) Help() string {
	return `What made the errors of the last 15 minutes, against the same time of yesterday:

  metertree explain shop_errors_total --window 15m --baseline 1d --query-url http://127.0.0.1:9090

A declared ratio of a running program, against the five minutes before:

  metertree explain shop_call_error_ratio --window 5m --from http://127.0.0.1:2121/tree/

A part of a metric, with causes looked for in two labels, for another program:

  metertree explain 'jobs_total{job="shop"}' --by zone --by rack --json --query-url http://127.0.0.1:9090

Two expositions, by their totals:

  curl -s http://127.0.0.1:9100/metrics > before.txt
  metertree explain node_disk_read_bytes_total --before before.txt --from http://127.0.0.1:9100/metrics

The branches listed moved unlike the rest, and the first is the one to look at. Their contributions and the remainder add up to the change. Of a ratio each contribution is what its own rate did, and what came from volume that moved. Where everything followed alike, and where nothing stands out from the noise, it says so and lists none.

` + helpSources + `

` + helpExit + ` That nothing stands out is an answer.`
}

// Validate finds the mistakes that can be seen on the command line alone.
func (c *ExplainCmd) Validate() error {
	switch window := time.Duration(c.Window); {
	case c.Branches < 1 || c.Branches > mostBranches:
		return fmt.Errorf("--branches=%d is not from 1 to %d: give how many to list", c.Branches, mostBranches)
	case c.Window != 0 && (window < tree.MinExplainWindow || window > tree.MaxWindow):
		return fmt.Errorf("--window=%s is not from %s to %s", c.Window, Duration(tree.MinExplainWindow), Duration(tree.MaxWindow))
	case c.Baseline != 0 && time.Duration(c.Baseline) < max(window, tree.MinExplainWindow):
		return fmt.Errorf("--baseline=%s is less than the window of %s, so that the two would overlap: give that or more", c.Baseline, Duration(max(window, tree.MinExplainWindow)))
	case c.Before != "" && (c.Baseline != 0 || c.Window != 0):
		return errors.New("--before compares two expositions, which have no --window and no --baseline: leave them out")
	case c.Before != "" && c.remote():
		return errors.New("--before compares with what --from names, and a server has a history: give --baseline in place of --before")
	case c.Before == "-" && c.From == "-":
		return errors.New("both --before and --from are standard input, which is there once: give a file or an address for one of them")
	}
	if err := c.check(); err != nil {
		return err
	}
	_, err := c.selector()
	return err
}

// mostBranches is how many branches can be listed.
const mostBranches = 10

// windows are how much time to compare: what was asked for, or else the usual, and
// where there may be no history of that, less.
func (c *ExplainCmd) windows(p *place) []time.Duration {
	if c.Window != 0 {
		return []time.Duration{time.Duration(c.Window)}
	}
	windows := []time.Duration{tree.DefaultExplainWindow}
	if p.short {
		windows = append(windows, 5*time.Minute, time.Minute, tree.MinExplainWindow)
	}
	for i, w := range windows {
		if c.Baseline != 0 {
			windows[i] = min(w, time.Duration(c.Baseline))
		}
	}
	return slices.Compact(windows)
}

// selector is what is explained.
func (c *ExplainCmd) selector() (tree.Selector, error) {
	selector, err := parseSelector(c.Metric)
	if err != nil {
		return selector, err
	}
	for _, label := range c.By {
		if selector.Has(label) {
			return selector, fmt.Errorf("--by=%q is fixed in %s: look into another label", label, selector)
		}
	}
	return selector, checkLabels(c.By)
}

// Run implements the command.
func (c *ExplainCmd) Run(ctx context.Context, streams Streams) error {
	// Signals are left alone, as by tree.
	selector, err := c.selector()
	if err != nil {
		return err
	}
	progress := startProgress(ctx, streams.Err)
	defer progress.stop()
	p, sides, err := c.places(ctx, streams)
	if err != nil {
		return err
	}
	defer p.close()
	progress.say("looking for what moved %s unlike the rest", selector)
	found, err := c.explain(ctx, p, selector)
	progress.stop()
	if err != nil {
		return c.remedied(p, err)
	}
	if sides != nil {
		found.Before, found.After = tree.Span{}, tree.Span{} // nothing tells
	}
	return outputError(c.print(streams, p, explanation{found, sides}))
}

func (c *ExplainCmd) explain(ctx context.Context, p *place, selector tree.Selector) (found *tree.Explained, err error) {
	req := tree.ExplainRequest{Selector: selector, By: c.By, Baseline: time.Duration(c.Baseline), MaxBranches: c.Branches}
	if two, ok := p.source.(pair); ok {
		req.Event = two.event(selector.Metric)
	}
	for _, req.Window = range c.windows(p) {
		found, err = p.Explain(ctx, req)
		if !errors.Is(err, tree.ErrNoHistory) {
			break
		}
	}
	return found, err
}

// places opens what is compared, and tells how to call its two sides; without
// words for them they are called by their time.
func (c *ExplainCmd) places(ctx context.Context, streams Streams) (p *place, sides []string, err error) {
	if c.Before != "" {
		return c.openPair(ctx, c.Before, streams)
	}
	p, err = c.open(ctx, streams)
	return p, nil, err
}

func (c *ExplainCmd) remedied(p *place, err error) error {
	if errors.Is(err, tree.ErrNoHistory) && p.instant {
		return fmt.Errorf("%s: one exposition has no history: give an earlier one with --before, the tree page of the program, or a server that scrapes it with --query-url", p.name)
	}
	if errors.Is(err, tree.ErrNoHistory) && (c.Window > Duration(tree.MinExplainWindow) || c.Baseline > Duration(tree.MinExplainWindow)) {
		return fmt.Errorf("%w: give a shorter --window or --baseline, or ask again later", p.remedied(err))
	}
	if errors.Is(err, tree.ErrNoHistory) {
		return fmt.Errorf("%w: ask again in half a minute", p.remedied(err))
	}
	return p.remedied(err)
}

// explanation is an answer, and which expositions are compared if not two times.
type explanation struct {
	*tree.Explained
	Compared []string `json:"compared,omitempty"` // the earlier one first
}

func (c *ExplainCmd) print(streams Streams, p *place, e explanation) error {
	for _, notice := range p.notices() {
		if !slices.Contains(e.Notices, notice) {
			e.Notices = append(e.Notices, notice)
		}
	}
	complain(streams.Err, p.name, e.Notices)
	if c.JSON {
		return writeJSON(streams.Out, e)
	}
	_, err := io.WriteString(streams.Out, formatFor(streams.Out).explanation(e))
	return err
}
