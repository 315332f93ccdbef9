package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
	"golang.org/x/sync/errgroup"
)

// branch is a node of the tree with what the command adds to it.
type branch struct {
	*tree.Node
	// Signals are the golden signals of a scope.
	Signals *tree.Signals `json:"signals,omitempty"`
	// Trend is the value at regular moments of the past, oldest first.
	Trend    []tree.Number `json:"trend,omitempty"`
	Children []*branch     `json:"children,omitempty"`
	// Ratios is how many there are, where they alone are shown.
	Ratios int `json:"ratios,omitempty"`
	// title is shown in place of the name.
	title string
}

// branchOf wraps a node and what is below it, to a number of levels.
func branchOf(n *tree.Node, levels int) *branch {
	b := &branch{Node: n}
	if levels > 0 {
		for _, c := range n.Children {
			b.Children = append(b.Children, branchOf(c, levels-1))
		}
	}
	n.Children = nil
	return b
}

const (
	// concurrentQuestions is how many questions are under way at once.
	concurrentQuestions = 4
	// mostQuestions bounds what one tree asks of a server.
	mostQuestions = 2000
)

// grower asks for what a tree is made of. Nodes grow concurrently.
type grower struct {
	place    *place
	by       []string
	top      int
	baseline time.Duration
	window   time.Duration // of trends; 0 for none
	mode     metric.RatioMode
	progress *progress

	mu      sync.Mutex
	asked   int
	notices []string
}

// grow reads the tree that the command line asks for.
func (c *TreeCmd) grow(ctx context.Context, p *place, shown *progress) (*branch, error) {
	g := &grower{place: p, by: c.By, top: c.Top, baseline: time.Duration(c.Baseline), progress: shown}
	if c.Sparkline {
		g.window = time.Duration(c.Window)
	}
	selector, err := c.selector()
	if err = errors.Join(err, g.check()); err != nil {
		return nil, err
	}
	levels := everything
	if c.Depth > 0 {
		levels = c.Depth
	}
	var root *branch
	if selector.Metric != "" {
		root, err = g.metric(ctx, selector, levels)
	} else {
		root, err = g.scope(ctx, c.Filter, levels, c.Signals)
	}
	if err != nil {
		return nil, err
	}
	root.Notices = g.allNotices(root.Notices)
	return root, nil
}

// check reports what cannot be had at a place without a history.
func (g *grower) check() error {
	if g.place.instant && (g.baseline > 0 || g.window > 0) {
		return fmt.Errorf("--baseline and --sparkline: %w", tree.ErrNoHistory)
	}
	return nil
}

// scope reads the namespace.
func (g *grower) scope(ctx context.Context, filter string, levels int, signals bool) (*branch, error) {
	g.progress.say("reading the namespace of %s", g.place.name)
	node, err := g.place.Scope(ctx, tree.ScopeRequest{Filter: filter, Depth: levels})
	if err != nil {
		return nil, err
	}
	if node.Metrics == 0 && filter == "" {
		return nil, errors.New("no metric has a current series: is anything scraped or received there?")
	}
	if node.Metrics == 0 {
		return nil, fmt.Errorf("no metric has %q in its name: give fewer or other words to --filter", filter)
	}
	root := branchOf(node, levels)
	return root, g.below(ctx, root, levels, signals)
}

// below lets everything below the root grow.
func (g *grower) below(ctx context.Context, root *branch, levels int, signals bool) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(concurrentQuestions)
	var walk func(b *branch, levels int)
	walk = func(b *branch, levels int) {
		switch {
		case b.Type != tree.NodeScope:
			if b.Error == "" {
				work.Go(func() error { return g.expand(ctx, b, g.by, levels) })
			}
			return
		case signals:
			work.Go(func() error { return g.signals(ctx, b) })
		}
		for _, c := range b.Children {
			walk(c, levels-1)
		}
	}
	walk(root, levels)
	return work.Wait()
}

// metric reads one metric: expanded, or else with the labels to expand it along.
func (g *grower) metric(ctx context.Context, selector tree.Selector, levels int) (*branch, error) {
	rank := tree.RankByValue
	if g.baseline > 0 {
		rank = tree.RankByChange
	}
	g.progress.say("reading %s", selector)
	node, err := g.place.Metric(ctx, tree.MetricRequest{Selector: selector, Baseline: g.baseline, Rank: rank})
	if err != nil {
		return nil, err
	}
	var labels []string
	for _, axis := range node.Children {
		labels = append(labels, axis.Label)
	}
	for _, label := range g.by {
		if !slices.Contains(labels, label) {
			return nil, fmt.Errorf("%s has no label %q to expand along: its labels are %q", selector, label, labels)
		}
	}
	root := branchOf(node, levels)
	root.title = selector.String()
	if len(g.by) > 0 {
		root.Children = nil
	}
	rest, err := g.openFirst(ctx, root, g.by, levels)
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(concurrentQuestions)
	for _, c := range root.values() {
		work.Go(func() error { return g.expand(ctx, c, rest, levels-1) })
	}
	return root, errors.Join(err, work.Wait())
}

