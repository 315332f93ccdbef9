package explain

// minSiblings is how many cells of an axis show how cells of it vary.
const minSiblings = 4

// unlikeSiblings holds a finding against how the other cells of its axis, and of
// its labels' own axes, wander as a whole: hosts that each go their own way need
// more to stand out than their leaves say. It is measured without the finding.
func (s *search) unlikeSiblings(f *finding) bool {
	own := &s.axes[f.axis]
	s.sum(own)
	b, a, m := s.sums[0][f.cell], s.sums[1][f.cell], s.sums[2][f.cell]
	s.setAside(f.leaves)
	wander := max(minJitter*minJitter, s.wander(own))
	for x := range s.axes {
		if o := &s.axes[x]; own.pair() && !o.pair() && (o.first == own.first || o.first == own.second) {
			wander = max(wander, s.wander(o))
		}
	}
	for _, i := range f.leaves {
		s.active[i] = true
	}
	e := a - f.factor*b
	return e*e >= s.bar[arity(*own)]*(m+wander*m*m)
}

// wander estimates the square of the relative deviation by which the larger cells
// of an axis differ among themselves, beyond what their leaves' noise explains;
// 0 with too few cells to tell.
func (s *search) wander(a *axis) float64 {
	s.sum(a)
	s.sample = s.sample[:0]
	for _, m := range s.sums[2][:a.cells] {
		if m > 0 {
			s.sample = append(s.sample, m)
		}
	}
	if len(s.sample) < minSiblings {
		return 0
	}
	small := median(s.sample)
	s.sample = s.sample[:0]
	for c, m := range s.sums[2][:a.cells] {
		if m > 0 && m >= small && s.sums[0][c] > 0 {
			s.sample = append(s.sample, s.sums[1][c]/s.sums[0][c])
		}
	}
	factor := median(s.sample)
	s.sample = s.sample[:0]
	for c, m := range s.sums[2][:a.cells] {
		if m > 0 && m >= small {
			e := s.sums[1][c] - factor*s.sums[0][c]
			s.sample = append(s.sample, (e*(e/m)/chiMedian-1)/m)
		}
	}
	return max(0, median(s.sample))
}
