package web

import (
	"context"
	"time"

	"github.com/metertree/metertree/tree"
)

// question is a request that was understood.
type question func(ctx context.Context, t *tree.Tree) (any, error)

func askScope(p *parameters) question {
	req := tree.ScopeRequest{Path: p.text("scope"), Filter: p.text("filter"), Depth: p.number("depth", 1, maxDepth), Values: p.reads()}
	return func(ctx context.Context, t *tree.Tree) (any, error) { return t.Scope(ctx, req) }
}

func askValues(p *parameters) question {
	names := p.names()
	return func(ctx context.Context, t *tree.Tree) (any, error) {
		nodes, err := t.Values(ctx, names)
		return struct {
			Nodes []*tree.Node `json:"nodes"`
		}{nodes}, err
	}
}

func askSignals(p *parameters) question {
	scope := p.text("scope")
	return func(ctx context.Context, t *tree.Tree) (any, error) { return t.Signals(ctx, scope) }
}

func askMetric(p *parameters) question {
	req := tree.MetricRequest{Selector: p.selector(), Baseline: p.duration("baseline", 0), Rank: p.rank()}
	return func(ctx context.Context, t *tree.Tree) (any, error) { return t.Metric(ctx, req) }
}

func askSplit(p *parameters) question {
	req := tree.SplitRequest{
		Selector: p.selector(), By: p.by(), Limit: p.number("limit", 0, tree.MaxBranches),
		Baseline: p.duration("baseline", 0), Mode: p.mode(),
	}
	return func(ctx context.Context, t *tree.Tree) (any, error) { return t.Split(ctx, req) }
}

func askPlot(p *parameters) question {
	req := tree.PlotRequest{
		Selector: p.selector(), By: p.text("by"), Window: p.duration("window", 15*time.Minute), Quantile: p.quantile(), Mode: p.mode(),
		Lines: p.number("lines", 0, tree.MaxLines), Points: p.number("points", 0, tree.MaxPoints),
	}
	return func(ctx context.Context, t *tree.Tree) (any, error) { return t.Plot(ctx, req) }
}

func askExplain(p *parameters) question {
	req := tree.ExplainRequest{
		Selector: p.selector(), By: p.labels(), Window: p.duration("window", 0), Baseline: p.duration("baseline", 0),
		MaxBranches: p.number("branches", 0, 10),
	}
	return func(ctx context.Context, t *tree.Tree) (any, error) { return t.Explain(ctx, req) }
}
