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
	switch known.find(w) {
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
		r.sum()
	} else if reason, cause := r.merge(numberOf(r.point), r.point.Distribution); reason != "" {
		return reason, cause
	}
	known.cover(w)
	if st.windows == nil {
		st.windows = known
		r.state.gone.clear(keyOf(st, deltaStart))
	}
	return "", ""
}

func precise(nanos int64) string { return time.Unix(0, nanos).UTC().Format("15:04:05.000000000") }

// sum adds the increment of an up-down counter to the value of its stream.
func (r *step) sum() {
	st, t := r.stream, total{}
	t.add(st.value)
	t.add(numberOf(r.point))
	if t.Floats {
		st.value = number{F: t.float()}
	} else {
		st.value = number{Whole: true, I: t.I}
	}
	r.show(st.value)
}
