package promtree

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/metertree/metertree/tree"
)

// Range implements tree.Source. Rates are taken over the rate window, or over
// the step when that is longer, so that no sample falls between two points.
func (s *Source) Range(ctx context.Context, q tree.Query, w tree.Window) (tree.RangeResult, error) {
	l := s.look(q)
	l.window = max(s.rateWindow(), w.Step)
	node, branches, err := s.series(ctx, q, l, w)
	if err == nil && len(node) == 0 && q.Family.Increases() && l.window < wideWindow && s.options.RateWindow == 0 {
		l.window = wideWindow
		node, branches, err = s.series(ctx, q, l, w)
	}
	if err == nil && !l.skipNaN && q.Quantile == 0 && (undefined(node) || undefined(branches)) {
		l.skipNaN = true
		node, branches, err = s.series(ctx, q, l, w)
	}
	if err != nil {
		return tree.RangeResult{}, err
	}
	times := w.Instants()
	r := tree.RangeResult{Times: times, Meaning: rangeMeaning(q, l), Total: absent(len(times))}
	if lines := linesOf(node, "", w, len(times)); len(lines) > 0 {
		r.Total = lines[0].Points
	}
	if q.By != "" {
		r.Lines, r.Others = tree.LargestLines(linesOf(branches, q.By, w, len(times)), q.BranchLimit())
	}
	return r, nil
}

// series reads the node and, at the same time, its branches.
func (s *Source) series(ctx context.Context, q tree.Query, l look, w tree.Window) (node, branches []Series, err error) {
	var nodeErr error
	alone := q
	alone.By = ""
	var both sync.WaitGroup
	both.Go(func() { node, nodeErr = s.over(ctx, rangeExpr(alone, l), w) })
	if q.By != "" {
		branches, err = s.over(ctx, rangeExpr(q, l), w)
	}
	both.Wait()
	if nodeErr != nil {
		err = nodeErr
	}
	return node, branches, err
}

func rangeMeaning(q tree.Query, l look) tree.Meaning {
	switch {
	case q.Family.Increases():
		return l.as
	case len(q.Also) > 0:
		return tree.GaugeMeaning(q.Family.Fold, 2)
	default:
		return tree.GaugeMeaning(q.Family.Fold, q.Family.Series)
	}
}

func rangeExpr(q tree.Query, l look) expr {
	if q.Quantile > 0 {
		return quantileExpr(q, q.Quantile, l)
	}
	return overTimeExpr(q, l)
}

// undefined reports whether a point is not a number.
func undefined(series []Series) bool {
	return slices.ContainsFunc(series, func(s Series) bool {
		return slices.ContainsFunc(s.Points, func(p Point) bool { return math.IsNaN(p.Value) })
	})
}

func linesOf(series []Series, by string, w tree.Window, points int) []tree.Line {
	lines := make([]tree.Line, len(series))
	for i, one := range series {
		lines[i] = tree.Line{Value: valueOf(one.Labels, by), Points: align(one, w, points)}
	}
	return lines
}

// align puts a series' points at their places in the window.
func align(series Series, w tree.Window, points int) []tree.Number {
	out := absent(points)
	for _, p := range series.Points {
		i := int((p.Millis - w.Start.UnixMilli()) / max(w.Step, time.Millisecond).Milliseconds())
		if i >= 0 && i < points {
			out[i] = tree.Number(p.Value)
		}
	}
	return out
}

func absent(n int) []tree.Number {
	out := make([]tree.Number, n)
	for i := range out {
		out[i] = tree.NoData
	}
	return out
}
