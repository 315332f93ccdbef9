package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/metertree/metertree/server/internal/queryapi"
	"github.com/metertree/metertree/tree"
)

// TreeCmd prints the metrics of one exposition, or of a server, as a tree.
type TreeCmd struct {
	Target string `arg:"" optional:"" name:"target" help:"Address of a metrics page, a file, or - for standard input; with --query-url, one metric."`

	QueryURLFlags
	JSON          bool     `name:"json" help:"Print JSON instead."`
	Depth         int      `name:"depth" default:"0" placeholder:"N" help:"Show this many levels; 0 is all."`
	By            []string `name:"by" sep:"none" placeholder:"LABEL" help:"Expand each metric along this label. Repeatable: one below the other."`
	Filter        string   `name:"filter" placeholder:"WORDS" help:"Show only metrics whose name has all these words."`
	Timeout       Duration `name:"timeout" default:"10s" placeholder:"DURATION" help:"Give up on an address after this time (${default})."`
	BodySizeLimit ByteSize `name:"body-size-limit" default:"64MB" placeholder:"SIZE" help:"Read no more than this, uncompressed; 0B is no limit (${default})."`
}

// Help is the detail that --help shows.
func (TreeCmd) Help() string {
	return `An exporter's metrics, and one of them by label:

  metertree tree http://127.0.0.1:9100/metrics
  metertree tree http://127.0.0.1:9100/metrics --filter cpu_seconds --by mode

A saved exposition, compressed or not, or what another command writes:

  metertree tree metrics.txt.gz
  curl -s http://127.0.0.1:9100/metrics | metertree tree - --json

One exposition has no history, so counters show their total since they began.

What a Prometheus or another server with its API stores, with rates; all, or one metric by label:

  metertree tree --query-url http://127.0.0.1:9090 --filter http
  metertree tree --query-url http://127.0.0.1:9090 http_requests_total --by code --by instance`
}

// Validate finds the mistakes that can be seen on the command line alone.
func (c *TreeCmd) Validate() error {
	if c.Depth < 0 {
		return fmt.Errorf("--depth=%d is negative: give the number of levels, or 0 for all", c.Depth)
	}
	if c.Timeout <= 0 {
		return fmt.Errorf("--timeout=%s is not positive: give one such as 10s", c.Timeout)
	}
	if c.Target == "" && !c.remote() {
		return errors.New("no target: give the address of a metrics page, a file or -, or --query-url")
	}
	if err := c.check(); err != nil {
		return err
	}
	seen := make(map[string]bool)
	for _, label := range c.By {
		if label == "" || seen[label] {
			return fmt.Errorf("--by=%q is empty or given twice: give each label once", label)
		}
		seen[label] = true
	}
	return nil
}

// wholeTree lets a printed tree have everything the exposition has.
var wholeTree = tree.Limits{Nodes: 1 << 30, Readings: 1 << 30}

// Run implements the command.
func (c *TreeCmd) Run(ctx context.Context, streams Streams) error {
	// Signals are left alone: there is nothing to put in order, and a read from a
	// pipe or a terminal waits for its other end whatever the context says.
	if c.remote() {
		return c.runRemote(ctx, streams)
	}
	input := treeInput{target: c.Target, stdin: streams.In, timeout: time.Duration(c.Timeout), limit: int64(c.BodySizeLimit)}
	snapshot, err := input.read(ctx)
	if err != nil {
		return err
	}
	root, err := c.root(ctx, tree.New(snapshot, wholeTree))
	if err != nil {
		return fmt.Errorf("%s: %w", input.name(), err)
	}
	return c.print(streams.Out, input.name(), root)
}

// runRemote prints what a server stores.
func (c *TreeCmd) runRemote(ctx context.Context, streams Streams) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	options.Timeout = time.Duration(c.Timeout)
	if options.MaxBytes = int64(c.BodySizeLimit); options.MaxBytes == 0 {
		options.MaxBytes = math.MaxInt64
	}
	remote, err := queryapi.New(options)
	if err != nil {
		return err
	}
	defer remote.Close()
	var source tree.Source = remote
	if c.Target != "" {
		source = oneMetric{remote, c.Target}
	}
	// Each value is a query or several: no more than the tree's own limit are read.
	root, err := c.root(ctx, tree.New(source, tree.Limits{Nodes: wholeTree.Nodes}))
	if err != nil {
		return err // names the server
	}
	if err := c.print(streams.Out, remote.Name(), root); err != nil {
		return err
	}
	for _, notice := range remote.Notices() {
		fmt.Fprintf(streams.Err, "metertree: %s: incomplete: %s\n", remote.Name(), notice)
	}
	return nil
}

// oneMetric is a source that shows one of its metrics only.
type oneMetric struct {
	tree.Source
	name string
}

// Families implements tree.Source.
func (s oneMetric) Families(ctx context.Context) ([]tree.Family, error) {
	families, err := s.Source.Families(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range families {
		if f.Name == s.name {
			return []tree.Family{f}, nil
		}
	}
	return nil, fmt.Errorf("metric %q: %w: look for it with --filter in place of the name", s.name, tree.ErrUnknownMetric)
}

func (c *TreeCmd) print(w io.Writer, title string, root *tree.Node) (err error) {
	if c.JSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(root)
	} else {
		err = printTree(w, title, root)
	}
	if err != nil {
		return fmt.Errorf("output: %w: check where it goes", err)
	}
	return nil
}

func (c *TreeCmd) root(ctx context.Context, t *tree.Tree) (*tree.Node, error) {
	const everything = 1 << 20 // levels; no name has as many segments
	depth := everything
	if c.Depth > 0 {
		depth = c.Depth
	}
	root, err := t.Scope(ctx, tree.ScopeRequest{Filter: c.Filter, Depth: depth, By: c.By})
	if err != nil {
		return nil, err
	}
	if root.Metrics == 0 && c.Filter == "" {
		return nil, errors.New("no metric has a current series: is anything scraped or received there?")
	}
	if root.Metrics == 0 {
		return nil, fmt.Errorf("no metric has %q in its name: give fewer or other words to --filter", c.Filter)
	}
	prune(root, depth)
	return root, nil
}

// prune takes away what lies deeper than a number of levels.
func prune(n *tree.Node, levels int) {
	if levels == 0 {
		n.Children = nil
		return
	}
	for _, c := range n.Children {
		prune(c, levels-1)
	}
}
