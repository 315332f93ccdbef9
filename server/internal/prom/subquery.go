package prom

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
)

// boundedEngine refuses queries whose subqueries have more steps than a query may
// hold samples. The engine takes memory for every step before it counts a sample,
// and would take more than there is, which ends the process.
type boundedEngine struct {
	promql.QueryEngine
	parser parser.Parser
	most   int               // steps of all subqueries of a query together
	step   func(int64) int64 // of a subquery that gives none, in milliseconds, from its range
}

// NewInstantQuery implements promql.QueryEngine.
func (e boundedEngine) NewInstantQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, qs string, ts time.Time) (promql.Query, error) {
	if err := e.check(qs, 0); err != nil {
		return nil, err
	}
	return e.QueryEngine.NewInstantQuery(ctx, q, opts, qs, ts)
}

// NewRangeQuery implements promql.QueryEngine.
func (e boundedEngine) NewRangeQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, qs string, start, end time.Time, interval time.Duration) (promql.Query, error) {
	if err := e.check(qs, max(float64(end.UnixMilli())-float64(start.UnixMilli()), 0)); err != nil {
		return nil, err
	}
	return e.QueryEngine.NewRangeQuery(ctx, q, opts, qs, start, end, interval)
}

// check reports why a query over so many milliseconds must not run. They are no
// integer, which would overflow. What cannot be parsed is left to the engine.
func (e boundedEngine) check(query string, span float64) error {
	if !strings.Contains(query, "[") {
		return nil
	}
	expression, err := e.parser.ParseExpr(query)
	if err != nil {
		return nil
	}
	var steps float64
	parser.Inspect(expression, func(node parser.Node, path []parser.Node) error {
		if subquery, ok := node.(*parser.SubqueryExpr); ok {
			steps += e.steps(subquery, path, span)
		}
		return nil
	})
	if steps > float64(e.most) {
		return fmt.Errorf("subqueries have %.0f steps, more than the %d samples that a query may hold: choose shorter ranges or longer steps, or raise --query.max-samples, and --memory-limit with it", steps, e.most)
	}
	return nil
}

// steps is how many a subquery has: over the span of the query, and the ranges of
// the subqueries that it is part of.
func (e boundedEngine) steps(s *parser.SubqueryExpr, path []parser.Node, span float64) float64 {
	span += float64(s.Range.Milliseconds())
	for _, above := range path {
		if outer, ok := above.(*parser.SubqueryExpr); ok {
			span += float64(outer.Range.Milliseconds())
		}
	}
	step := s.Step.Milliseconds()
	if step == 0 {
		step = e.step(s.Range.Milliseconds())
	}
	return span/float64(max(step, 1)) + 1
}
