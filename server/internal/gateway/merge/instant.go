package merge

import (
	"fmt"

	"github.com/metertree/metertree/server/internal/gateway/push"
)

// instant keeps the value of a gauge or of an up-down counter.
func (r *step) instant() (push.Reason, string) {
	st, p := r.stream, r.point
	first := st.links.seen == never
	switch {
	case first:
	case p.Time == st.at && numberOf(p).float() == st.value.float():
		r.outcome.Repeated++
		return "", ""
	case p.Time == st.at:
		return push.Conflict, fmt.Sprintf("it was %v at that time, and is now said to have been %v: %s", st.value.float(), p.Value(), distinct)
	case p.Time < st.at:
		r.outcome.Covered++
		return "", ""
	case p.Start != 0 && p.Start < st.start && p.Time > st.start+overlap:
		return push.Conflict, fmt.Sprintf("a process that began at %s writes this stream too, and only the newest can be shown: %s", clock(st.start), distinct)
	}
	st.at, st.start = p.Time, max(st.start, p.Start)
	r.show(numberOf(p))
	return "", ""
}

// show makes a value the one that the stream has now.
func (r *step) show(n number) {
	r.stream.value, r.stream.at = n, max(r.stream.at, r.point.Time)
	r.family.floats = r.family.floats || !n.Whole
	r.stream.series.join(r.stream)
	r.outcome.Merged++
}
