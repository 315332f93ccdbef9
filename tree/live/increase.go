package live

import (
	"slices"
	"time"

	"github.com/metertree/metertree/tree"
)

// step is one family at two successive samples.
type step struct {
	before, now *column
	since       time.Time // when before was taken

	same  bool            // both have the same streams at the same places
	place map[*stream]int // in before, if they have not
}

func newStep(before, now *sample, metric string) step {
	s := step{before: before.columns[metric], now: now.columns[metric], since: before.at}
	if s.before == nil {
		s.before = &column{}
	}
	if s.now == nil {
		s.now = &column{}
	}
	if s.same = sharesStreams(s.before, s.now); !s.same {
		s.place = make(map[*stream]int, len(s.before.streams))
		for i, st := range s.before.streams {
			s.place[st] = i
		}
	}
	return s
}

// gain is what a stream counted in a step.
type gain struct {
	step *step
	at   int // in now
	from int // in before; -1 if all that now shows was counted in the step
}

// gain returns what the stream at a place counted, and false if that is not known:
// it was not in the sample before although it had begun.
func (s *step) gain(at int) (gain, bool) {
	from := at
	if !s.same {
		var found bool
		if from, found = s.place[s.now.streams[at]]; !found {
			return gain{s, at, -1}, !s.now.streams[at].start.Before(s.since)
		}
	}
	if s.now.values[at] < s.before.values[from] {
		from = -1 // it began again
	}
	return gain{s, at, from}, true
}

func (g gain) value() float64 {
	if g.from < 0 {
		return g.step.now.values[g.at]
	}
	return g.step.now.values[g.at] - g.step.before.values[g.from]
}

// addTo adds the observations of the step to a distribution.
func (g gain) addTo(d *distribution) {
	now, before := g.step.now, g.step.before
	switch {
	case g.from < 0:
		d.add(now, g.at)
	case now.buckets != nil:
		d.parts = append(d.parts, difference(now.buckets[g.at], before.buckets[g.from]))
	default:
		d.addCounts(now.bounds, now.countsOf(g.at), before.countsOf(g.from))
	}
}

// distribution adds up the buckets of streams. The zero value is empty.
type distribution struct {
	bounds []float64
	counts []float64 // cumulative, for bounds and last for +Inf
	parts  [][]tree.Bucket
}

// add adds all that the stream at a place shows.
func (d *distribution) add(c *column, at int) {
	if c.buckets != nil {
		d.parts = append(d.parts, c.buckets[at])
		return
	}
	d.addCounts(c.bounds, c.countsOf(at), nil)
}

// addCounts adds cumulative counts, less those of before.
func (d *distribution) addCounts(bounds, counts, before []float64) {
	switch {
	case counts == nil:
		return
	case d.counts == nil:
		d.bounds, d.counts = bounds, make([]float64, len(counts))
	case !slices.Equal(d.bounds, bounds): // defined anew
		other := distribution{}
		other.addCounts(bounds, counts, before)
		d.parts = append(d.parts, bucketsOf(bounds, other.counts))
		return
	}
	for i, n := range counts {
		d.counts[i] += n
	}
	for i, n := range before {
		d.counts[i] -= n
	}
}

// addAll adds another distribution.
func (d *distribution) addAll(more *distribution) {
	d.addCounts(more.bounds, more.counts, nil)
	d.parts = append(d.parts, more.parts...)
}

// merged returns the buckets, nil if there are none.
func (d *distribution) merged() []tree.Bucket {
	parts := d.parts
	if d.counts != nil {
		parts = append(slices.Clip(parts), bucketsOf(d.bounds, d.counts))
	}
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	default:
		return tree.MergeBuckets(parts)
	}
}

// difference takes away from a histogram what it showed earlier. What it shows
// now may be at a coarser scale, whose bounds are some of the earlier ones.
func difference(now, earlier []tree.Bucket) []tree.Bucket {
	gained := make([]tree.Bucket, len(now))
	next, below := 0, 0.0
	for i, b := range now {
		for next < len(earlier) && earlier[next].UpperBound <= b.UpperBound {
			below = earlier[next].Count
			next++
		}
		gained[i] = tree.Bucket{UpperBound: b.UpperBound, Count: b.Count - below}
	}
	return gained
}
