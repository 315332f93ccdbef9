package meter

import (
	"iter"

	"github.com/metertree/metertree/metric"
)

// Declarations yields what is declared of every metric of the scope's registry,
// whichever scope it is in, ordered by name: see registry.Registry.Declarations.
// On a scope that is not enabled there is nothing.
func (s Scope) Declarations() iter.Seq[metric.Descriptor] {
	if !s.Enabled() {
		return func(func(metric.Descriptor) bool) {}
	}
	return s.registry.Declarations()
}

// Ratios yields every ratio of the scope's registry, whichever scope it is in,
// ordered by name. On a scope that is not enabled there is none.
func (s Scope) Ratios() iter.Seq[metric.Ratio] {
	if !s.Enabled() {
		return func(func(metric.Ratio) bool) {}
	}
	return s.registry.Ratios()
}
