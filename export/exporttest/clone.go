package exporttest

import (
	"iter"
	"slices"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// CloneBatch returns a copy that shares no memory with the batch but what is
// never written, so that it stays valid when the batch does not.
func CloneBatch(b *export.Batch) *export.Batch {
	var families []*metric.Family
	for f := range b.Families {
		families = append(families, cloneFamily(f))
	}
	copied := *b
	copied.Families = slices.Values(families)
	return &copied
}

func cloneFamily(f *metric.Family) *metric.Family {
	var points []metric.Point
	for p := range f.Points {
		points = append(points, ClonePoint(p))
	}
	return &metric.Family{Descriptor: f.Descriptor, Keys: slices.Clone(f.Keys), Points: pointsOf(points)}
}

// pointsOf yields each point in memory of its own, so that a reader which writes
// to it changes nothing.
func pointsOf(points []metric.Point) iter.Seq[*metric.Point] {
	return func(yield func(*metric.Point) bool) {
		for _, p := range points {
			if !yield(&p) {
				return
			}
		}
	}
}

// ClonePoint returns a copy that shares no memory with the point but what is
// never written.
func ClonePoint(p *metric.Point) metric.Point {
	c := *p
	c.Histogram.Bounds = slices.Clone(p.Histogram.Bounds)
	c.Histogram.Counts = slices.Clone(p.Histogram.Counts)
	if p.Exponential != nil {
		e := *p.Exponential
		e.Positive, e.Negative = slices.Clone(e.Positive), slices.Clone(e.Negative)
		c.Exponential = &e
	}
	if p.Exact != nil {
		e := *p.Exact
		e.Values = slices.Clone(e.Values)
		c.Exact = &e
	}
	c.Exemplars = slices.Clone(p.Exemplars)
	for i, e := range c.Exemplars {
		if e != nil {
			exemplar := *e
			c.Exemplars[i] = &exemplar
		}
	}
	return c
}
