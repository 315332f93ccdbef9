package registry

import (
	"iter"
	"slices"
	"strings"

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

// definitions tells whether what Declarations and Ratios yield is still the same:
// it is if two are equal.
type definitions struct {
	changes uint64
	// names are those that renamed metrics are exposed under, which time changes.
	names string
}

func (r *Registry) definitions() definitions {
	r.mu.Lock()
	defer r.mu.Unlock()
	is := definitions{changes: r.changes}
	if r.currentFamiliesLocked(); len(r.renamed) > 0 {
		now := r.options.Now()
		for _, f := range r.renamed {
			is.names += strings.Join(f.renames.Names(f.Name, now), ",") + ";"
		}
	}
	return is
}

// changedLocked notes that a family was added or removed.
func (r *Registry) changedLocked() {
	r.changes++
	r.ordered = nil
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
