package promtree

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/metertree/metertree/tree"
)

// Fold implements tree.Source. Counters and observations are rates; those with
// too little history for one are totals, and say so.
func (s *Source) Fold(ctx context.Context, queries []tree.Query) ([]tree.Result, error) {
	results := make([]tree.Result, len(queries))
	at := s.options.Now()
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(s.options.Concurrency, len(queries)) {
		workers.Go(func() {
			for i := range next {
				results[i] = s.fold(ctx, queries[i], at)
			}
		})
	}
	for i := range queries {
		next <- i
	}
	close(next)
	workers.Wait()
	return results, ctx.Err()
}

// fold answers one query: the node first, then its branches, at the same moment.
func (s *Source) fold(ctx context.Context, q tree.Query, at time.Time) tree.Result {
	node := q
	node.By = ""
	groups, meaning, err := s.groups(ctx, node, tree.MeaningNone, at)
	if err != nil {
		return tree.Result{Err: err}
	}
	r := tree.Result{Total: tree.Group{Reading: tree.Reading{Meaning: tree.MeaningNone, Value: tree.NoData}}}
	if len(groups) > 0 {
		r.Total = groups[0]
	}
	if q.By == "" {
		return r
	}
	// The branches are read the way the node was, or they would not add up to it.
	r.Groups, _, err = s.groups(ctx, q, meaning, at)
	if err != nil {
		return tree.Result{Err: err}
	}
	r.Arrange(q.Family.Fold, q.BranchLimit())
	return r
}

// groups evaluates a query for each value of the label it is expanded by. as is
// the meaning the values must have, or MeaningNone to choose it.
func (s *Source) groups(ctx context.Context, q tree.Query, as tree.Meaning, at time.Time) ([]tree.Group, tree.Meaning, error) {
	streams, err := s.instant(ctx, streamsExpr(q), at)
	if err != nil {
		return nil, "", err
	}
	groups := groupSet{by: q.By, groups: make(map[string]*tree.Group, len(streams))}
	groups.set(streams, func(g *tree.Group, v float64) { g.Streams, g.Series = int(v), int(v) })
	if len(q.Family.Parts) > 1 || shapeOf(q.Family) == shapeParts {
		series, err := s.instant(ctx, seriesExpr(q), at)
		if err != nil {
			return nil, "", err
		}
		groups.set(series, func(g *tree.Group, v float64) { g.Series = int(v) })
	}
	values, meaning, err := s.values(ctx, q, as, at)
	if err != nil {
		return nil, "", err
	}
	groups.set(values, func(g *tree.Group, v float64) { setValue(g, q.Family, v, meaning) })
	if q.Family.Kind == tree.KindHistogram {
		err = s.quantiles(ctx, q, meaning, at, groups)
	}
	return groups.list(), meaning, err
}

// groupSet collects what several expressions say about the same groups. A group
// may appear in any of them: a series that just ended has no current sample but
// still a rate, which its parent's rate includes.
type groupSet struct {
	by     string
	groups map[string]*tree.Group
}

func (s groupSet) set(v []Sample, apply func(*tree.Group, float64)) {
	for _, sample := range v {
		value := valueOf(sample.Labels, s.by)
		g := s.groups[value]
		if g == nil {
			g = &tree.Group{Value: value, Reading: tree.Reading{Meaning: tree.MeaningNone, Value: tree.NoData}}
			s.groups[value] = g
		}
		apply(g, sample.Value)
	}
}

func (s groupSet) list() []tree.Group {
	out := make([]tree.Group, 0, len(s.groups))
	for _, g := range s.groups {
		out = append(out, *g)
	}
	return out
}

// values reads the number of each group and says what it means. A rate is read
// first; with no history for one, the total.
func (s *Source) values(ctx context.Context, q tree.Query, as tree.Meaning, at time.Time) ([]Sample, tree.Meaning, error) {
	if !increases(q.Family) {
		v, err := s.instant(ctx, gaugeExpr(q), at)
		return v, tree.MeaningSingle, err
	}
	if as != tree.MeaningTotal {
		v, err := s.instant(ctx, rateExpr(q, s.options.RateWindow), at)
		if err != nil || len(v) > 0 || as == tree.MeaningRate {
			return v, tree.MeaningRate, err
		}
	}
	v, err := s.instant(ctx, totalExpr(q), at)
	return v, tree.MeaningTotal, err
}

func setValue(g *tree.Group, f tree.Family, v float64, meaning tree.Meaning) {
	if math.IsNaN(v) {
		return
	}
	if !increases(f) {
		meaning = tree.GaugeMeaning(f.Fold, g.Streams)
		if meaning == tree.MeaningNone {
			return
		}
	}
	g.Reading.Value, g.Reading.Meaning = tree.Number(v), meaning
}

func (s *Source) quantiles(ctx context.Context, q tree.Query, meaning tree.Meaning, at time.Time, groups groupSet) error {
	window := time.Duration(0)
	if meaning == tree.MeaningRate {
		window = s.options.RateWindow
	}
	for _, quantile := range tree.ReadingQuantiles() {
		v, err := s.instant(ctx, quantileExpr(q, quantile, window), at)
		if err != nil {
			return err
		}
		groups.set(v, func(g *tree.Group, v float64) {
			g.Reading.Quantiles = append(g.Reading.Quantiles, tree.Quantile{Q: quantile, Value: tree.Number(v)})
		})
	}
	return nil
}
