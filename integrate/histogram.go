package integrate

import (
	"math"
	"slices"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/internal/saturate"
	"github.com/metertree/metertree/metric"
)

// buckets are distributions over explicit buckets; without bounds, sum and
// count.
type buckets struct {
	bounds []float64
	// adopts is set while the bounds are still to be taken from the first point,
	// as a callback gives them that declares none.
	adopts bool
	// aligned is set once from and to are.
	aligned bool
	// counts has len(bounds)+1 entries a group.
	counts []uint64
	sums   []float64
	// exemplars is nil for a group without any.
	exemplars [][]*metric.Exemplar

	// from are the bounds of the points, and to is the bucket for each of theirs;
	// it is nil if they are the same.
	from []float64
	to   []int
}

func (s *buckets) width() int { return len(s.bounds) + 1 }

func (s *buckets) grow() {
	s.sums = append(s.sums, 0)
	for range s.width() {
		s.counts = append(s.counts, 0)
	}
	if s.exemplars != nil {
		s.exemplars = append(s.exemplars, nil)
	}
}

// begin implements accumulator. Exemplars are those that the members have now.
func (s *buckets) begin() { clear(s.exemplars) }

func (s *buckets) reset() {
	clear(s.counts)
	clear(s.sums)
}

func (s *buckets) of(group int32) []uint64 {
	return s.counts[int(group)*s.width() : (int(group)+1)*s.width()]
}

func (s *buckets) add(group int32, p *metric.Point, _ uint64) {
	var sum float64
	switch {
	case p.Exponential != nil:
		s.addExponential(s.of(group), p.Exponential)
		sum = p.Exponential.Sum
	case p.Exact != nil:
		s.addExact(s.of(group), p.Exact)
		sum = p.Exact.Sum()
	case p.Histogram.Counts != nil:
		s.addBuckets(group, p)
		sum = p.Histogram.Sum
	case p.Summary.Count > 0:
		// Only sum and count can be made of these.
		s.of(group)[0] += p.Summary.Count
		sum = p.Summary.Sum
	}
	s.sums[group] = saturate.Float(s.sums[group] + sum)
}

func (s *buckets) addBuckets(group int32, p *metric.Point) {
	h := &p.Histogram
	if !s.aligned || !sameSlice(s.from, h.Bounds) {
		s.align(h.Bounds)
	}
	counts := s.of(group)
	if s.to == nil {
		for i, n := range h.Counts {
			counts[i] += n
		}
	} else {
		for i, n := range h.Counts {
			counts[s.to[i]] += n
		}
	}
	if p.Exemplars != nil && len(p.Exemplars) == len(h.Counts) {
		s.addExemplars(group, p.Exemplars)
	}
}

// align finds out where the counts of points with the given bounds go: to the
// bucket that holds the upper bound. That is exact if all bounds of the groups
// are among the given ones, as they are but for callbacks that give different
// bounds each time.
func (s *buckets) align(bounds []float64) {
	if s.adopts {
		s.adopts = false
		s.bounds = slices.Clone(bounds)
		s.counts = make([]uint64, len(s.sums)*s.width())
	}
	s.from, s.to, s.aligned = bounds, nil, true
	if slices.Equal(bounds, s.bounds) {
		return
	}
	s.to = make([]int, 0, len(bounds)+1)
	for _, b := range bounds {
		s.to = append(s.to, s.bucket(b))
	}
	s.to = append(s.to, len(s.bounds))
}

func sameSlice(a, b []float64) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// bucket returns the bucket that holds a value.
func (s *buckets) bucket(v float64) int {
	at, _ := slices.BinarySearch(s.bounds, v)
	return at
}

// addExponential adds buckets whose bounds are powers of two, or lie between
// them. Where the scale is so coarse that a bucket holds several powers of two,
// its count goes to the greatest.
func (s *buckets) addExponential(counts []uint64, p *metric.ExponentialPoint) {
	counts[s.bucket(0)] += p.Zero
	shift := max(p.Scale, 0)
	coarse := shift - p.Scale
	for i, n := range p.Positive {
		upper := math.Ldexp(1, ((p.PositiveFirst+i)>>shift+1)<<coarse)
		counts[s.bucket(upper)] += n
	}
	for i, n := range p.Negative {
		upper := -math.Ldexp(1, (p.NegativeFirst+i)>>shift<<coarse)
		counts[s.bucket(upper)] += n
	}
}

// addExact adds values. Those beyond the limit, of which only count and sum are
// known, count as their mean.
func (s *buckets) addExact(counts []uint64, p *metric.ExactPoint) {
	for _, v := range p.Values {
		counts[s.bucket(v)]++
	}
	if p.Missed > 0 {
		counts[s.bucket(p.MissedSum/float64(p.Missed))] += p.Missed
	}
}

// addExemplars keeps the latest exemplar of each bucket.
func (s *buckets) addExemplars(group int32, given []*metric.Exemplar) {
	if s.exemplars == nil {
		s.exemplars = make([][]*metric.Exemplar, len(s.sums))
	}
	have := s.exemplars[group]
	if have == nil {
		have = make([]*metric.Exemplar, s.width())
		s.exemplars[group] = have
	}
	for i, e := range given {
		at := i
		if s.to != nil {
			at = s.to[i]
		}
		if e != nil && (have[at] == nil || have[at].Time.Before(e.Time)) {
			have[at] = e
		}
	}
}