// expand opens a metric, ratio or branch along the first label and its branches
// along the rest. What cannot be read is said at the branch.
func (g *grower) expand(ctx context.Context, b *branch, by []string, levels int) error {
	rest, err := g.openFirst(ctx, b, by, levels)
	for _, c := range b.values() {
		if err == nil {
			err = g.expand(ctx, c, rest, levels-1)
		}
	}
	return err
}

// values are the branches that can be expanded.
func (b *branch) values() []*branch {
	return slices.DeleteFunc(slices.Clone(b.Children), func(c *branch) bool { return c.Type != tree.NodeValue })
}

// openFirst opens a node along the first label that it has, reads how it and its
// branches changed and went, and returns the labels for its branches.
func (g *grower) openFirst(ctx context.Context, b *branch, by []string, levels int) (rest []string, err error) {
	var axis *tree.Node
	for levels > 0 && len(by) > 0 && axis == nil {
		if axis, err = g.split(ctx, b, by[0]); err != nil {
			return nil, g.spoil(ctx, b, err)
		}
		by = by[1:]
	}
	switch {
	case axis != nil:
		b.open(axis)
	case g.baseline > 0 && b.Change == nil && b.Type != tree.NodeValue:
		if err := g.compare(ctx, b); err != nil {
			return nil, g.spoil(ctx, b, err)
		}
	}
	return by, g.trend(ctx, b)
}

func (b *branch) selector() tree.Selector {
	return tree.Selector{Metric: b.Path, Matchers: b.Matchers}
}

// open puts the branches of an axis below the node.
func (b *branch) open(axis *tree.Node) {
	b.Children = branchOf(axis, 1).Children
	for _, c := range b.Children {
		if c.Type == tree.NodeOther {
			c.title = fmt.Sprintf("other (%d of %d)", c.Branches, axis.Branches)
		}
	}
	b.Reading, b.Change, b.Check, b.Branches, b.At = axis.Reading, axis.Change, axis.Check, axis.Branches, axis.At
	for _, w := range axis.Warnings {
		if !slices.Contains(b.Warnings, w) {
			b.Warnings = append(b.Warnings, w)
		}
	}
}

// split reads the branches along a label; nil if there is no such label.
func (g *grower) split(ctx context.Context, b *branch, label string) (*tree.Node, error) {
	if !g.mayAsk() {
		return nil, nil
	}
	req := tree.SplitRequest{Selector: b.selector(), By: label, Limit: g.top, Baseline: g.baseline, Mode: g.modeOf(b)}
	axis, err := g.place.Split(ctx, req)
	if b.Ratio != nil && errors.Is(err, tree.ErrRequest) {
		return nil, nil // its sides have not both the label
	}
	if err != nil {
		return nil, err
	}
	if len(axis.Children) == 1 && axis.Children[0].Type == tree.NodeValue && axis.Children[0].Name == tree.Unset {
		return nil, nil
	}
	g.notice(axis.Notices...)
	return axis, nil
}

// modeOf is what the branches of a node are divided by; only a ratio has a choice.
func (g *grower) modeOf(b *branch) metric.RatioMode {
	if b.Ratio == nil {
		return metric.WithinGroup
	}
	return g.mode
}

// compare reads how a node that is not expanded has changed.
func (g *grower) compare(ctx context.Context, b *branch) error {
	if !g.mayAsk() {
		return nil
	}
	node, err := g.place.Metric(ctx, tree.MetricRequest{Selector: b.selector(), Baseline: g.baseline})
	if err != nil {
		return err
	}
	b.Change, b.Warnings, b.Error = node.Change, node.Warnings, node.Error
	g.notice(node.Notices...)
	return nil
}

// signals reads the golden signals of a scope.
func (g *grower) signals(ctx context.Context, b *branch) error {
	if !g.mayAsk() {
		return nil
	}
	signals, err := g.place.Signals(ctx, b.Path)
	if err != nil {
		return g.spoil(ctx, b, fmt.Errorf("golden signals: %w", err))
	}
	if signals.Traffic != nil || signals.Errors != nil || signals.Latency != nil || signals.Saturation != nil {
		b.Signals = signals
	}
	return nil
}

// spoil says at a branch what could not be read of it, unless nothing can be read
// any more.
func (g *grower) spoil(ctx context.Context, b *branch, err error) error {
	if ctx.Err() != nil {
		return err
	}
	b.Error = err.Error()
	return nil
}

// mayAsk counts a question, and says so when there have been too many.
func (g *grower) mayAsk() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.place.instant {
		return true
	}
	g.asked++
	g.progress.say("asking %s: %d", g.place.name, g.asked)
	if g.asked == mostQuestions+1 {
		g.notices = append(g.notices, fmt.Sprintf("more than %d questions would have to be asked: show less with --filter, --depth or --top", mostQuestions))
	}
	return g.asked <= mostQuestions
}

func (g *grower) notice(notices ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.notices = append(g.notices, notices...)
}

// allNotices are those of the answers and of the place, each once.
func (g *grower) allNotices(first []string) []string {
	all := slices.Concat(first, g.notices, g.place.notices())
	slices.SortFunc(all, strings.Compare)
	return slices.Compact(all)
}
