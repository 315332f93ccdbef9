package merge

import (
	"fmt"
	"time"

	"github.com/metertree/metertree/server/internal/gateway/push"
)

// delta merges an increment, if the period that it covers was not covered yet.
func (r *step) delta() (push.Reason, string) {
	if reason, cause := r.fit(); reason != "" {
		return reason, cause
	}
	st := r.stream
	known := st.windows
	if known == nil {
		known = &windows{Floor: noFloor}
		if grave, returns := r.state.gone.look(keyOf(st, deltaStart)); returns {
			known.Floor = grave.At
		}
	}
	w := windowOf(r.point.Start, r.point.Time)
	n, d, rest := numberOf(r.point), r.point.Distribution, w
	how := known.find(w)
	if how == overlapping {
		var grew bool
		if n, d, grew = r.growth(w); grew {
			rest.From = st.last.To
			how = known.find(rest)
		}
	}
	switch how {
	case covered:
		r.outcome.Repeated++
		return "", ""
	case overlapping:
		return push.Overlap, fmt.Sprintf("the increment from %s to %s overlaps with one that was counted: two processes write this stream, or one repeats what it pushed in other portions: %s",
			precise(w.From), precise(w.To), distinct)
	case forgotten:
		return push.TooOld, fmt.Sprintf("the increment up to %s may have been counted already, which is not remembered any more", precise(w.To))
	}
	if r.family.instant() {
		r.sum(n)
	} else if reason, cause := r.merge(n, d); reason != "" {
		return reason, cause
	}
	known.cover(rest)
	if r.point.Start == w.From && w.To == known.end() {
		r.remember(w)
	}
	if st.windows == nil {
		st.windows = known
		r.state.gone.clear(keyOf(st, deltaStart))
	}
	return "", ""
}

func precise(nanos int64) string { return time.Unix(0, nanos).UTC().Format("15:04:05.000000000") }

// sum adds the increment of an up-down counter to the value of its stream.
func (r *step) sum(n number) {
	st, t := r.stream, total{}
	t.add(st.value)
	t.add(n)
	if t.Floats {
		st.value = number{F: t.float()}
	} else {
		st.value = number{Whole: true, I: t.I}
	}
	r.show(st.value)
}
