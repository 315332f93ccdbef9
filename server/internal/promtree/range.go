package promtree

import (
	"context"
	"sort"
	"time"

	"github.com/metertree/metertree/tree"
)

// Range implements tree.Source. Rates are taken over the rate window, or over
// the step when that is longer, so that no sample falls between two points.
func (s *Source) Range(ctx context.Context, q tree.Query, w tree.Window) (tree.RangeResult, error) {
	times := w.Instants()
	r := tree.RangeResult{Times: times, Meaning: s.rangeMeaning(q)}
	node := q
	node.By = ""
	lines, err := s.lines(ctx, node, w, len(times))
	if err != nil {
		return tree.RangeResult{}, err
	}
	r.Total = absent(len(times))
	if len(lines) > 0 {
		r.Total = lines[0].Points
	}
	if q.By == "" {
		return r, nil
	}
	if r.Lines, err = s.lines(ctx, q, w, len(times)); err != nil {
		return tree.RangeResult{}, err
	}
	r.Lines, r.Others = largest(r.Lines, q.BranchLimit())
	return r, nil
}

func (s *Source) rangeMeaning(q tree.Query) tree.Meaning {
	if increases(q.Family) {
		return tree.MeaningRate
	}
	return tree.GaugeMeaning(q.Family.Fold, q.Family.Series)
}

func (s *Source) rangeExpr(q tree.Query, step time.Duration) expr {
	window := max(s.options.RateWindow, step)
	switch {
	case q.Quantile > 0:
		return quantileExpr(q, q.Quantile, window)
	case increases(q.Family):
		return rateExpr(q, window)
	default:
		return gaugeExpr(q)
	}
}

func (s *Source) lines(ctx context.Context, q tree.Query, w tree.Window, points int) ([]tree.Line, error) {
	m, err := s.over(ctx, s.rangeExpr(q, w.Step), w)
	if err != nil {
		return nil, err
	}
	lines := make([]tree.Line, 0, len(m))
	for _, series := range m {
		lines = append(lines, tree.Line{Value: valueOf(series.Labels, q.By), Points: align(series, w, points)})
	}
	return lines, nil
}

// align puts a series' points at their places in the window.
func align(series Series, w tree.Window, points int) []tree.Number {
	out := absent(points)
	for _, p := range series.Points {
		i := int((p.Millis - w.Start.UnixMilli()) / w.Step.Milliseconds())
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

// largest keeps the lines with the largest sums over the window.
func largest(lines []tree.Line, limit int) ([]tree.Line, int) {
	weight := make(map[string]float64, len(lines))
	for _, l := range lines {
		for _, p := range l.Points {
			if !p.IsNaN() {
				weight[l.Value] += float64(p)
			}
		}
	}
	sort.Slice(lines, func(i, j int) bool {
		a, b := weight[lines[i].Value], weight[lines[j].Value]
		if a != b {
			return a > b
		}
		return lines[i].Value < lines[j].Value
	})
	if len(lines) <= limit {
		return lines, 0
	}
	return lines[:limit], len(lines) - limit
}
