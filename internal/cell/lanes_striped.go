//go:build !((amd64 || arm64) && gc && !race && !metertree_portable)

package cell

import (
	"math"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Where a goroutine cannot be pinned, a hot cell counts in stripes: shared
// words, each on cache lines of its own, of which a goroutine uses the one its
// stack's address picks. Goroutines on different processors mostly meet
// different stripes.

// cacheLine is the size, in words, that keeps two stripes apart on all common
// processors.
const cacheLine = 8

// Two goroutines that run at once meet in one stripe with a probability of one
// in the number of stripes, so there are several for each processor; maxStripes
// bounds the memory of a hot cell.
const (
	stripesPerProcessor = 8
	maxStripes          = 128
)

// Increase adds v, or leaves it to the owner if v is not within 0 and MaxInt or
// the cell is sealed.
func (s *Sum) Increase(v int64, owner Owner) {
	switch {
	case uint64(v) > uint64(MaxInt):
	case s.hot.Load() == nil:
		after := s.word.Add(uint64(v))
		if int64(after) <= MaxInt {
			if hitsSample(after) {
				promoteBusy(&s.hot, 1)
			}
			return
		}
		s.word.Add(uint64(-v))
	case s.AddInt(v):
		return
	}
	owner.AddIntOtherwise(s, v)
}

// AddInt adds v, of at most MaxInt either way, and reports whether the cell
// took it; a sealed cell does not.
func (s *Sum) AddInt(v int64) bool {
	for {
		h := s.hot.Load()
		if !h.active() {
			return s.addIntShared(v)
		}
		stripe := h.stripe()
		if _, ok := addInt(stripe, v); ok {
			return true
		}
		if s.hot.Load() == h {
			// Not sealed: the stripe would leave the range of a sum.
			return s.addIntShared(v)
		}
		// The stripe was sealed because the cell is being demoted or sealed:
		// by now it shows which.
	}
}

// AddFloat adds v and reports whether the cell took it; a sealed cell does not.
func (s *Sum) AddFloat(v float64) bool {
	for {
		h := s.hot.Load()
		if !h.active() {
			return s.addFloatCold(v)
		}
		if _, ok := addFloat(h.stripe(), v); ok {
			return true
		}
	}
}

// Set sets a gauge, or leaves it to the owner if v is not finite or the gauge is
// watched or sealed.
func (s *Sum) Set(v float64, owner Owner) {
	if finite(v) && s.hot.Load() == nil {
		// This is TrySet in line: its call would be a notable part of a set.
		for old := s.word.Load(); old != sealedFloat; old = s.word.Load() {
			if s.word.CompareAndSwap(old, math.Float64bits(v)) {
				return
			}
		}
	}
	owner.SetOtherwise(s, v)
}

// TrySet sets a gauge to v, which is finite, and reports whether it took it. It
// compares before it swaps because a blind store could overwrite the seal, and
// the write after it would then be lost.
func (s *Sum) TrySet(v float64) bool {
	if s.hot.Load() != nil {
		return false
	}
	for {
		old := s.word.Load()
		if old == sealedFloat {
			return false
		}
		if s.word.CompareAndSwap(old, math.Float64bits(v)) {
			return true
		}
	}
}

// Observe counts v in its bucket and adds it to the sum.
func (h *Histogram) Observe(v float64) Outcome {
	bucket := h.Bucket(v)
	for {
		hot := h.hot.Load()
		if !hot.active() {
			return h.observeCold(bucket, v)
		}
		stripe := unsafe.Slice(hot.stripe(), len(h.words))
		if _, ok := addFloat(&stripe[len(stripe)-1], v); !ok {
			continue
		}
		if _, ok := addInt(&stripe[bucket], 1); ok {
			return Taken
		}
		return h.countCold(bucket)
	}
}

// stripe returns the first word of the stripe for the calling goroutine.
func (h *hot) stripe() *word {
	return (*word)(unsafe.Pointer(h.lanes[stack()%uint64(len(h.lanes))]))
}

// stack returns a number that tells goroutines apart by where their stacks are.
// Stacks are at least 2 KiB apart; the multiplication spreads neighbours.
func stack() uint64 {
	var local byte
	return uint64(uintptr(unsafe.Pointer(&local))) >> 11 * 0x9e37_79b9_7f4a_7c15 >> 32
}

// crowded reports whether a cell that updates are sampled of is worth stripes of
// its own: whether it is busy, and the sample before this one came from another
// goroutine. For a single one the shared word is faster.
func crowded(at *atomic.Pointer[hot]) bool {
	who := stack() & (1<<sampleWhoBits - 1)
	before, busy := hurried(at, who)
	return busy && before != who
}

func newLanes(width int) []*uint64 {
	lanes := make([]*uint64, min(stripesPerProcessor*runtime.GOMAXPROCS(0), maxStripes))
	padded := (width + 2*cacheLine - 1) / cacheLine * cacheLine
	words := make([]uint64, padded*len(lanes))
	for i := range lanes {
		lanes[i] = &words[i*padded]
	}
	return lanes
}

// recycleLanes leaves stripes to the garbage collector: a goroutine may still
// be about to find that its stripe is sealed.
func recycleLanes([]*uint64, int) {}

func readLane(sum []uint64, lane *uint64, l layout) {
	words := unsafe.Slice(lane, l.width())
	for i := range l.ints {
		sum[i] = sumInts(sum[i], atomic.LoadUint64(&words[i]))
	}
	for i := l.ints; i < l.width(); i++ {
		sum[i] = sumFloats(sum[i], atomic.LoadUint64(&words[i]))
	}
}

// drainLane adds a lane and seals it, so that a straggler counts elsewhere.
// The sum comes last, as in Histogram.Seal.
func drainLane(sum []uint64, lane *uint64, l layout) {
	words := unsafe.Slice((*word)(unsafe.Pointer(lane)), l.width())
	for i := range l.ints {
		sum[i] = sumInts(sum[i], sealInt(&words[i]))
	}
	for i := l.ints; i < l.width(); i++ {
		sum[i] = sumFloats(sum[i], sealFloat(&words[i]))
	}
}

// Epoch is a moment in the life of the process. Stripes are sealed one by one,
// so no update needs to be waited for and every epoch has passed.
type Epoch struct{}

// Now returns the present epoch.
func Now() Epoch { return Epoch{} }

// Passed reports whether every update that was under way in the given epoch
// has finished, if now is the present one.
func (Epoch) Passed(Epoch) bool { return true }
