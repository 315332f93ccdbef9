package explain

import (
	"context"
	"math"
)

// finding is a cell that moved unlike the rest.
type finding struct {
	axis   int
	cell   int32
	leaves []int32 // those that were active
	score  float64 // squared deviation in units of noise
	factor float64 // after/before of the rest, leaves weighted by their noise
	effect float64 // on the parent, in its unit
	kind   kind
}

// kind is what a finding is about.
type kind int

const (
	ofValues kind = iota // the values of a sum, or the rates of a ratio
	ofVolume             // the volume of a ratio
)

// search looks for cells in which after/before differs from the leaves outside.
type search struct {
	axes          []axis
	before, after []float64
	// effect says what the leaves did to the parent beyond the factor of the
	// other active leaves; findings below least are set aside without a word.
	effect func(leaves []int32, s *search, factor float64) float64
	least  float64

	poisson float64 // the least variance of a change by the size of a leaf

	active []bool
	bar    [2]float64 // what a score must reach, by arity
	cost   [2]float64 // of naming a cell: by one label, by a pair
	scaled [3][]float64
	sums   [3][]float64 // of each cell of one axis: before, after, mean
	sample []float64
}

const (
	// chance is what a score must exceed beyond the best that as many
	// candidates of pure noise would reach, 2·ln(candidates).
	chance = 10
	// simpler is the part of its score that a pair keeps beside a single label.
	simpler = 0.95
	// calm is the part of its score a candidate may lose because its rest moved
	// and it did not: of two values of a label, blame the one that moved.
	calm = 0.1
	// quiet bounds the findings too small to matter that are passed over.
	quiet = 4
	// negligible is what a leaf must exceed, the largest being about 1.
	negligible = 1e-100
)

// newSearch takes values that count events of the given size, 0 if that is unknown.
func newSearch(t *table, axes []axis, before, after []float64, event float64) *search {
	exponent := powerOf(before, after)
	s := &search{axes: axes, before: powerScaled(before, exponent), after: powerScaled(after, exponent)}
	// Both values of a leaf vary by chance.
	s.poisson = 2 * math.Ldexp(max(event, 0), -exponent)
	s.active = make([]bool, t.leaves())
	for i := range s.active {
		s.active[i] = s.before[i]+s.after[i] > negligible
	}
	count, largest := [2]int{}, 0
	for _, a := range axes {
		largest = max(largest, a.cells)
		count[arity(a)] += a.cells
	}
	for i := range s.cost {
		s.cost[i] = 2 * math.Log(float64(max(count[i], 1)))
		s.bar[i] = chance + s.cost[i]
	}
	for i := range s.sums {
		s.sums[i], s.scaled[i] = make([]float64, largest), make([]float64, t.leaves())
	}
	return s
}

// powerOf is the power of two of the largest of the values.
func powerOf(values, others []float64) int {
	largest := 0.0
	for i := range values {
		largest = max(largest, values[i], others[i])
	}
	_, exponent := math.Frexp(largest)
	return exponent
}

// powerScaled brings values to about 1 by a power of two, which rounds nothing:
// the search neither overflows nor depends on the unit.
func powerScaled(values []float64, exponent int) []float64 {
	scaled := make([]float64, len(values))
	for i, v := range values {
		scaled[i] = math.Ldexp(v, -exponent)
	}
	return scaled
}

func arity(a axis) int {
	if a.pair() {
		return 1
	}
	return 0
}

// run takes the cell that stands out most, sets its leaves aside and goes on.
func (s *search) run(ctx context.Context, most int) ([]finding, error) {
	var found []finding
	for range most + quiet {
		residuals, means := s.residuals(typicalFactor(s.before, s.after, s.active), nil)
		best, err := s.best(ctx, s.noise(residuals, means))
		if err != nil || best == nil {
			return found, err
		}
		// The cause itself was part of the noise until now.
		residuals, means = s.residuals(s.factorWithout(best.leaves), best.leaves)
		best, err = s.best(ctx, s.noise(residuals, means))
		if err != nil || best == nil || best.score < s.bar[arity(s.axes[best.axis])] {
			return found, err
		}
		best.effect = s.effect(best.leaves, s, s.factorWithout(best.leaves))
		if best.effect != 0 && math.Abs(best.effect) >= s.least && s.unlikeSiblings(best) {
			found = append(found, *best)
		}
		s.setAside(best.leaves)
		if len(found) == most {
			break
		}
	}
	return found, nil
}

