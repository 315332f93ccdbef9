package merge

import (
	"fmt"

	"github.com/metertree/metertree/server/internal/gateway/push"
)

// Totals may come without a start. They have a track of their own, of start 0,
// which is either a process by itself, or takes up another track: the process that
// it follows on, its base. What both counted together is then the value of the
// unstarted track, and the base stays as it was, so that either is exact once a
// later point tells which it was:
//
//   - it has the start of the base and continues: both are one;
//   - it has the start of the base and contradicts: they are two, and what the base
//     counted is added;
//   - it has a start between the base and the unstarted point: that point was of a
//     new process, and what the base counted is added.

// follow returns the track that the point belongs to, or nil if it begins one.
// done says that the point was included in another.
func (r *step) follow() (t *track, done bool, reason push.Reason, cause string) {
	if !r.state.joined() {
		return r.stream.track(r.point.Start), false, "", ""
	}
	if r.point.Start == 0 {
		return r.followUnstarted()
	}
	st := r.stream
	t, u := st.track(r.point.Start), st.track(0)
	switch {
	case u == nil:
		return t, false, "", ""
	case t != nil && u.base == t.start:
		return r.rejoin(t, u)
	case t == nil && r.point.Start <= u.at && r.point.Start > u.base && r.agrees(u):
		// Whoever said that was running since then.
		if reason, cause := r.part(u); reason != "" {
			return nil, false, reason, cause
		}
		r.state.gone.clear(keyOf(st, r.point.Start))
		u.start = r.point.Start
		return u, false, "", ""
	}
	return t, false, "", ""
}

// rejoin handles a point of a track that the unstarted one goes on from.
func (r *step) rejoin(t, u *track) (_ *track, done bool, reason push.Reason, cause string) {
	switch {
	case r.point.Time <= t.at:
		return t, false, "", ""
	case !r.agrees(u) || r.point.Time < u.at && !r.rose(t):
		if reason, cause := r.part(u); reason != "" {
			return nil, false, reason, cause
		}
		r.outcome.Conflicts++
		r.outcome.Warning = push.Refusal{Metric: r.metric.Name, Reason: push.Conflict, Cause: fmt.Sprintf(
			"values without a start contradict those of the process that began at %s; both are counted: %s", clock(t.start), distinct)}
		return t, false, "", ""
	case r.point.Time < u.at:
		// It was counted with what came later.
		r.keep(t)
		r.outcome.Covered++
		return nil, true, "", ""
	}
	r.state.unite(r.stream)
	return r.stream.track(r.point.Start), false, "", ""
}

// followUnstarted finds the process of a point that does not say when it began:
// the one that began last before it.
func (r *step) followUnstarted() (_ *track, done bool, reason push.Reason, cause string) {
	st := r.stream
	u, t := st.track(0), st.before(r.point.Time)
	switch {
	case t != nil && r.point.Time <= t.at && r.agrees(t):
		return t, false, "", ""
	case u != nil && (t == nil || t.start <= u.at):
		if r.point.Time <= u.at || u.base == 0 || !u.ended && r.rose(u) {
			return u, false, "", ""
		}
		// Its process ended, and another began since.
		r.state.unite(st)
		return nil, false, "", ""
	case u != nil:
		r.state.unite(st)
		r.state.removeTrack(st, 0)
		t = st.before(r.point.Time)
	}
	if t == nil || t.ended || r.point.Time <= t.at || !r.rose(t) || len(st.tracks) >= maxTracks {
		return nil, false, "", ""
	}
	r.state.gone.clear(keyOf(st, 0))
	return r.branch(t), false, "", ""
}

// branch makes the unstarted track go on from another.
func (r *step) branch(t *track) *track {
	st := r.stream
	u := track{base: t.start, at: t.at, seen: r.state.now, number: t.number}
	if t.distribution != nil {
		u.distribution = &push.Distribution{}
		copyDistribution(u.distribution, t.distribution)
		r.state.held += u.cost()
	}
	st.tracks = append(st.tracks, u)
	return st.track(0)
}

// part makes the unstarted track a process by itself, and adds what its base
// counted, which was taken for its own.
func (r *step) part(u *track) (push.Reason, string) {
	if base := r.stream.base(u); base != nil {
		if reason, cause := r.add(base.number, base.distribution); reason != "" {
			return reason, cause
		}
	}
	u.base = 0
	return "", ""
}

// unite makes the base of the unstarted track say what that said, and removes it.
func (s *State) unite(st *stream) {
	u := st.track(0)
	if u == nil || u.base == 0 {
		return
	}
	base := st.base(u)
	if base == nil {
		u.base = 0
		return
	}
	s.held -= base.cost()
	base.at, base.seen, base.number, base.distribution = u.at, max(base.seen, u.seen), u.number, u.distribution
	st.drop(0)
}

// base is the track that another goes on from, or nil.
func (s *stream) base(u *track) *track {
	if u.base == 0 {
		return nil
	}
	return s.track(u.base)
}

// before is the track that began last up to a time, of those that say when.
func (s *stream) before(at int64) (last *track) {
	for i := range s.tracks {
		if t := &s.tracks[i]; t.start != 0 && t.start <= at && (last == nil || t.start > last.start) {
			last = t
		}
	}
	return last
}

// rose reports whether the point has no less than what was said.
func (r *step) rose(t *track) bool {
	_, _, rose := r.since(t)
	return rose
}

// agrees reports whether one process can have said both.
func (r *step) agrees(t *track) bool {
	n, d, rose := r.since(t)
	same := rose && n.float() == 0 && (d == nil || d.Count() == 0)
	switch {
	case r.point.Time > t.at:
		return rose
	case r.point.Time == t.at:
		return same
	}
	return !rose || same
}

// end notes that the processes of a stream ended: those that come without a start
// are others.
func (s *stream) end() {
	for i := range s.tracks {
		s.tracks[i].ended, s.tracks[i].falls = true, falls{}
	}
}
