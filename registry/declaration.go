package registry

import (
	"iter"
	"slices"

	"github.com/metertree/metertree/metric"
)

// Declarations yields the descriptor of every metric, those without a series
// included, ordered by name; of a renamed metric one for each name that it is
// exposed under now. Keys are all labels, sorted, wherever their values come from,
// and Const is empty.
func (r *Registry) Declarations() iter.Seq[metric.Descriptor] {
	return func(yield func(metric.Descriptor) bool) {
		for _, f := range r.exposed(r.currentFamilies()) {
			if !yield(f.family.declared(f.shown.Descriptor.Name)) {
				return
			}
		}
	}
}

// declared returns what is declared of the family under one of its names.
func (f *family) declared(name string) metric.Descriptor {
	d := f.Descriptor
	d.Name, d.Keys = name, f.keys
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
