package exporttest

import (
	"math"
	"sync/atomic"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// loan is a batch whose memory is taken back: a point's when the next one comes,
// all of it when Export returns.
type loan struct {
	original *export.Batch
	recalled atomic.Bool
	// iteratedLate is set when the batch is iterated after its recall.
	iteratedLate atomic.Bool
	lent         export.Batch
	families     []*metric.Family
}

func lend(b *export.Batch) *loan {
	l := &loan{original: b, lent: *b}
	l.lent.Families = l.all
	return l
}

// batch returns what is lent.
func (l *loan) batch() *export.Batch { return &l.lent }

// recall takes the memory back.
func (l *loan) recall() {
	l.recalled.Store(true)
	for _, f := range l.families {
		*f = metric.Family{Descriptor: metric.Descriptor{Name: "no_longer_valid"}, Points: f.Points}
	}
	l.lent.Start, l.lent.Time = l.lent.Start.AddDate(-10, 0, 0), l.lent.Time.AddDate(-10, 0, 0)
}

func (l *loan) late() bool { return l.iteratedLate.Load() }

func (l *loan) all(yield func(*metric.Family) bool) {
	if l.recalled.Load() {
		l.iteratedLate.Store(true)
		return
	}
	for original := range l.original.Families {
		f := &metric.Family{Descriptor: original.Descriptor, Keys: original.Keys, Points: l.points(original)}
		l.families = append(l.families, f)
		if !yield(f) {
			return
		}
	}
}

func (l *loan) points(original *metric.Family) func(func(*metric.Point) bool) {
	return func(yield func(*metric.Point) bool) {
		if l.recalled.Load() {
			l.iteratedLate.Store(true)
			return
		}
		var reused metric.Point
		for p := range original.Points {
			// The slices are new, but what an exporter has kept of the last
			// ones is overwritten.
			reused = ClonePoint(p)
			mine := reused
			more := yield(&reused)
			scramble(&mine)
			reused = metric.Point{Labels: mine.Labels, Int: math.MinInt64, Float: -1}
			if !more {
				return
			}
		}
	}
}

// scramble overwrites the memory that a point holds.
func scramble(p *metric.Point) {
	fill(p.Histogram.Bounds, -1)
	fill(p.Histogram.Counts, math.MaxUint64)
	if e := p.Exponential; e != nil {
		fill(e.Positive, math.MaxUint64)
		fill(e.Negative, math.MaxUint64)
		e.Scale, e.Sum, e.Zero = -9, -1, math.MaxUint64
	}
	if e := p.Exact; e != nil {
		fill(e.Values, -1)
		e.Missed, e.MissedSum = math.MaxUint64, -1
	}
	for _, e := range p.Exemplars {
		if e != nil {
			*e = metric.Exemplar{TraceID: "no longer valid"}
		}
	}
	fill(p.Exemplars, nil)
}

func fill[T any](s []T, v T) {
	for i := range s {
		s[i] = v
	}
}