func (s *buckets) fill(group int32, p *metric.Point) {
	p.Histogram = metric.HistogramPoint{Bounds: s.bounds, Counts: s.of(group), Sum: s.sums[group]}
	if s.exemplars != nil {
		p.Exemplars = s.exemplars[group]
	}
}

func (s *buckets) move(from, to int32) {
	copy(s.of(to), s.of(from))
	s.sums[to] = s.sums[from]
	if s.exemplars != nil {
		s.exemplars[to] = s.exemplars[from]
	}
}

func (s *buckets) truncate(n int) {
	s.counts, s.sums = s.counts[:n*s.width()], s.sums[:n]
	if s.exemplars != nil {
		clear(s.exemplars[n:])
		s.exemplars = s.exemplars[:n]
	}
}

// sketches are distributions over exponential buckets.
type sketches struct {
	layout metric.ExponentialLayout
	list   []aggregate.SketchState
	// given is the point to add, and point the one that is shown.
	given aggregate.SketchState
	point metric.ExponentialPoint
	// ranged is where the values of all groups have been, so that their bounds
	// agree.
	ranged metric.ExponentialRange
	// told is a copy of ranged that points share and nobody writes.
	told *metric.ExponentialRange
}

func (s *sketches) empty(reuse aggregate.SketchState) aggregate.SketchState {
	return aggregate.SketchState{
		Scale: aggregate.MaxScale, Size: s.layout.Size, ZeroThreshold: s.layout.ZeroThreshold,
		Positive: aggregate.SketchBuckets{Counts: reuse.Positive.Counts[:0]},
		Negative: aggregate.SketchBuckets{Counts: reuse.Negative.Counts[:0]},
	}
}

func (s *sketches) grow()  { s.list = append(s.list, s.empty(aggregate.SketchState{})) }
func (s *sketches) begin() {}

func (s *sketches) reset() {
	for i := range s.list {
		s.list[i] = s.empty(s.list[i])
	}
}

func (s *sketches) add(group int32, p *metric.Point, _ uint64) {
	switch {
	case p.Exponential != nil:
		e := p.Exponential
		s.given = aggregate.SketchState{
			Scale: e.Scale, Size: s.layout.Size, ZeroThreshold: s.layout.ZeroThreshold, Zero: e.Zero, Sum: e.Sum,
			Positive: aggregate.SketchBuckets{First: e.PositiveFirst, Counts: e.Positive},
			Negative: aggregate.SketchBuckets{First: e.NegativeFirst, Counts: e.Negative},
		}
		s.merge(group)
	case p.Exact != nil && p.Exact.Count() > 0:
		s.addExact(group, p.Exact)
	}
}

// merge adds what is given. Both have the threshold of the layout, so that they
// always merge.
func (s *sketches) merge(group int32) {
	_ = s.list[group].Merge(&s.given)
	whole := pointOf(&s.list[group])
	s.ranged = s.ranged.Union(whole.Range())
}

func pointOf(s *aggregate.SketchState) metric.ExponentialPoint {
	return metric.ExponentialPoint{
		Scale: s.Scale, ZeroThreshold: s.ZeroThreshold, Zero: s.Zero, Sum: s.Sum,
		PositiveFirst: s.Positive.First, Positive: s.Positive.Counts,
		NegativeFirst: s.Negative.First, Negative: s.Negative.Counts,
	}
}

// addExact adds values. Those beyond the limit, of which only count and sum are
// known, count as their mean.
func (s *sketches) addExact(group int32, p *metric.ExactPoint) {
	s.observe(p.Values...)
	s.merge(group)
	if p.Missed == 0 {
		return
	}
	s.observe(p.MissedSum / float64(p.Missed))
	for _, counts := range [][]uint64{s.given.Positive.Counts, s.given.Negative.Counts} {
		for i := range counts {
			counts[i] *= p.Missed
		}
	}
	s.given.Zero *= p.Missed
	s.given.Sum = p.MissedSum
	s.merge(group)
}

// observe makes a sketch of values the one that is given.
func (s *sketches) observe(values ...float64) {
	s.given = aggregate.SketchState{}
	sketch, err := aggregate.NewSketch(aggregate.SketchOptions{Size: s.layout.Size, ZeroThreshold: s.layout.ZeroThreshold})
	if err != nil {
		// Definitions and views were checked for this.
		return
	}
	for _, v := range values {
		sketch.Observe(v)
	}
	sketch.Checkpoint(&s.given)
}

func (s *sketches) fill(group int32, p *metric.Point) {
	if s.told == nil || *s.told != s.ranged {
		now := s.ranged
		s.told = &now
	}
	s.point = pointOf(&s.list[group])
	s.point.Family = s.told
	p.Exponential = &s.point
}

func (s *sketches) move(from, to int32) { s.list[from], s.list[to] = s.list[to], s.list[from] }

func (s *sketches) truncate(n int) {
	clear(s.list[n:])
	s.list = s.list[:n]
}
