package report

import (
	"maps"
	"slices"

	"github.com/metertree/metertree/benchmarks/measure"
	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// Portable names the column of our library built without its per-processor
// cells.
const Portable = "metertree, portable"

// Results hold the figures of a run by library and row.
type Results map[string]measure.Samples

// Add adds the samples of a library.
func (r Results) Add(library string, samples measure.Samples) {
	if r[library] == nil {
		r[library] = measure.Samples{}
	}
	for row, figures := range samples {
		r[library][row] = append(r[library][row], figures...)
	}
}

// Median returns the median of a library's figures, and whether it has any.
func (r Results) Median(library string, row work.Row) (v float64, ok bool) {
	figures := r[library][row]
	if len(figures) == 0 {
		return 0, false
	}
	return median(figures), true
}

// Least returns the least of a library's figures, and whether it has any.
func (r Results) Least(library string, row work.Row) (v float64, ok bool) {
	figures := r[library][row]
	if len(figures) == 0 {
		return 0, false
	}
	return slices.Min(figures), true
}

// Best returns the rival with the least median among those that do the whole
// work of the row, and whether there is one.
func (r Results) Best(row work.Row) (library string, ok bool) {
	var least float64
	for _, name := range slices.Sorted(maps.Keys(r)) {
		v, has := r.Median(name, row)
		if has && isRival(name, row) && (!ok || v < least) {
			library, least, ok = name, v, true
		}
	}
	return library, ok
}

func isRival(name string, row work.Row) bool {
	switch name {
	case rivals.NameMetertree, Portable, rivals.NameAtomic:
		return false
	}
	rival, err := rivals.Find(name)
	return err == nil && rival.Unlike[row] == ""
}

// Ratio divides a library's median by that of a reference.
func (r Results) Ratio(library string, row work.Row, to Reference) (v float64, ok bool) {
	v, ok = r.Median(library, row)
	if !ok || to == (Reference{}) {
		return v, ok
	}
	if to.Row == "" {
		to.Row = row.RivalRow()
	}
	if to.Library == Best {
		if to.Library, ok = r.Best(to.Row); !ok {
			return 0, false
		}
	}
	divisor, ok := r.Median(to.Library, to.Row)
	if !ok || divisor == 0 {
		return 0, false
	}
	return v / divisor, true
}

// Excess returns by how much a library's median exceeds that of a reference,
// which names a library and a row.
func (r Results) Excess(library string, row work.Row, beyond Reference) (v float64, ok bool) {
	v, ok = r.Median(library, row)
	least, known := r.Median(beyond.Library, beyond.Row)
	return v - least, ok && known
}

// median returns the middle figure, or the mean of the two in the middle.
func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
