package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// RatioCmd prints ratios: declared ones, one of two selections, or the shares of
// the branches of a metric.
type RatioCmd struct {
	Name        string `arg:"" optional:"" name:"ratio" help:"A declared ratio or a branch of it, or the numerator: a metric, or a part of one such as name{code=~\"500|503\"}. All declared ratios without it."`
	Denominator string `arg:"" optional:"" name:"denominator" help:"What to divide the numerator by."`

	SourceFlags
	By        []string `name:"by" sep:"none" placeholder:"LABEL" help:"Expand along this label. Repeatable: one below the other."`
	Mode      string   `name:"mode" enum:"within-group,share" default:"within-group" placeholder:"MODE" help:"Divide each branch by itself, or all by their parent, so that they add up to it: within-group or share (${default})."`
	Top       int      `name:"top" default:"100" placeholder:"N" help:"Show the N largest branches, and the rest as one (${default})."`
	Filter    string   `name:"filter" placeholder:"WORDS" help:"Of all declared ratios, show those whose name has all these words."`
	Baseline  Duration `name:"baseline" placeholder:"DURATION" help:"Show how it differs from what it was so long ago, such as 1h."`
	Sparkline bool     `name:"sparkline" help:"Draw it over time, from its least to its most."`
	Window    Duration `name:"window" default:"15m" placeholder:"DURATION" help:"How far back --sparkline goes (${default})."`
	JSON      bool     `name:"json" help:"Print JSON instead."`
	Watch     Watch    `name:"watch" help:"Show it again every 2s, in place, or as often as --watch=DURATION says, until Ctrl-C."`
}

// Help is the detail that --help shows.
func (RatioCmd) Help() string {
	return `What is declared beside the instruments, all of it, and one by route:

  metertree ratio --from http://127.0.0.1:2121/tree/
  metertree ratio shop_call_error_ratio --by route --from http://127.0.0.1:2121/tree/

One that nobody declared, of any two metrics that add up:

  metertree ratio 'calls_total{code=~"500|502|503"}' calls_total --query-url http://127.0.0.1:9090

How bad each route is, and how much each contributes to it, which adds up to the whole:

  metertree ratio shop_call_error_ratio --by route --query-url http://127.0.0.1:9090
  metertree ratio shop_call_error_ratio --by route --mode share --query-url http://127.0.0.1:9090

Which part of all tasks is in which state:

  metertree ratio worker_tasks --by state --mode share --from http://127.0.0.1:2121/tree/

A ratio is the sum of the numerator by the sum of the denominator at every node, never a mean of ratios. Without a denominator above zero there is no data; a numerator that is absent is zero.

` + helpSources + `

` + helpExit
}

// Validate finds the mistakes that can be seen on the command line alone.
func (c *RatioCmd) Validate() error {
	switch {
	case c.Top < 1 || c.Top > tree.MaxBranches:
		return fmt.Errorf("--top=%d is not from 1 to %d: give how many branches to show", c.Top, tree.MaxBranches)
	case c.Name != "" && c.Filter != "":
		return fmt.Errorf("--filter=%q and the ratio %q are both given: give one of them", c.Filter, c.Name)
	case c.Mode == metric.ShareOfParent.String() && len(c.By) == 0:
		return errors.New("--mode=share tells what each branch is of the whole: give --by with the label of the branches")
	case c.Watch > 0 && c.From == "-":
		return errors.New("--watch reads again and again, which standard input cannot be: give a file or an address")
	}
	if err := c.check(); err != nil {
		return err
	}
	if err := checkLabels(c.By); err != nil {
		return err
	}
	_, _, err := c.question()
	return err
}

// adHoc is the name of a ratio that nobody declared.
const adHoc = "ratio"

// question is what is asked for: a selector, and the ratio it is of if nobody
// declared it.
func (c *RatioCmd) question() (selector tree.Selector, made *metric.Ratio, err error) {
	if c.Name == "" {
		return selector, nil, nil
	}
	if c.Denominator == "" {
		selector, err = parseSelector(c.Name)
		return selector, nil, err
	}
	ratio := metric.Ratio{Name: adHoc}
	if ratio.Numerator, err = parseSelection(c.Name); err != nil {
		return selector, nil, err
	}
	if ratio.Denominator, err = parseSelection(c.Denominator); err != nil {
		return selector, nil, err
	}
	return tree.Selector{Metric: adHoc}, &ratio, ratio.Validate()
}

