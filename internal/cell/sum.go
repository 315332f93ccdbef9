package cell

import (
	"math"
	"sync/atomic"
)

// Number says how the words of a Sum are to be read.
type Number uint8

const (
	// Int64 words hold integers.
	Int64 Number = iota
	// Float64 words hold the bits of floats.
	Float64
)

func (n Number) layout() layout {
	if n == Float64 {
		return layout{floats: 1}
	}
	return layout{ints: 1}
}

// Sum is a number that many goroutines add to. A cell is used either as an
// int64 or as a float64, never as both, and who maintains it says which. The
// zero value is cold and at zero. A Sum must not be copied.
//
// Adds may run at any time; no two of the other methods at once.
type Sum struct {
	hot  atomic.Pointer[hot]
	word word
}

// Owner takes over the updates that a cell cannot take. Having the cell call it
// saves every update the frame of a caller that looks at a result.
type Owner interface {
	// AddIntOtherwise is called for a v that is negative or above MaxInt, and
	// for any v if the cell is sealed.
	AddIntOtherwise(s *Sum, v int64)
	// SetOtherwise and RaiseOtherwise are called for a v that is not finite,
	// and for any v if the gauge is watched or sealed.
	SetOtherwise(s *Sum, v float64)
	RaiseOtherwise(s *Sum, v float64)
}

// addIntShared adds to the shared word.
func (s *Sum) addIntShared(v int64) bool {
	after, ok := addInt(&s.word, v)
	if ok && hitsSample(after) {
		promoteBusy(&s.hot, 1)
	}
	return ok
}

// addFloatCold adds to the shared word.
func (s *Sum) addFloatCold(v float64) bool {
	after, ok := addFloat(&s.word, v)
	if ok && hitsSample(after) {
		promoteBusy(&s.hot, 1)
	}
	return ok
}

// Int returns what was added so far, or the end of the range that it has left.
func (s *Sum) Int() int64 { return int64(s.Read(Int64)) }

// Float returns what was added so far, or the end of the range that it has left.
func (s *Sum) Float() float64 { return math.Float64frombits(s.Read(Float64)) }

// Read returns the bits of what was added so far, or of the end of the range that
// it has left: MaxInt or the greatest finite number, of either sign.
func (s *Sum) Read(as Number) uint64 {
	h := s.hot.Load()
	if h == nil {
		return as.within(s.word.Load())
	}
	var sum [1]uint64
	if !h.sealed {
		sum[0] = as.within(s.word.Load())
	}
	h.accumulate(sum[:], as.layout())
	return sum[0]
}

// Hot tells whether the cell counts in lanes of its own.
func (s *Sum) Hot() bool { return s.hot.Load().active() }

// Pending tells whether the cell waits for Settle.
func (s *Sum) Pending() bool { return s.hot.Load().pending() }

// Demote returns an idle hot cell to its shared word. Settle it once the
// present epoch has passed.
func (s *Sum) Demote(as Number) {
	if s.Hot() {
		retire(&s.hot, as.layout())
	}
}

// Seal makes every later add report false. Settle the cell once the present
// epoch has passed: what it reads may grow until then, and is final after.
func (s *Sum) Seal(as Number) {
	l := as.layout()
	h := retire(&s.hot, l)
	var last [1]uint64
	if as == Float64 {
		last[0] = sealFloat(&s.word)
	} else {
		last[0] = sealInt(&s.word)
	}
	addWords(h.final, last[:], l)
	h.sealed = true
}

// Settle folds drained lanes together; call it when the epoch in which the
// cell was demoted or sealed has passed.
func (s *Sum) Settle(as Number) {
	h := s.hot.Load()
	if h == nil || h.active() {
		return
	}
	h.settle(as.layout())
	if h.sealed {
		return
	}
	if as == Float64 {
		addFloat(&s.word, math.Float64frombits(h.final[0]))
	} else {
		addInt(&s.word, room(&s.word, int64(h.final[0])))
	}
	s.hot.Store(nil)
}
