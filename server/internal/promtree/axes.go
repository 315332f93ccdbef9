package promtree

import (
	"context"
	"fmt"
	"slices"

	"github.com/metertree/metertree/tree"
)

const (
	// maxLabelSets is how many label sets are read to tell what their labels are;
	// of more, each label's values are counted where the series are.
	maxLabelSets = 20_000
	// maxAxes is how many labels are counted that way.
	maxAxes = 50
)

// Axes implements tree.Source.
func (s *Source) Axes(ctx context.Context, sel tree.Selector) ([]tree.Axis, error) {
	f, err := s.family(ctx, sel.Metric)
	if err != nil {
		return nil, err
	}
	q := tree.Query{Family: f, Selector: sel}
	series := valueSeries(q, q.Parts()[0])
	e := s.evaluator(s.now(), s.options.Concurrency)
	if f.Series > maxLabelSets {
		answers, err := e.all(ctx, count.by(series))
		if err != nil {
			return nil, err
		}
		if len(answers[0]) > 0 && answers[0][0].Value > maxLabelSets {
			return e.countAxes(ctx, f, sel, series)
		}
	}
	answers, err := e.all(ctx, count.without(series, ownLabels(f)...))
	if err != nil {
		return nil, err
	}
	sets := make([][]tree.Label, len(answers[0]))
	for i, sample := range answers[0] {
		sets[i] = sample.Labels
	}
	return tree.CountAxes(sel, sets), nil
}

// countAxes counts the branches of each label by itself.
func (e evaluator) countAxes(ctx context.Context, f tree.Family, sel tree.Selector, series expr) ([]tree.Axis, error) {
	names, err := e.source.labelNames(ctx, series, e.now)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		return name == nameLabel || sel.Has(name) || slices.Contains(ownLabels(f), name)
	})
	slices.Sort(names)
	if len(names) > maxAxes {
		e.source.notices.add(fmt.Sprintf("of %d labels of %s only the first %d are shown: choose a narrower node", len(names), sel, maxAxes), e.now)
		names = names[:maxAxes]
	}
	exprs := make([]expr, len(names))
	for i, name := range names {
		exprs[i] = count.by(count.by(series, name))
	}
	answers, err := e.all(ctx, exprs...)
	if err != nil {
		return nil, err
	}
	axes := make([]tree.Axis, 0, len(names))
	for i, name := range names {
		if len(answers[i]) == 0 { // only series that ended have it
			continue
		}
		axes = append(axes, tree.Axis{Label: name, Branches: int(answers[i][0].Value)})
	}
	return axes, nil
}
