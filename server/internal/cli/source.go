package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/metertree/metertree/server/internal/queryapi"
	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/tree/joined"
)

// SourceFlags say where the numbers come from: an exposition, the tree page of a
// running program, or a server that is asked.
type SourceFlags struct {
	From string `name:"from" xor:"targets" placeholder:"TARGET" help:"Read this: the address of a metrics page, the address of a tree page, such as http://127.0.0.1:2121/tree/, a file, or - for standard input."`
	QueryURLFlags
	InputFlags
}

// helpSources is the part of --help that is the same for all who use SourceFlags.
const helpSources = `The numbers come from one of three places, told apart by what answers:

  --from http://127.0.0.1:2121/metrics  what is there now, or in a file
  --from http://127.0.0.1:2121/tree/    a running program, with a history
  --query-url http://127.0.0.1:9090     what Prometheus or another stores`

// helpExit is the part of --help on exit codes.
const helpExit = `The exit code is 0 if the question was answered, 1 if it could not be, and 2 for a mistake on the command line.`

// given reports whether a source is named.
func (f SourceFlags) given() bool { return f.From != "" || f.remote() }

// check finds the mistakes that can be seen without reading anything.
func (f SourceFlags) check() error {
	if !f.given() {
		return errors.New("no source: give --from with an address, a file or -, or --query-url with a server")
	}
	if err := f.InputFlags.check(); err != nil {
		return err
	}
	return f.QueryURLFlags.check()
}

// viewer answers what the commands ask, wherever the numbers are. A tree.Tree is
// one.
type viewer interface {
	Scope(ctx context.Context, req tree.ScopeRequest) (*tree.Node, error)
	Signals(ctx context.Context, path string) (*tree.Signals, error)
	Metric(ctx context.Context, req tree.MetricRequest) (*tree.Node, error)
	Split(ctx context.Context, req tree.SplitRequest) (*tree.Node, error)
	Plot(ctx context.Context, req tree.PlotRequest) (*tree.Plot, error)
	Explain(ctx context.Context, req tree.ExplainRequest) (*tree.Explained, error)
}

// place is where numbers come from, once it has answered.
type place struct {
	viewer
	// name is how to show it, without a password.
	name string
	// source is what the viewer reads; nil if it reads somebody else's answers.
	source tree.Source
	limits tree.Limits
	// instant says that there is one moment only. Reading on means opening it anew.
	instant bool
	// short says that the history may be of minutes.
	short bool
	close func()
}

// wholeTree lets a printed tree have everything the exposition has.
var wholeTree = tree.Limits{Nodes: 1 << 30, Readings: 1 << 30}

// open opens what the flags name.
func (f SourceFlags) open(ctx context.Context, streams Streams) (*place, error) {
	if f.remote() {
		return f.openServer()
	}
	input := f.input(f.From, streams.In)
	snapshot, err := input.read(ctx)
	if err == nil {
		p := newPlace(snapshot, input.name(), wholeTree)
		p.instant = true
		return p, nil
	}
	if !input.isURL() {
		return nil, err
	}
	return f.openPage(ctx, input, err)
}

func (f SourceFlags) input(target string, stdin io.Reader) treeInput {
	return treeInput{target: target, stdin: stdin, timeout: time.Duration(f.Timeout), limit: int64(f.BodySizeLimit)}
}

// newPlace is a place that is read here.
func newPlace(source tree.Source, name string, limits tree.Limits) *place {
	source = joined.New(source)
	return &place{viewer: tree.New(source, limits), name: name, source: source, limits: limits, close: func() {}}
}

// openServer opens a server with the query API. Nothing is asked yet.
func (f SourceFlags) openServer() (*place, error) {
	options, err := f.options()
	if err != nil {
		return nil, err
	}
	options.Timeout = time.Duration(f.Timeout)
	if options.MaxBytes = int64(f.BodySizeLimit); options.MaxBytes == 0 {
		options.MaxBytes = math.MaxInt64
	}
	remote, err := queryapi.New(options)
	if err != nil {
		return nil, err
	}
	// Each value is a query or several: no more than the tree's own limit are read.
	p := newPlace(remote, remote.Name(), tree.Limits{Nodes: wholeTree.Nodes})
	p.close = remote.Close
	return p, nil
}

// notices are what the place could not give.
func (p *place) notices() []string {
	if n, ok := p.source.(tree.Noticer); ok {
		return n.Notices()
	}
	return nil
}

// remedied says of which place an error is, and what to do if the place itself is to
// blame.
func (p *place) remedied(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, tree.ErrNoHistory) && p.instant:
		return fmt.Errorf("%s: one exposition has no history: give the tree page of the program, or a server that scrapes it with --query-url", p.name)
	case strings.Contains(err.Error(), p.name):
		return err
	default:
		return fmt.Errorf("%s: %w", p.name, err)
	}
}
