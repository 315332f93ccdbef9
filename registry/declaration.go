package registry

import (
	"iter"
	"slices"

	"github.com/metertree/metertree/metric"
)

// Declarations yields the descriptor of every metric, those without a series
// included, ordered by name; of a renamed metric one for each name that it is
// exposed under now. Keys are all labels, wherever their values come from: those
// given per update in the order they were declared, and then the others, sorted.
// Const is empty.
func (r *Registry) Declarations() iter.Seq[metric.Descriptor] {
	return func(yield func(metric.Descriptor) bool) {
		for f := range r.together(slices.Values(r.exposed(r.currentFamilies()))) {
			d := f.Descriptor
			d.Keys = declaredFirst(f.Descriptor.Keys, f.Keys)
			if !yield(d) {
				return
			}
		}
	}
}

// declaredFirst returns the keys, those that were declared first and in that order.
func declaredFirst(declared, keys []string) []string {
	ordered := slices.Clone(declared)
	for _, key := range keys {
		if !slices.Contains(declared, key) {
			ordered = append(ordered, key)
		}
	}
	return ordered
}

// declared returns what is declared of the family.
func (f *family) declared() metric.Descriptor {
	d := f.Descriptor
	d.Keys = f.keys
	return d
}

// exposedName returns the name under which the family is exposed now: the present
// one, unless it is not yet.
func (f *family) exposedName() string {
	names := f.renames.Names(f.Name, f.registry.options.Now())
	if len(names) == 0 || slices.Contains(names, f.Name) {
		return f.Name
	}
	return names[len(names)-1]
}
