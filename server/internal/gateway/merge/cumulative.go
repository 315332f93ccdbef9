package merge

import (
	"fmt"
	"time"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// maxTracks is how many processes may write one stream at once.
const maxTracks = 64

// cumulative merges a total: what it has more than the last of the same process.
func (r *step) cumulative() (push.Reason, string) {
	if reason, cause := r.fit(); reason != "" {
		return reason, cause
	}
	t, done, reason, cause := r.follow()
	switch {
	case done || reason != "":
		return reason, cause
	case t == nil:
		return r.begin()
	}
	if t.falls.conflict {
		return push.Conflict, "two processes write this stream in turn: " + distinct
	}
	n, d, rose := r.since(t)
	same := rose && n.float() == 0 && (d == nil || d.Count() == 0)
	switch {
	case r.point.Time == t.at && same:
		r.outcome.Repeated++
		r.see(t)
		return "", ""
	case r.point.Time == t.at:
		return push.Conflict, fmt.Sprintf("it was %v at that time, and is now said to have been %v: %s", t.said(), r.said(), distinct)
	case r.point.Time < t.at && rose && !same:
		return push.OutOfOrder, fmt.Sprintf("%v is more than the %v that was pushed since: push in order, or %s", r.said(), t.said(), distinct)
	case r.point.Time < t.at:
		r.outcome.Covered++
		return "", ""
	case t.ended && t.start == 0:
		n, d = numberOf(r.point), r.point.Distribution
		r.outcome.Resets++
	case !rose:
		n, d = numberOf(r.point), r.point.Distribution
		if t.falls.note(t.said(), r.said()) {
			return push.Conflict, "its values fall and rise in turn, as if two processes wrote it: " + distinct
		}
		r.outcome.Resets++
	}
	if reason, cause := r.merge(n, d); reason != "" {
		return reason, cause
	}
	r.keep(t)
	r.watch(t)
	return "", ""
}

// begin starts to follow a process.
func (r *step) begin() (push.Reason, string) {
	st := r.stream
	st.prune(r.state)
	if len(st.tracks) >= maxTracks {
		return push.Conflict, fmt.Sprintf("%d processes write this stream already: %s", maxTracks, distinct)
	}
	if len(st.tracks) > 0 {
		r.outcome.Resets++
	}
	n, d := numberOf(r.point), r.point.Distribution
	key, grave, returns := r.remembered()
	switch {
	case returns && r.point.Time <= grave.At:
		r.outcome.Covered++
		return "", ""
	case returns && d != nil:
		// How much of it was counted is forgotten.
		d = emptyLike(d)
		n = number{}
	case returns:
		if more, rose := n.since(grave.Number); rose {
			n = more
		}
	}
	if reason, cause := r.merge(n, d); reason != "" {
		return reason, cause
	}
	r.state.gone.clear(key)
	st.tracks = append(st.tracks, track{start: r.point.Start})
	t := &st.tracks[len(st.tracks)-1]
	r.keep(t)
	r.watch(t)
	return "", ""
}

// remembered finds what a process said before it was silent: with its start, or
// without one if it was running then.
func (r *step) remembered() (graveKey, grave, bool) {
	st, s := r.stream, r.state
	key := keyOf(st, r.point.Start)
	found, ok := s.gone.look(key)
	if !ok && s.joined() && r.point.Start != 0 {
		unstarted := keyOf(st, 0)
		if of, ok := s.gone.look(unstarted); ok && of.At >= r.point.Start {
			return unstarted, of, true
		}
	}
	return key, found, ok
}

// prune forgets the processes of a stream that were silent for too long.
func (st *stream) prune(s *State) {
	if u := st.track(0); u != nil && u.base != 0 && u.seen < s.now-int64(s.settings.Idle) {
		s.bury(st, u)
		s.unite(st)
	}
	for i := 0; i < len(st.tracks); {
		if t := &st.tracks[i]; t.seen < s.now-int64(s.settings.Idle) {
			s.bury(st, t)
			s.removeTrack(st, t.start)
			continue
		}
		i++
	}
}

// watch warns of a process that still writes although a later one does.
func (r *step) watch(t *track) {
	if len(r.stream.tracks) < 2 || t.start == 0 {
		return
	}
	newest := r.stream.newest()
	if t.start < newest && r.point.Time > newest+overlap {
		r.outcome.Conflicts++
		r.outcome.Warning = push.Refusal{Metric: r.metric.Name, Reason: push.Conflict, Cause: fmt.Sprintf(
			"processes that began at %s and at %s write one stream; both are counted: %s",
			clock(t.start), clock(newest), distinct)}
	}
}

func clock(nanos int64) string { return time.Unix(0, nanos).UTC().Format(time.RFC3339) }

// said is the value of the point as one number.
func (r *step) said() float64 {
	if d := r.point.Distribution; d != nil {
		return float64(d.Count())
	}
	return r.point.Value()
}

// since returns how much the point has more than the last one, or false if it has
// less. The distribution is valid until the next call.
func (r *step) since(t *track) (number, *push.Distribution, bool) {
	now := r.point.Distribution
	if now == nil {
		n, rose := numberOf(r.point).since(t.number)
		return n, nil, rose
	}
	s := r.state
	if now.Exponential != nil {
		s.sketch.CopyFrom(now.Exponential)
		s.difference = push.Distribution{Exponential: &s.sketch}
		return number{}, &s.difference, s.sketch.Sub(t.distribution.Exponential) == nil
	}
	s.explicit.CopyFrom(&now.Explicit)
	err := s.explicit.Sub(&t.distribution.Explicit)
	s.difference = push.Distribution{Explicit: s.explicit}
	return number{}, &s.difference, err == nil
}

// see notes that a process was seen, and with it the one that it may be.
func (r *step) see(t *track) {
	t.seen = r.state.now
	if base := r.stream.base(t); base != nil {
		base.seen = r.state.now
	}
}

// keep makes the point what the process said last.
func (r *step) keep(t *track) {
	r.see(t)
	t.at, t.number, t.ended = r.point.Time, numberOf(r.point), false
	from := r.point.Distribution
	if from == nil {
		return
	}
	before := t.cost()
	if t.distribution == nil {
		t.distribution = &push.Distribution{}
	}
	r.copyPoint(t.distribution)
	r.state.held += t.cost() - before
}

// copyPoint copies the point's distribution, so that it is not part of a request.
func (r *step) copyPoint(to *push.Distribution) {
	copyDistribution(to, r.point.Distribution)
	if to.Exponential == nil {
		// They are equal to the series'.
		to.Explicit.Bounds = r.stream.series.distribution.Explicit.Bounds
	}
}

// copyDistribution makes to a copy of another, but for the bounds, which are shared.
func copyDistribution(to, from *push.Distribution) {
	if from.Exponential == nil {
		to.Explicit.CopyFrom(&from.Explicit)
		return
	}
	if to.Exponential == nil {
		to.Exponential = &aggregate.SketchState{}
	}
	to.Exponential.CopyFrom(from.Exponential)
}
