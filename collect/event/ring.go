package event

import (
	"runtime"
	"sync/atomic"
)

// cacheLine keeps what publishers write apart from what the reader does.
const cacheLine = 64

// sealed marks the tail of a ring that takes no more.
const sealed = 1 << 63

// ring is a bounded queue for many writers and one reader. The turn of a place
// says whose it is: a writer's whose position equals it, or the reader's whose
// position is one less.
type ring[E any] struct {
	places []place[E]
	mask   uint64
	_      [cacheLine]byte
	tail   atomic.Uint64
	_      [cacheLine]byte
	// head is the reader's.
	head uint64
}

type place[E any] struct {
	turn  atomic.Uint64
	event E
}

// newRing returns a ring with a number of places that is a power of two.
func newRing[E any](places int) *ring[E] {
	r := &ring[E]{places: make([]place[E], places), mask: uint64(places - 1)}
	for i := range r.places {
		r.places[i].turn.Store(uint64(i))
	}
	return r
}

// push appends an event, unless the ring is full or sealed. It returns how many
// were appended so far.
func (r *ring[E]) push(e *E) (count uint64, ok bool) {
	for {
		at := r.tail.Load()
		p := &r.places[at&r.mask]
		switch turn := p.turn.Load(); {
		case turn == at:
			if r.tail.CompareAndSwap(at, at+1) {
				p.event = *e
				p.turn.Store(at + 1)
				return at + 1, true
			}
		case turn < at:
			// What was there a round before has not been read, or the ring is
			// sealed, and its tail beyond every turn.
			return 0, false
		}
	}
}

// pop takes the oldest event, if it is complete.
func (r *ring[E]) pop() (e E, ok bool) {
	p := &r.places[r.head&r.mask]
	if p.turn.Load() != r.head+1 {
		return e, false
	}
	var zero E
	e, p.event = p.event, zero
	p.turn.Store(r.head + uint64(len(r.places)))
	r.head++
	return e, true
}

// seal makes the ring refuse events from now on.
func (r *ring[E]) seal() { r.tail.Or(sealed) }

// last takes the oldest event of a sealed ring; ok is false when there is none
// left. It waits for a writer that is about to complete one.
func (r *ring[E]) last() (e E, ok bool) {
	for r.head != r.tail.Load()&^sealed {
		if e, ok := r.pop(); ok {
			return e, true
		}
		runtime.Gosched()
	}
	return e, false
}