// Run implements the command.
func (c *RatioCmd) Run(ctx context.Context, streams Streams) error {
	if c.Watch > 0 {
		w := watching{period: time.Duration(c.Watch), streams: streams, form: formOf(c.JSON)}
		return c.watchTree(ctx, w, c.grow)
	}
	return c.showTree(ctx, streams, formOf(c.JSON), c.grow)
}

// grow reads what is asked for.
func (c *RatioCmd) grow(ctx context.Context, p *place, shown *progress) (*branch, error) {
	selector, made, err := c.question()
	if err != nil {
		return nil, err
	}
	if made != nil {
		if p, err = p.withRatio(ctx, *made); err != nil {
			return nil, err
		}
	}
	g := &grower{place: p, by: c.By, top: c.Top, baseline: time.Duration(c.Baseline), progress: shown}
	if c.Sparkline {
		g.window = time.Duration(c.Window)
	}
	if err := g.check(); err != nil {
		return nil, err
	}
	if c.Mode == metric.ShareOfParent.String() {
		g.mode = metric.ShareOfParent
	}
	if selector.Metric == "" {
		return g.declared(ctx, c.Filter)
	}
	root, err := g.metric(ctx, selector, everything)
	if err != nil {
		return nil, err
	}
	if made != nil {
		root.title = made.Numerator.String() + " / " + made.Denominator.String()
	}
	root.Notices = g.allNotices(root.Notices)
	return root, c.fits(root)
}

// fits reports a metric of which no ratio was asked for.
func (c *RatioCmd) fits(root *branch) error {
	switch {
	case root.Ratio != nil:
		return nil
	case c.Mode != metric.ShareOfParent.String():
		return fmt.Errorf("%s is a metric and no ratio: give a denominator after it, or --by LABEL --mode share for what each value of a label is of all", root.selector())
	case root.Family != nil && !root.Family.Fold.Additive():
		return fmt.Errorf("%s folds by %s, so its branches are no shares of it: give a metric that adds up", root.selector(), root.Family.Fold)
	default:
		return nil
	}
}

// declared reads all declared ratios.
func (g *grower) declared(ctx context.Context, filter string) (*branch, error) {
	g.progress.say("reading the namespace of %s", g.place.name)
	node, err := g.place.Scope(ctx, tree.ScopeRequest{Filter: filter, Depth: everything})
	if err != nil {
		return nil, err
	}
	root := branchOf(node, everything)
	root.Ratios = root.onlyRatios()
	switch {
	case root.Ratios == 0 && filter != "":
		return nil, fmt.Errorf("no ratio with %q in its name is declared: give fewer or other words to --filter", filter)
	case root.Ratios == 0:
		return nil, errors.New("no ratio is declared there: declare it beside the instruments with meter.Ratio, or give a numerator and a denominator")
	}
	if err := g.below(ctx, root, everything, false); err != nil {
		return nil, err
	}
	root.Notices = g.allNotices(root.Notices)
	return root, nil
}

// onlyRatios takes away what is no ratio, and the scopes that have none, and
// counts the rest.
func (b *branch) onlyRatios() (ratios int) {
	b.Children = slices.DeleteFunc(b.Children, func(c *branch) bool {
		below := 0
		switch c.Type {
		case tree.NodeRatio:
			below = 1
		case tree.NodeScope:
			below = c.onlyRatios()
		}
		ratios += below
		return below == 0
	})
	return ratios
}

// withRatio is the place with one more ratio.
func (p *place) withRatio(ctx context.Context, ratio metric.Ratio) (*place, error) {
	base := p.source
	if page, ok := p.viewer.(*pageClient); ok {
		base = pageSource{page, []string{ratio.Numerator.Metric, ratio.Denominator.Metric}}
	}
	families, err := base.Families(ctx)
	if err != nil {
		return nil, err
	}
	for _, side := range []metric.Selection{ratio.Numerator, ratio.Denominator} {
		i, found := slices.BinarySearchFunc(families, side.Metric, func(f tree.Family, name string) int { return strings.Compare(f.Name, name) })
		if !found {
			return nil, fmt.Errorf("metric %q: %w: look for it with metertree tree --filter", side.Metric, tree.ErrUnknownMetric)
		}
		if f := families[i]; !f.Fold.Additive() {
			return nil, fmt.Errorf("%s folds by %s, so its series do not add up: divide counters, histograms or sums", f.Name, f.Fold)
		}
	}
	source, err := tree.WithRatio(base, ratio)
	if err != nil {
		return nil, err
	}
	more := *p
	more.viewer, more.source = tree.New(source, p.limits), source
	return &more, nil
}
