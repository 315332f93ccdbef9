package cell

import (
	"math"
	"sync/atomic"
	"time"
	"unsafe"
)

// word is a shared word of a cold cell.
type word = atomic.Uint64

// layout says how the words of a lane are to be read: integers first, then
// floats.
type layout struct{ ints, floats int }

func (l layout) width() int { return l.ints + l.floats }

// hot is what a cell counts in besides its shared words once it was promoted,
// demoted or sealed. Updaters read lanes alone; the other fields belong to
// whoever maintains the cell.
type hot struct {
	// lanes points at the first of the words of each processor or stripe. It
	// is empty once the cell is being demoted or is sealed.
	lanes []*uint64
	// draining are lanes to which no new writer comes; the last ones may still
	// be writing, until the epoch in which they were taken out has passed.
	draining []*uint64
	// final is what drained lanes and sealed shared words had counted.
	final []uint64
	// sealed says that the shared words no longer count.
	sealed bool
}

// sampleBits says that one in 2^sampleBits updates of a cold cell is a sample on
// average: often enough that a busy series is promoted within microseconds, seldom
// enough to cost an update nothing.
const sampleBits = 10

// rush is the time within which two samples in a row show that a cell is busy: it
// has some ten thousand updates a second. Series that count alike come to the same
// contents, and to samples, sooner or later; what tells the busy ones is how fast.
const rush = 100 * time.Millisecond

// hitsSample reports true once in 2^sampleBits updates on average. It decides
// by the cell's own content, so it costs neither a counter nor a random number;
// the multiplication (by 2^64 over the golden ratio) spreads contents that
// differ in few bits.
func hitsSample(content uint64) bool {
	return content*0x9e37_79b9_7f4a_7c15>>(64-sampleBits) == 0
}

// sampled remembers, for the cells that share a slot, the sample before: of which
// cell it was, by whom and when, each cut short.
var sampled [256]atomic.Uint64

const (
	sampleWhoBits  = 20
	sampleTimeBits = 20 // milliseconds: a quarter of an hour
)

// hurried notes a sample of a cell, and reports whether the one before it was of
// the same cell and not long ago, and by whom. Cells that share a slot only hide
// samples from each other.
func hurried(at *atomic.Pointer[hot], who uint64) (before uint64, busy bool) {
	const whoMask, timeMask = 1<<sampleWhoBits - 1, 1<<sampleTimeBits - 1
	cell := uint64(uintptr(unsafe.Pointer(at))) >> 3
	now := uint64(time.Now().UnixMilli()) & timeMask
	of := cell << (sampleWhoBits + sampleTimeBits)
	last := sampled[cell%uint64(len(sampled))].Swap(of | who&whoMask<<sampleTimeBits | now)
	passed := (now - last) & timeMask
	same := last>>(sampleWhoBits+sampleTimeBits) == of>>(sampleWhoBits+sampleTimeBits)
	return last >> sampleTimeBits & whoMask, same && passed < uint64(rush.Milliseconds())
}

// promoteBusy promotes a cold cell of which an update is a sample, if it is busy.
func promoteBusy(at *atomic.Pointer[hot], width int) {
	if at.Load() == nil && crowded(at) {
		promote(at, width)
	}
}

// promote gives a cold cell lanes of its own. Of several promoters one wins.
func promote(at *atomic.Pointer[hot], width int) {
	if at.Load() != nil {
		return
	}
	fresh := &hot{lanes: newLanes(width)}
	if !at.CompareAndSwap(nil, fresh) {
		recycleLanes(fresh.lanes, width)
	}
}

// retire takes the lanes away from updaters: they go on in the shared words
// or, if those are sealed next, elsewhere. The lanes drain until settled.
func retire(at *atomic.Pointer[hot], l layout) *hot {
	next := &hot{final: make([]uint64, l.width())}
	if prev := at.Swap(next); prev != nil {
		next.draining = append(prev.draining, prev.lanes...)
		copy(next.final, prev.final)
	}
	return next
}

// settle folds drained lanes into final; the epoch must have passed.
func (h *hot) settle(l layout) {
	for _, lane := range h.draining {
		drainLane(h.final, lane, l)
	}
	recycleLanes(h.draining, l.width())
	h.draining = nil
}

// accumulate adds to sum, which has the layout's width, whatever h counts
// besides the shared words.
func (h *hot) accumulate(sum []uint64, l layout) {
	addWords(sum, h.final, l)
	for _, lane := range h.lanes {
		readLane(sum, lane, l)
	}
	for _, lane := range h.draining {
		readLane(sum, lane, l)
	}
}

// addWords adds words of the same layout to sums within their range; absent words
// count as zero.
func addWords(sum, words []uint64, l layout) {
	if len(words) == 0 {
		return
	}
	for i := range l.ints {
		sum[i] = sumInts(sum[i], words[i])
	}
	for i := l.ints; i < l.width(); i++ {
		sum[i] = sumFloats(sum[i], words[i])
	}
}

func addFloatBits(bits uint64, v float64) uint64 {
	return math.Float64bits(math.Float64frombits(bits) + v)
}

// active tells whether the cell counts in lanes now.
func (h *hot) active() bool { return h != nil && len(h.lanes) > 0 }

// pending tells whether lanes wait to be settled.
func (h *hot) pending() bool { return h != nil && len(h.draining) > 0 }
