package explain

import "math"

// Where there was next to nothing before, nothing says by what factor the rest
// grew, and a branch is held against something else: in a ratio against its part
// of the volume, in a sum against whether anything appeared elsewhere at all.

const (
	// fewEvents before are next to nothing if there are muchMore times as many
	// after, and of one event at least as many.
	fewEvents = 10
	muchMore  = 20
	// wholly is the part of what appeared in a sum that its branch must hold.
	// Leaves of a sum are of all sizes, so that less tells nothing.
	wholly = 0.95
)

// appeared reports that what is there after was not there before.
func appeared(before, after, event float64) bool {
	return after > 0 && before <= fewEvents*event && max(before, event)*muchMore <= after
}

// againstVolume prepares a search for cells whose rate after is unlike the rate
// elsewhere, of a ratio that was next to nothing before: what is expected of a
// leaf is its part of the volume.
func (r *ratios) againstVolume(axes []axis, event float64) *search {
	after, den := r.t.measures[2], r.t.measures[3]
	expected, observed := make([]float64, len(after)), make([]float64, len(after))
	for i := range after {
		expected[i], observed[i] = den[i]/r.denAfter*r.after, after[i]/r.denAfter
	}
	s := newSearch(r.t, axes, expected, observed, event/r.denAfter/2)
	s.least = r.least
	s.effect = func(leaves []int32, _ *search, factor float64) (sum float64) {
		for _, i := range leaves {
			sum += observed[i] - factor*expected[i]
		}
		return sum
	}
	return s
}

// onlyPlace finds the narrowest cell that holds what appeared in a sum, among
// cells of its axis that hold next to nothing: nil if it is everywhere.
func (s *search) onlyPlace() *finding {
	total := sumOf(s.after)
	var narrowest *finding
	for x := range s.axes {
		a := &s.axes[x]
		if a.cells < 2 {
			continue
		}
		held, leaves := make([]float64, a.cells), make([][]int32, a.cells)
		for i, c := range a.cell {
			held[c] += s.after[i]
			leaves[c] = append(leaves[c], int32(i))
		}
		for c, h := range held {
			if h < wholly*total || narrowest != nil && len(leaves[c]) >= len(narrowest.leaves) {
				continue
			}
			narrowest = &finding{axis: x, cell: int32(c), leaves: leaves[c], score: s.bar[arity(*a)], factor: 1}
			narrowest.effect = math.Abs(h)
		}
	}
	return narrowest
}
