package merge

import "github.com/metertree/metertree/server/internal/gateway/push"

// period is a delta that was counted. An exporter that does not know so, because
// the answer was lost, includes it in its next one, which has the same start.
type period struct {
	From, To     int64
	Number       number
	Distribution *push.Distribution
}

func (p *period) cost() int {
	if p == nil {
		return 0
	}
	return costOf(p.Distribution)
}

// growth returns what a delta has beyond the last one of the same start, or false
// if that is not included in it. The distribution is valid until the next call.
func (r *step) growth(w window) (number, *push.Distribution, bool) {
	last, s := r.stream.last, r.state
	if !s.joined() || last == nil || last.From != w.From || last.To >= w.To {
		return number{}, nil, false
	}
	now := r.point.Distribution
	switch {
	case now == nil && r.family.instant():
		return numberOf(r.point).minus(last.Number), nil, true
	case now == nil:
		n, rose := numberOf(r.point).since(last.Number)
		return n, nil, rose
	case now.Exponential != nil:
		s.sketch.CopyFrom(now.Exponential)
		s.sketch.Coarsen(last.Distribution.Exponential.Scale)
		s.difference = push.Distribution{Exponential: &s.sketch}
		return number{}, &s.difference, s.sketch.Sub(last.Distribution.Exponential) == nil
	}
	s.explicit.CopyFrom(&now.Explicit)
	err := s.explicit.Sub(&last.Distribution.Explicit)
	s.difference = push.Distribution{Explicit: s.explicit}
	return number{}, &s.difference, err == nil
}

// remember notes a delta that was counted.
func (r *step) remember(w window) {
	before := r.stream.last.cost()
	if r.stream.last == nil {
		r.stream.last = &period{}
	}
	last := r.stream.last
	last.From, last.To, last.Number = w.From, w.To, numberOf(r.point)
	if r.point.Distribution == nil {
		return
	}
	if last.Distribution == nil {
		last.Distribution = &push.Distribution{}
	}
	r.copyPoint(last.Distribution)
	r.state.held += last.cost() - before
}
