package inspect

import (
	"maps"
	"math"
	"slices"
	"strconv"
)

// bounds are the different bounds of a histogram's buckets, or quantiles of a
// summary, in order; however a number is written, it is the same one.
func (f Family) bounds() (bounds []string) {
	seen := map[float64]bool{}
	for _, p := range f.Parts {
		for _, s := range p.Series {
			for _, l := range s.Labels {
				if l.Name != f.special() {
					continue
				}
				// What is no number is no bound.
				if v, err := strconv.ParseFloat(l.Value, 64); err == nil && !math.IsNaN(v) {
					seen[v] = true
				}
			}
		}
	}
	for _, v := range slices.Sorted(maps.Keys(seen)) {
		bounds = append(bounds, strconv.FormatFloat(v, 'g', -1, 64))
	}
	return bounds
}
