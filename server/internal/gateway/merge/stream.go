package merge

import (
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// source is whoever counts; see push.Source.
type source struct {
	identity string
	labels   metric.Labels
	streams  map[streamKey]*stream
	// round is the replacing push that is being applied.
	round uint64
}

type streamKey struct {
	family *family
	labels string
}

// stream is one label set of one source.
type stream struct {
	links  links[stream]
	source *source
	family *family
	labels string
	series *series
	// epoch tells under which settings the series was found.
	epoch uint32
	// round is the last replacing push that held the stream.
	round uint64

	// tracks are what cumulative points said last, by their start.
	tracks []track
	// windows are what delta points covered; nil if there was none.
	windows *windows
	// last is the delta whose period ends last; nil if there was none with a start.
	last *period
	// value, start and at are of gauges and up-down counters.
	value     number
	start, at int64
	// member is the position among the series' members, or -1.
	member int
}

// track is what one process said last of a cumulative stream.
type track struct {
	start, at, seen int64
	number          number
	distribution    *push.Distribution
	falls           falls
	// base is the start of the track that an unstarted one goes on from, or 0.
	base int64
	// ended says that the group of a text push was deleted since.
	ended bool
}

// falls tells two writers of one stream from a process that keeps restarting,
// where start times do not. The values of two writers alternate: each rise
// reaches at least what it was before the last fall, and each fall ends at least
// where the last one did.
type falls struct {
	any           bool
	before, after float64
	rounds        int
	conflict      bool
}

// maxRounds is how many alternations in a row nobody takes for restarts.
const maxRounds = 4

// note reports whether a fall belongs to a writer of its own.
func (f *falls) note(from, to float64) bool {
	if f.any && from >= f.before && to >= f.after {
		f.rounds++
	} else {
		f.rounds = 0
	}
	f.any, f.before, f.after = true, from, to
	f.conflict = f.rounds >= maxRounds
	return f.conflict
}

// track returns the one that began at the given time.
func (s *stream) track(start int64) *track {
	for i := range s.tracks {
		if s.tracks[i].start == start {
			return &s.tracks[i]
		}
	}
	return nil
}

// cost is about how many bytes the stream takes beyond what all do.
func (s *stream) cost() int {
	n := len(s.labels)
	for i := range s.tracks {
		n += s.tracks[i].cost()
	}
	return n + s.last.cost()
}

func (t *track) cost() int { return costOf(t.distribution) }

func costOf(d *push.Distribution) int {
	if d == nil {
		return 0
	}
	if e := d.Exponential; e != nil {
		return 8 * (len(e.Positive.Counts) + len(e.Negative.Counts))
	}
	return 8 * len(d.Explicit.Counts)
}

// newest is the greatest start of a track.
func (s *stream) newest() (start int64) {
	for i := range s.tracks {
		start = max(start, s.tracks[i].start)
	}
	return start
}

// drop removes a track by its start.
func (s *stream) drop(start int64) {
	s.tracks = slices.DeleteFunc(s.tracks, func(t track) bool { return t.start == start })
}

// said is the value of a track as one number, for comparing.
func (t *track) said() float64 {
	if t.distribution != nil {
		return float64(t.distribution.Count())
	}
	return t.number.float()
}
