package live

import (
	"math"
	"time"
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
	if s.same = sameStreams(s.before.streams, s.now.streams); !s.same {
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
// it was not in the sample before although it had begun, or is not a number.
func (s *step) gain(at int) (gain, bool) {
	from := at
	if !s.same {
		var found bool
		if from, found = s.place[s.now.streams[at]]; !found {
			began := !s.now.streams[at].start.Before(s.since)
			return gain{s, at, -1}, began && !math.IsNaN(s.now.values[at])
		}
	}
	if s.now.values[at] < s.before.values[from] {
		from = -1 // it began again
	}
	g := gain{s, at, from}
	return g, !math.IsNaN(g.value())
}

func (g gain) value() float64 {
	if g.from < 0 {
		return g.step.now.values[g.at]
	}
	return g.step.now.values[g.at] - g.step.before.values[g.from]
}

// addTo adds the observations of the step to a distribution.
func (g gain) addTo(d *distribution) {
	now := g.step.now.histogramAt(g.at)
	if g.from < 0 {
		d.add(now, histogram{})
		return
	}
	// Where a view replaced the buckets it is not known which the step's are in.
	if before := g.step.before.histogramAt(g.from); now.like(before) {
		d.add(now, before)
	}
}
