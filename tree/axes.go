package tree

import (
	"context"
	"slices"
	"sort"
)

// axes are the labels a subject can be expanded along: of a ratio those that both
// sides have and neither is selected by.
func (t *Tree) axes(ctx context.Context, s subject, matchers []Matcher) ([]Axis, error) {
	if s.ratio == nil {
		return t.source.Axes(ctx, Selector{Metric: s.family.Name, Matchers: matchers})
	}
	if !s.bottom.exists() {
		return nil, nil
	}
	below, err := t.source.Axes(ctx, Selector{Metric: s.bottom.Family.Name, Matchers: matchers})
	if err != nil {
		return nil, err
	}
	shared := func(label string) bool { return true }
	if s.top.exists() && s.top.Family.Name != s.bottom.Family.Name {
		above, err := t.source.Axes(ctx, Selector{Metric: s.top.Family.Name, Matchers: matchers})
		if err != nil {
			return nil, err
		}
		shared = func(label string) bool {
			// A numerator without series here counts 0 for every label it declares.
			return slices.ContainsFunc(above, func(a Axis) bool { return a.Label == label }) || slices.Contains(s.ratio.Axes, label)
		}
	}
	return slices.DeleteFunc(below, func(a Axis) bool { return s.divides(a.Label) || !shared(a.Label) }), nil
}

// hasAxis reports whether a node has the label.
func (t *Tree) hasAxis(ctx context.Context, s subject, matchers []Matcher, label string) (bool, error) {
	axes, err := t.axes(ctx, s, matchers)
	return slices.ContainsFunc(axes, func(a Axis) bool { return a.Label == label }), err
}

// countAxes counts the branches each label would open, over n label sets.
func countAxes(sel Selector, n int, each func(visit func([]Label))) []Axis {
	values := make(map[string]map[string]struct{})
	present := make(map[string]int)
	each(func(labels []Label) {
		for _, l := range labels {
			if sel.Has(l.Name) {
				continue
			}
			if values[l.Name] == nil {
				values[l.Name] = make(map[string]struct{})
			}
			values[l.Name][l.Value] = struct{}{}
			present[l.Name]++
		}
	})
	axes := make([]Axis, 0, len(values))
	for label, set := range values {
		a := Axis{Label: label, Branches: len(set)}
		if present[label] < n {
			a.Branches++ // the series without the label
		}
		axes = append(axes, a)
	}
	sort.Slice(axes, func(i, j int) bool { return axes[i].Label < axes[j].Label })
	return axes
}

// CountAxes counts the branches that each label not fixed by the selector would
// open over the given label sets, for implementations of Source.
func CountAxes(sel Selector, sets [][]Label) []Axis {
	return countAxes(sel, len(sets), func(visit func([]Label)) {
		for _, s := range sets {
			visit(s)
		}
	})
}
