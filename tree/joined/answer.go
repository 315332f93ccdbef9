package joined

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/metertree/metertree/tree"
)

// Fold implements tree.Source.
func (s *Source) Fold(ctx context.Context, queries []tree.Query) ([]tree.Result, error) {
	_, sets, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	plans := make([]plan, len(queries))
	var asked []tree.Query
	for i, q := range queries {
		plans[i] = newPlan(q, sets)
		asked = append(asked, plans[i].asked...)
	}
	answers, err := s.base.Fold(ctx, asked)
	if err != nil {
		return nil, err
	}
	results := make([]tree.Result, len(queries))
	for i, p := range plans {
		n := len(p.asked)
		results[i], answers = p.result(answers[:n]), answers[n:]
	}
	return results, nil
}

// Axes implements tree.Source.
func (s *Source) Axes(ctx context.Context, sel tree.Selector) ([]tree.Axis, error) {
	_, sets, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	joined := sets[sel.Metric]
	if joined == nil {
		return s.base.Axes(ctx, sel)
	}
	axes, err := s.labels(ctx, joined, sel)
	if err == nil && !sel.Has(joined.label) {
		branches := 0
		if branches, err = s.present(ctx, joined, sel); err == nil && branches > 0 {
			axes = append(axes, tree.Axis{Label: joined.label, Branches: branches})
		}
	}
	slices.SortFunc(axes, func(a, b tree.Axis) int { return strings.Compare(a.Label, b.Label) })
	return axes, err
}

// present counts the members that have series below the selector.
func (s *Source) present(ctx context.Context, joined *set, sel tree.Selector) (int, error) {
	results, err := s.Fold(ctx, []tree.Query{{Family: joined.family, Selector: sel, By: joined.label, Limit: -1}})
	if err != nil {
		return 0, err
	}
	return len(results[0].Groups), results[0].Err
}

// labels are those that the members have themselves, with the branches that they
// open together.
func (s *Source) labels(ctx context.Context, joined *set, sel tree.Selector) ([]tree.Axis, error) {
	q := tree.Query{Family: joined.family, Selector: sel}
	found := map[string]bool{}
	for _, m := range joined.narrow(q, nil) {
		axes, err := s.base.Axes(ctx, tree.Selector{Metric: m.family.Name, Matchers: joined.without(q).Selector.Matchers})
		if err != nil {
			return nil, err
		}
		for _, a := range axes {
			found[a.Label] = a.Label != joined.label // the members' own is not to be told from it
		}
	}
	maps.DeleteFunc(found, func(_ string, own bool) bool { return !own })
	names := slices.Sorted(maps.Keys(found))
	asked := make([]tree.Query, len(names))
	for i, label := range names {
		asked[i] = q
		asked[i].By, asked[i].Limit = label, -1
	}
	results, err := s.Fold(ctx, asked)
	if err != nil {
		return nil, err
	}
	axes := make([]tree.Axis, len(names))
	for i, r := range results {
		if r.Err != nil {
			return nil, r.Err
		}
		axes[i] = tree.Axis{Label: names[i], Branches: len(r.Groups)}
	}
	return axes, nil
}

// Range implements tree.Source.
func (s *Source) Range(ctx context.Context, q tree.Query, w tree.Window) (tree.RangeResult, error) {
	_, sets, err := s.read(ctx)
	if err != nil {
		return tree.RangeResult{}, err
	}
	p := newPlan(q, sets)
	if p.err != nil {
		return tree.RangeResult{}, p.err
	}
	if len(p.asked) == 0 {
		return tree.RangeResult{Times: w.Instants(), Meaning: tree.MeaningNone, Total: absent(len(w.Instants()))}, nil
	}
	whole, err := s.base.Range(ctx, p.asked[0], w)
	if err != nil || !p.splits() {
		return whole, err
	}
	for i, one := range p.asked[1:] {
		member, err := s.base.Range(ctx, one, w)
		if err != nil {
			return tree.RangeResult{}, err
		}
		whole.Lines = append(whole.Lines, tree.Line{Value: p.values[i], Points: member.Total})
	}
	whole.Lines, whole.Others = tree.LargestLines(whole.Lines, q.BranchLimit())
	return whole, nil
}

func absent(n int) []tree.Number {
	points := make([]tree.Number, n)
	for i := range points {
		points[i] = tree.NoData
	}
	return points
}

// Leaves implements tree.Source.
func (s *Source) Leaves(ctx context.Context, q tree.LeavesQuery) ([]tree.Leaf, error) {
	_, sets, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	joined := sets[q.Family.Name]
	if joined == nil {
		return s.base.Leaves(ctx, q)
	}
	parts := joined.parts(tree.Query{Selector: q.Selector}, q.Where)
	q.Selector = joined.without(tree.Query{Selector: q.Selector}).Selector
	return s.collect(ctx, joined, q, parts)
}

// collect adds up the leaves of the members.
func (s *Source) collect(ctx context.Context, joined *set, q tree.LeavesQuery, parts []part) ([]tree.Leaf, error) {
	at := slices.Index(q.By, joined.label)
	leaves := map[string]tree.Leaf{}
	for _, m := range parts {
		one := q
		one.Family, one.Where, one.Selector.Metric = m.Family, m.Where, m.Family.Name
		if at >= 0 {
			one.By = slices.Delete(slices.Clone(q.By), at, at+1)
		}
		found, err := s.base.Leaves(ctx, one)
		if err != nil {
			return nil, err
		}
		for _, l := range found {
			if at >= 0 {
				l.Values = slices.Insert(slices.Clone(l.Values), at, m.value)
			}
			key := strings.Join(l.Values, "\xff") // cannot occur in UTF-8
			sum := leaves[key]
			leaves[key] = tree.Leaf{Values: l.Values, Value: sum.Value + l.Value, Streams: sum.Streams + l.Streams}
		}
	}
	if len(leaves) > q.Limit {
		return nil, fmt.Errorf("%s has %d label sets, more than %d: %w", q.Family.Name, len(leaves), q.Limit, tree.ErrTooMany)
	}
	return slices.SortedFunc(maps.Values(leaves), func(a, b tree.Leaf) int { return slices.Compare(a.Values, b.Values) }), nil
}
