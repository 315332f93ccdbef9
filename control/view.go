package control

import (
	"context"
	"iter"
	"time"

	"github.com/metertree/metertree/metric"
)

// view is a copy of a collection, but for the families that pass through it.
// Once filled it is only read, by any number of goroutines. Its memory is kept
// for the next copy.
type view struct {
	all []familyView
	// words, floats and exemplars hold what the slices of points hold.
	words     []uint64
	floats    []float64
	exemplars []*metric.Exemplar
}

// familyView is a copy of one family.
type familyView struct {
	descriptor metric.Descriptor
	keys       []string
	// through reads a family that passes through; nil for one that was copied.
	through iter.Seq[*metric.Point]
	// numbers are the points of sums and gauges, which are many and small;
	// distributions are those of histograms.
	numbers       []number
	distributions []metric.Point
}

// number is a point of a sum or a gauge.
type number struct {
	labels  metric.LabelSet
	start   time.Time
	integer int64
	float   float64
}

// reset forgets what was copied and keeps the memory.
func (v *view) reset() {
	for i := range v.all {
		f := &v.all[i]
		clear(f.numbers)
		clear(f.distributions)
		f.numbers, f.distributions = f.numbers[:0], f.distributions[:0]
	}
	clear(v.exemplars)
	v.all, v.words, v.floats, v.exemplars = v.all[:0], v.words[:0], v.floats[:0], v.exemplars[:0]
}

// copyFrom fills an empty view. Families that are marked need no copy, because
// they are read anew each time.
func (v *view) copyFrom(families iter.Seq2[*metric.Family, bool]) {
	for f, passes := range families {
		if len(v.all) < cap(v.all) {
			v.all = v.all[:len(v.all)+1]
		} else {
			v.all = append(v.all, familyView{})
		}
		to := &v.all[len(v.all)-1]
		to.descriptor = f.Descriptor
		to.keys = append(to.keys[:0], f.Keys...)
		if to.through = nil; passes {
			to.through = f.Points
			continue
		}
		v.copyPoints(to, f)
	}
}

func (v *view) copyPoints(to *familyView, from *metric.Family) {
	histogram := from.Descriptor.Kind == metric.Histogram
	for p := range from.Points {
		if histogram {
			to.distributions = append(to.distributions, v.copyPoint(p))
		} else {
			to.numbers = append(to.numbers, number{p.Labels, p.Start, p.Int, p.Float})
		}
	}
}

// copyPoint returns a copy whose slices lie in the view's memory.
func (v *view) copyPoint(p *metric.Point) metric.Point {
	c := *p
	c.Histogram.Bounds = carve(&v.floats, p.Histogram.Bounds)
	c.Histogram.Counts = carve(&v.words, p.Histogram.Counts)
	if p.Exponential != nil {
		e := *p.Exponential
		e.Positive, e.Negative = carve(&v.words, e.Positive), carve(&v.words, e.Negative)
		c.Exponential = &e
	}
	if p.Exact != nil {
		e := *p.Exact
		e.Values = carve(&v.floats, e.Values)
		c.Exact = &e
	}
	c.Exemplars = carve(&v.exemplars, p.Exemplars)
	for i, e := range c.Exemplars {
		if e != nil {
			exemplar := *e
			c.Exemplars[i] = &exemplar
		}
	}
	return c
}

// carve returns a copy of a slice that lies in the arena, or where the arena
// grew in an earlier one.
func carve[T any](arena *[]T, from []T) []T {
	if len(from) == 0 {
		return nil
	}
	start := len(*arena)
	*arena = append(*arena, from...)
	return (*arena)[start:len(*arena):len(*arena)]
}

// families yields the copy until ctx ends.
func (v *view) families(ctx context.Context) iter.Seq[*metric.Family] {
	return func(yield func(*metric.Family) bool) {
		for i := range v.all {
			f := &v.all[i]
			if ctx.Err() != nil || !yield(&metric.Family{Descriptor: f.descriptor, Keys: f.keys, Points: f.points}) {
				return
			}
		}
	}
}

// points yields each point in memory of its own, because readers may write to
// the point, though not to its slices.
func (f *familyView) points(yield func(*metric.Point) bool) {
	if f.through != nil {
		f.through(yield)
		return
	}
	var p metric.Point
	for _, n := range f.numbers {
		p = metric.Point{Labels: n.labels, Start: n.start, Int: n.integer, Float: n.float}
		if !yield(&p) {
			return
		}
	}
	for i := range f.distributions {
		p = f.distributions[i]
		if !yield(&p) {
			return
		}
	}
}
