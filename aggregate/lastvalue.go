package aggregate

import (
	"math"
	"runtime"
	"sync/atomic"
	"time"
)

// LastValue keeps the value that was set last and the time given with it. The
// zero value is ready for use and holds nothing. It must not be copied.
//
// Value and time are never mixed up with those of another Set. A Set writes
// both into a slot of its own and then makes that slot the current one in a
// single step, so neither writers nor readers wait for each other, unless more
// than seven goroutines are in the middle of a Set at once.
type LastValue struct {
	drops
	// current has the number of the current slot in its low bits and above
	// them how often one was made current, so that a reader notices if its slot
	// was reused meanwhile.
	current atomic.Uint64
	slots   [lastSlots]lastSlot
}

const (
	lastSlotBits = 3
	lastSlots    = 1 << lastSlotBits
	lastSlotMask = lastSlots - 1
)

// lastSlot is one value with its time. It is taken while a Set writes to it and
// as long as it is current.
type lastSlot struct {
	taken atomic.Bool
	value atomic.Uint64
	at    atomic.Int64
}

// Set makes v the value, with its time, which is kept in nanoseconds and must
// lie between the years 1678 and 2262. Of calls that overlap either may be the
// last. A value that is not finite is ignored and counted.
func (l *LastValue) Set(v float64, at time.Time) {
	if l.rejects(v) {
		return
	}
	i := l.take()
	slot := &l.slots[i]
	slot.value.Store(math.Float64bits(v))
	slot.at.Store(at.UnixNano())
	for {
		current := l.current.Load()
		next := (current>>lastSlotBits+1)<<lastSlotBits | uint64(i)
		if l.current.CompareAndSwap(current, next) {
			l.slots[current&lastSlotMask].taken.Store(false)
			return
		}
	}
}

// take reserves a slot that is not the current one. The first current slot was
// never taken and must be left out; any later one is taken.
func (l *LastValue) take() int {
	for {
		current := int(l.current.Load() & lastSlotMask)
		for step := 1; step < lastSlots; step++ {
			i := (current + step) & lastSlotMask
			if !l.slots[i].taken.Load() && l.slots[i].taken.CompareAndSwap(false, true) {
				return i
			}
		}
		runtime.Gosched()
	}
}

// Checkpoint reads the value and its time.
func (l *LastValue) Checkpoint(to *LastValueState) {
	for {
		current := l.current.Load()
		if current == 0 {
			*to = LastValueState{}
			return
		}
		slot := &l.slots[current&lastSlotMask]
		value, at := slot.value.Load(), slot.at.Load()
		if l.current.Load() == current {
			*to = LastValueState{Value: math.Float64frombits(value), At: time.Unix(0, at)}
			return
		}
	}
}

// LastValueState is what a LastValue held at one moment.
type LastValueState struct {
	Value float64
	// At is the time given with the value; it is zero if no value was set.
	At time.Time
}

// Merge keeps the later value; of two at the same time, the greater, so that
// the order of merging makes no difference.
func (s *LastValueState) Merge(other LastValueState) {
	switch s.At.Compare(other.At) {
	case -1:
		*s = other
	case 0:
		s.Value = max(s.Value, other.Value)
	}
}
