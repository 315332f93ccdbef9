package merge

import (
	"iter"
	"math"
	"slices"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// Collected is a copy of all series.
type Collected struct {
	// Families are in the order that expositions need.
	Families []*metric.Family
	// Unmerged is how many series were left out because their gauges are declared
	// to have no common value.
	Unmerged int
	// Uneven is how many classic histograms have buckets to which not as many
	// streams add as to others, as if their instances had different bounds.
	Uneven int
}

// Collect returns a copy of all series.
func (s *State) Collect() (c Collected) {
	for _, f := range s.order() {
		c.Uneven += f.uneven()
		points := make([]metric.Point, 0, len(f.series))
		for _, it := range f.order() {
			p, shown, refused := it.point()
			if refused {
				c.Unmerged++
			}
			if shown {
				points = append(points, p)
			}
		}
		if len(points) > 0 {
			c.Families = append(c.Families, f.collected(points))
		}
	}
	return c
}

func (f *family) collected(points []metric.Point) *metric.Family {
	d := f.descriptor()
	if f.shape == push.Exponential {
		// Bounds agree within a family.
		all := points[0].Exponential.Range()
		for _, p := range points[1:] {
			all = all.Union(p.Exponential.Range())
		}
		for _, p := range points {
			p.Exponential.Family = &all
		}
		d.Exponential.ZeroThreshold = points[0].Exponential.ZeroThreshold
	}
	return &metric.Family{Descriptor: d, Points: iterate(points)}
}

func iterate(points []metric.Point) iter.Seq[*metric.Point] {
	return func(yield func(*metric.Point) bool) {
		for i := range points {
			if !yield(&points[i]) {
				return
			}
		}
	}
}

// point copies what the series has; shown is false if that is nothing yet, and
// refused if its gauges cannot be merged.
func (it *series) point() (p metric.Point, shown, refused bool) {
	p = metric.Point{Labels: it.labels, Start: time.Unix(0, it.start)}
	switch f := it.family; {
	case f.instant():
		shown, refused = it.fold(&p)
		return p, shown, refused
	case f.kind == metric.Counter:
		p.Int, p.Float = it.total.I, it.total.float()
		return p, true, false
	case it.distribution == nil:
		return p, false, false
	}
	if e := it.distribution.Exponential; e != nil {
		p.Exponential = &metric.ExponentialPoint{
			Scale: e.Scale, ZeroThreshold: e.ZeroThreshold, Zero: e.Zero, Sum: e.Sum,
			PositiveFirst: e.Positive.First, Positive: slices.Clone(e.Positive.Counts),
			NegativeFirst: e.Negative.First, Negative: slices.Clone(e.Negative.Counts),
		}
		return p, true, false
	}
	h := &it.distribution.Explicit
	p.Histogram = metric.HistogramPoint{Bounds: h.Bounds, Counts: slices.Clone(h.Counts), Sum: h.Sum}
	return p, true, false
}

// fold merges the present values of the streams.
func (it *series) fold(p *metric.Point) (shown, refused bool) {
	if len(it.members) == 0 {
		return false, false
	}
	fold := it.family.fold
	if fold == metric.FoldNone && len(it.members) > 1 {
		return false, true
	}
	p.Start = time.Time{}
	var sum total
	low, high, last := math.Inf(1), math.Inf(-1), it.members[0]
	for _, st := range it.members {
		sum.add(st.value)
		v := st.value.float()
		low, high = min(low, v), max(high, v)
		// Of two at the same time the greater, so that order makes no difference.
		if st.at > last.at || st.at == last.at && v > last.value.float() {
			last = st
		}
	}
	// A sum of integers may be none any more.
	it.family.floats = it.family.floats || sum.Floats
	switch fold {
	case metric.FoldSum:
		p.Int, p.Float = sum.I, sum.float()
	case metric.FoldMin:
		p.Float = low
	case metric.FoldMax:
		p.Float = high
	case metric.FoldAvg:
		p.Float = sum.float() / float64(len(it.members))
	default:
		p.Float = last.value.float()
	}
	return true, false
}
