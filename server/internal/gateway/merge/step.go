package merge

import (
	"fmt"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// step merges one point. Its methods return why the point is refused, or "".
type step struct {
	state   *State
	source  *source
	family  *family
	metric  *push.Metric
	point   *push.Point
	outcome *Outcome

	stream *stream
}

// overlap is how long two processes may write one stream, as when one is replaced
// by the next, before that is called a conflict.
const overlap = int64(time.Minute)

// distinct is what the errors about two writers recommend.
const distinct = "give each process an identity of its own, such as service.instance.id or instance"

func (r *step) apply() (push.Reason, string) {
	s, p := r.state, r.point
	switch {
	case p.Time > s.now+int64(s.settings.MaxAhead):
		return push.TooNew, fmt.Sprintf("its time is %v ahead of this clock: set the clocks, or raise --gateway.max-ahead=%v", time.Duration(p.Time-s.now).Round(time.Second), s.settings.MaxAhead)
	case p.Time < s.now-int64(s.settings.MaxAge):
		return push.TooOld, fmt.Sprintf("its time is %v behind this clock: set the clocks, or raise --gateway.max-age=%v", time.Duration(s.now-p.Time).Round(time.Second), s.settings.MaxAge)
	}
	r.stream = r.source.streams[streamKey{r.family, string(p.Labels)}]
	if r.stream == nil {
		if p.Ended {
			r.outcome.Covered++
			return "", ""
		}
		if reason, cause := r.open(); reason != "" {
			return reason, cause
		}
	} else if r.stream.epoch != s.epoch && !p.Ended {
		if reason, cause := r.move(); reason != "" {
			return reason, cause
		}
	}
	reason, cause := r.value()
	if reason == "" {
		s.touch(r.stream)
		r.stream.round = r.source.round
	} else if r.stream.links.seen == never {
		s.remove(r.stream)
	}
	return reason, cause
}

func (r *step) value() (push.Reason, string) {
	st := r.stream
	switch {
	case r.point.Ended:
		// The total of what ended stays.
		st.series.leave(st)
		r.outcome.Covered++
		return "", ""
	case r.negative():
		return push.Negative, fmt.Sprintf("a counter of %v: counters never fall below zero, declare it as a gauge or rename it", r.point.Value())
	case r.metric.Delta:
		return r.delta()
	case r.family.instant():
		return r.instant()
	}
	return r.cumulative()
}

// negative reports whether the point is what no counter can say, which decoding
// cannot tell of what is a counter only by its name.
func (r *step) negative() bool {
	return r.state.joined() && r.family.kind == metric.Counter && r.point.Value() < 0
}

// never is when a stream was seen of which no point was taken yet.
const never = 0

// bytesPerStream is how many bytes of labels and buckets there may be, for each
// stream that there may be.
const bytesPerStream = 1024

// open makes the stream.
func (r *step) open() (push.Reason, string) {
	s := r.state
	if s.idle.n >= s.settings.Streams {
		return push.StreamLimit, fmt.Sprintf("there are %d streams, no more are taken: raise --gateway.max-streams, or wait until others are idle", s.idle.n)
	}
	if most := bytesPerStream * s.settings.Streams; s.held >= most {
		return push.StreamLimit, fmt.Sprintf("labels and buckets take %d bytes, no more than %d are taken: shorten them, or raise --gateway.max-streams", s.held, most)
	}
	st := &stream{source: r.source, family: r.family, labels: string(r.point.Labels), member: -1}
	it, reason, cause := r.find(st)
	if it == nil {
		return reason, cause
	}
	st.series, st.epoch = it, s.epoch
	it.live++
	r.stream = st
	r.source.streams[streamKey{r.family, st.labels}] = st
	r.family.streams++
	s.held += st.cost()
	s.idle.pushFirst(st)
	if r.family.name == metric.MetricInfo {
		s.declareInfo(st.labels)
	}
	return "", ""
}

// find returns the series of a stream under the present settings, making it if
// there is none.
func (r *step) find(st *stream) (*series, push.Reason, string) {
	s, f := r.state, r.family
	labels := s.labelsOf(st.source, st.labels)
	if it := f.series[labels]; it != nil {
		return it, "", ""
	}
	if key := reservedKey(f); key != "" {
		for _, l := range s.scratch {
			if l.Name == key {
				return nil, push.BadName, fmt.Sprintf("label %q is what the samples of a %s need for themselves: rename it", key, describe(f.kind, f.shape))
			}
		}
	}
	if s.unseen.n >= s.settings.Series {
		return nil, push.SeriesLimit, fmt.Sprintf("there are %d series, no more are taken: drop a label with --gateway.drop-label, or raise --gateway.max-series", s.unseen.n)
	}
	start := r.point.Time
	if r.point.Start != 0 {
		start = r.point.Start
	}
	return s.addSeries(f, labels, start), "", ""
}

// move makes the stream one of the series that the present settings ask for.
func (r *step) move() (push.Reason, string) {
	it, reason, cause := r.find(r.stream)
	if it == nil {
		return reason, cause
	}
	from := r.stream.series
	r.stream.epoch = r.state.epoch
	if it == from {
		return "", ""
	}
	from.leave(r.stream)
	from.live--
	if r.family.instant() && from.live == 0 {
		r.state.dropSeries(from)
	}
	it.live++
	r.stream.series = it
	return "", ""
}

// merge adds what is new to the series.
func (r *step) merge(n number, d *push.Distribution) (push.Reason, string) {
	reason, cause := r.add(n, d)
	if reason == "" {
		r.outcome.Merged++
	}
	return reason, cause
}

// add does that for what is no point of its own.
func (r *step) add(n number, d *push.Distribution) (push.Reason, string) {
	it := r.stream.series
	if d == nil {
		r.family.floats = r.family.floats || !n.Whole
		it.total.add(n)
		r.family.floats = r.family.floats || it.total.Floats
		return "", ""
	}
	if err := it.addDistribution(d); err != nil {
		return push.Overflow, err.Error()
	}
	return "", ""
}

// fit makes sure that a distribution can be added to the series. Bounds may change
// once nobody else is there who has the former ones; the series then counts from
// zero.
func (r *step) fit() (push.Reason, string) {
	d := r.point.Distribution
	if d == nil {
		return "", ""
	}
	it := r.stream.series
	err := it.fits(d)
	switch {
	case err == nil:
		return "", ""
	case it.live > 1 || !r.newer():
		return push.OtherBounds, err.Error()
	}
	it.restart(r.state.now)
	for i := range r.stream.tracks {
		r.state.held -= r.stream.tracks[i].cost()
	}
	r.state.held -= r.stream.last.cost()
	r.stream.tracks, r.stream.last = nil, nil
	return "", ""
}

// newer reports whether the point is later than all that the stream said.
func (r *step) newer() bool {
	for i := range r.stream.tracks {
		if r.point.Time <= r.stream.tracks[i].at {
			return false
		}
	}
	return r.stream.windows == nil || r.point.Time > r.stream.windows.end()
}
