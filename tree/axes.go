package tree

import "sort"

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