// noise is what the residuals show, and at least that of counting events.
func (s *search) noise(residuals, means []float64) noise {
	n := estimateNoise(residuals, means)
	n.poisson = max(n.poisson, s.poisson)
	return n
}

func (s *search) setAside(leaves []int32) {
	for _, i := range leaves {
		s.active[i] = false
	}
}

// residuals are what the factor leaves of each active leaf's change; the leaves
// of a candidate are measured by their own factor.
func (s *search) residuals(factor float64, candidate []int32) (residuals, means []float64) {
	residuals, means = make([]float64, len(s.before)), make([]float64, len(s.before))
	var b, a float64
	for i, active := range s.active {
		if active {
			residuals[i] = s.after[i] - factor*s.before[i]
			means[i] = (s.before[i] + s.after[i]) / 2
		}
	}
	for _, i := range candidate {
		b, a = b+s.before[i], a+s.after[i]
	}
	for _, i := range candidate {
		if b == 0 || a == 0 {
			residuals[i], means[i] = 0, 0 // all of it appeared or vanished: tells nothing of noise
			continue
		}
		residuals[i] = s.after[i] - s.before[i]*(a/b)
	}
	return residuals, means
}

// factorWithout is after/before of the active leaves but the given ones, or 1
// if they have no value before.
func (s *search) factorWithout(leaves []int32) float64 {
	var b, a, inB, inA float64
	for i, active := range s.active {
		if active {
			b, a = b+s.before[i], a+s.after[i]
		}
	}
	for _, i := range leaves {
		inB, inA = inB+s.before[i], inA+s.after[i]
	}
	if rest := b - inB; rest > 1e-12*b {
		return max(a-inA, 0) / rest
	}
	return 1
}

// best ranks every cell and returns the best, with its score.
func (s *search) best(ctx context.Context, n noise) (*finding, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	total := s.scale(n)
	var best *finding
	bestRank := 0.0
	for x := range s.axes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		a := &s.axes[x]
		s.sum(a)
		for c := range a.cells {
			score, factor := s.score(c, total)
			if rank := s.rank(a, score, factor); rank > bestRank {
				bestRank = rank
				best = &finding{axis: x, cell: int32(c), score: score, factor: factor}
			}
		}
	}
	if best != nil {
		best.leaves = s.members(best)
	}
	return best, nil
}

// scale weights the active leaves by their noise and returns their sums.
func (s *search) scale(n noise) (total [3]float64) {
	for i, active := range s.active {
		if !active {
			continue
		}
		m := (s.before[i] + s.after[i]) / 2
		w := n.weight(m)
		s.scaled[0][i], s.scaled[1][i], s.scaled[2][i] = w*s.before[i], w*s.after[i], w*m
		for k := range total {
			total[k] += s.scaled[k][i]
		}
	}
	return total
}

func (s *search) sum(a *axis) {
	for k := range s.sums {
		clear(s.sums[k][:a.cells])
	}
	before, after, mean := s.sums[0], s.sums[1], s.sums[2]
	for i, c := range a.cell {
		if s.active[i] {
			before[c] += s.scaled[0][i]
			after[c] += s.scaled[1][i]
			mean[c] += s.scaled[2][i]
		}
	}
}

// score compares a cell with the rest: the squared difference of what the cell
// has after and what the factor of the rest would give it, over its variance.
func (s *search) score(c int, total [3]float64) (score, factor float64) {
	b, a, m := s.sums[0][c], s.sums[1][c], s.sums[2][c]
	restB, restA, restM := total[0]-b, total[1]-a, total[2]-m
	if m <= 0 || restM <= 1e-9*total[2] || restB <= 1e-9*total[0] {
		return 0, 1
	}
	factor = max(restA, 0) / restB
	e := a - factor*b
	return e * e / (m + (b/restB)*(b/restB)*restM), factor
}

// rank prefers what is said in fewer words and what leaves the rest calm.
func (s *search) rank(a *axis, score, factor float64) float64 {
	score *= 1 - calm*min(math.Abs(math.Log(factor)), 1)
	if a.pair() {
		score *= simpler
	}
	return score - s.cost[arity(*a)]
}

func (s *search) members(f *finding) []int32 {
	var leaves []int32
	for i, c := range s.axes[f.axis].cell {
		if c == f.cell && s.active[i] {
			leaves = append(leaves, int32(i))
		}
	}
	return leaves
}
