package integrate

import (
	"fmt"
	"slices"

	"github.com/metertree/metertree/metric"
)

// Grouping says which labels of a metric are exported where no view names them.
type Grouping uint8

const (
	// Ungrouped exports every label.
	Ungrouped Grouping = iota
	// DefaultKeys exports the labels that are recommended at the definition, of
	// which a missing one has an empty value, and every label where none are. A
	// gauge that would have to be merged and declares no fold keeps all of its
	// labels, which is logged once.
	DefaultKeys
)

// treatment is what an integrator does with one metric.
type treatment struct {
	hidden bool
	// out is the descriptor to export.
	out metric.Descriptor
	// parts are the labels to export, sorted by name.
	parts []part
	// reduces is set if points have to be made anew: their labels or the form of
	// their values differ from what is kept.
	reduces bool
	// note says why the grouping was not followed, or is empty.
	note string
}

// part is one label of what is exported.
type part struct {
	name string
	// from is the position of the label in the metric's own, or constant.
	from int
	// value is that of a constant label.
	value string
}

const constant = -1

// untreated is the treatment that changes nothing.
func untreated(d *metric.Descriptor, keys []string) treatment {
	t := treatment{out: *d}
	for at, key := range keys {
		t.parts = append(t.parts, part{name: key, from: at})
	}
	return t
}

// treat returns what views and grouping make of a metric with the given sorted
// labels.
func (v *Views) treat(d *metric.Descriptor, keys []string, grouping Grouping) (treatment, error) {
	s, err := v.settings(d)
	if err != nil {
		return treatment{}, err
	}
	return s.treat(d, keys, grouping)
}

// treat returns what the settings and the grouping make of a metric.
func (s *settings) treat(d *metric.Descriptor, keys []string, grouping Grouping) (treatment, error) {
	if s.aggregation == metric.Drop || d.Kept() == metric.Drop {
		return hidden(d, keys), nil
	}
	t, err := untreated(d, keys), error(nil)
	if t.out, err = s.derive(*d); err != nil {
		return treatment{}, err
	}
	if s.rename != "" {
		t.out.Name = s.rename
	}
	if t.parts, err = s.parts(d, keys, nil); err != nil {
		return treatment{}, err
	}
	mixes := drops(t.parts, keys)
	if mixes && t.out.Kind == metric.Gauge && t.out.Fold == metric.FoldNone {
		return treatment{}, fmt.Errorf("metric %s is a gauge that declares no fold, so its series cannot be merged on %v: declare one with meter.Fold, set Fold in the view, or keep its labels %v",
			d.Name, t.keys(), keys)
	}
	if grouping == DefaultKeys && d.DefaultKeys != nil && s.keep == nil {
		mixes = t.group(s, d, keys) || mixes
	}
	t.reduces = mixes || !isIdentity(t.parts, keys) || !sameValues(d, &t.out)
	if t.reduces {
		t.out.Keys, t.out.DefaultKeys = t.keys(), nil
		// What is left of a mark that leaves with its series may fall.
		t.out.Monotonic = t.out.Monotonic && !mixes
	}
	if err := t.out.Validate(); err != nil {
		return treatment{}, fmt.Errorf("metric %s cannot be exported as the views say: %w", d.Name, err)
	}
	return t, nil
}

// group reduces the labels to the recommended ones and reports whether that
// merges series.
func (t *treatment) group(s *settings, d *metric.Descriptor, keys []string) bool {
	parts, err := s.parts(d, keys, d.DefaultKeys)
	if err != nil {
		t.note = err.Error()
		return false
	}
	mixes := drops(parts, keys)
	if mixes && t.out.Kind == metric.Gauge && t.out.Fold == metric.FoldNone {
		t.note = fmt.Sprintf("gauge %s keeps its labels %v, not only the default keys %v: it declares no fold, so its series cannot be merged; declare one with meter.Fold",
			d.Name, keys, d.DefaultKeys)
		return false
	}
	t.parts = parts
	return mixes
}

// parts returns the labels to export. Those recommended, if not nil, are taken
// instead of all.
func (s *settings) parts(d *metric.Descriptor, keys, recommended []string) ([]part, error) {
	names := keys
	switch {
	case s.keep != nil:
		names = slices.DeleteFunc(slices.Clone(s.keep), func(name string) bool { return !slices.Contains(keys, name) })
	case recommended != nil:
		names = slices.Compact(slices.Sorted(slices.Values(recommended)))
	}
	var parts []part
	for _, name := range names {
		if !slices.Contains(s.drop, name) {
			parts = append(parts, part{name: name, from: slices.Index(keys, name)})
		}
	}
	for _, l := range s.add {
		at := slices.IndexFunc(parts, func(p part) bool { return p.name == l.Name })
		if at >= 0 && parts[at].from == constant {
			// The grouping asks for it and the metric lacks it.
			parts[at].value = l.Value
			continue
		}
		if at >= 0 {
			return nil, fmt.Errorf("metric %s has the label %q already, which a view adds: list it in Drop too, or add another name", d.Name, l.Name)
		}
		parts = append(parts, part{name: l.Name, from: constant, value: l.Value})
	}
	slices.SortFunc(parts, byName)
	return parts, nil
}

func byName(a, b part) int {
	switch {
	case a.name < b.name:
		return -1
	case a.name > b.name:
		return 1
	}
	return 0
}

// drops reports whether labels are left out, so that series can meet.
func drops(parts []part, keys []string) bool {
	kept := 0
	for _, p := range parts {
		if p.from != constant {
			kept++
		}
	}
	return kept < len(keys)
}

// isIdentity reports whether the parts are the labels as they are.
func isIdentity(parts []part, keys []string) bool {
	return len(parts) == len(keys) && !drops(parts, keys)
}

// keys returns the names of the exported labels.
func (t *treatment) keys() []string {
	keys := make([]string, 0, len(t.parts))
	for _, p := range t.parts {
		keys = append(keys, p.name)
	}
	return keys
}

// widen adds labels that other metrics of the same name have, with empty values.
func widen(parts []part, to []string) []part {
	wide := make([]part, 0, len(to))
	for _, name := range to {
		p := part{name: name, from: constant}
		if at := slices.IndexFunc(parts, func(p part) bool { return p.name == name }); at >= 0 {
			p = parts[at]
		}
		wide = append(wide, p)
	}
	return wide
}
