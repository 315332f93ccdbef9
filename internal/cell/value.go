package cell

import "math"

// A Sum can be used as a gauge instead: a float64 that is set or added to, of
// which the last write stays. It then has no lanes. Its hot field is nil while
// writes go through; otherwise it says why they do not: the gauge is watched,
// to learn whether anybody writes to it, or it is sealed.

// watched is what the hot field of every watched gauge points to.
var watched = &hot{}

// Watch makes the next write ask its owner first.
func (s *Sum) Watch() { s.hot.CompareAndSwap(nil, watched) }

// Unwatch lets writes go through again.
func (s *Sum) Unwatch() { s.hot.CompareAndSwap(watched, nil) }

// Watched reports whether nobody has written since Watch.
func (s *Sum) Watched() bool { return s.hot.Load() == watched }

// finite reports whether v is neither NaN nor an infinity: only then is v-v
// zero.
func finite(v float64) bool { return v-v == 0 }

// Raise adds v to a gauge, or leaves it to the owner if v is not finite or the
// gauge is watched or sealed. It does not look at what that makes: a gauge that
// became infinite stays so until it is set.
func (s *Sum) Raise(v float64, owner Owner) {
	if finite(v) && s.hot.Load() == nil {
		// This is addFloat in line: its call would be a notable part of a raise.
		for old := s.word.Load(); old != sealedFloat; old = s.word.Load() {
			if s.word.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
				return
			}
		}
	}
	owner.RaiseOtherwise(s, v)
}

// TryRaise adds v, which is finite, and reports whether the gauge took it; one that
// would be infinite does not.
func (s *Sum) TryRaise(v float64) bool {
	if s.hot.Load() != nil {
		return false
	}
	for old := s.word.Load(); old != sealedFloat; old = s.word.Load() {
		next := math.Float64frombits(old) + v
		if !finite(next) {
			return false
		}
		if s.word.CompareAndSwap(old, math.Float64bits(next)) {
			return true
		}
	}
	return false
}

// Replace sets a gauge that may be watched from old to v, and reports whether it
// took it: the gauge has another value by now, or is sealed, if not.
func (s *Sum) Replace(old, v float64) bool {
	return s.word.CompareAndSwap(math.Float64bits(old), math.Float64bits(v))
}

// Gauge returns the value of a gauge.
func (s *Sum) Gauge() float64 {
	if h := s.hot.Load(); h != nil && len(h.final) > 0 {
		return math.Float64frombits(h.final[0])
	}
	return math.Float64frombits(s.word.Load())
}

// SealGauge makes every later write ask its owner. Settle the gauge once the
// present epoch has passed: until then a write that was under way may change
// it.
func (s *Sum) SealGauge() { s.hot.Store(&hot{sealed: true}) }

// SettleGauge makes the value of a sealed gauge final; call it when the epoch
// in which it was sealed has passed.
func (s *Sum) SettleGauge() {
	h := s.hot.Load()
	if h != nil && h.sealed && len(h.final) == 0 {
		h.final = []uint64{sealFloat(&s.word)}
	}
}
