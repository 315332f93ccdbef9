//go:build (amd64 || arm64) && gc && !race && !metertree_portable

package cell

import (
	"math"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A goroutine that is pinned to its processor is neither preempted nor moved,
// so a plain add to a word that belongs to that processor cannot race with
// another add. The words of one processor lie together in chunks of its own,
// so processors never share a cache line.
//
// A reader loads the words without stopping anybody. On the architectures this
// file is built for, an aligned 64-bit load or store is never torn; a read may
// miss what is being added at that instant, which the next read has.

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

// Increase adds v, or leaves it to the owner if v is not within 0 and MaxInt or
// the cell is sealed.
func (s *Sum) Increase(v int64, owner Owner) {
	p := procPin()
	if h := s.hot.Load(); h != nil && uint(p) < uint(len(h.lanes)) && uint64(v) <= uint64(laneMax) {
		*h.lanes[p] += uint64(v)
		procUnpin()
		return
	}
	procUnpin()
	if uint64(v) > uint64(MaxInt) || !s.addIntShared(v) {
		owner.AddIntOtherwise(s, v)
	}
}

// AddInt adds v, of at most MaxInt either way, and reports whether the cell
// took it; a sealed cell does not.
func (s *Sum) AddInt(v int64) bool {
	p := procPin()
	if h := s.hot.Load(); h != nil && uint(p) < uint(len(h.lanes)) && uint64(v+laneMax) <= 2*uint64(laneMax) {
		*h.lanes[p] += uint64(v)
		procUnpin()
		return true
	}
	procUnpin()
	return s.addIntShared(v)
}

// AddFloat adds v and reports whether the cell took it; a sealed cell does not.
func (s *Sum) AddFloat(v float64) bool {
	p := procPin()
	if h := s.hot.Load(); h != nil && uint(p) < uint(len(h.lanes)) {
		lane := h.lanes[p]
		*lane = addFloatBits(*lane, v)
		procUnpin()
		return true
	}
	procUnpin()
	return s.addFloatCold(v)
}

// Set sets a gauge, or leaves it to the owner if v is not finite or the gauge is
// watched or sealed.
func (s *Sum) Set(v float64, owner Owner) {
	if finite(v) {
		// This is TrySet in line: its call would be a notable part of a set.
		procPin()
		if s.hot.Load() == nil {
			*(*uint64)(unsafe.Pointer(&s.word)) = math.Float64bits(v)
			procUnpin()
			return
		}
		procUnpin()
	}
	owner.SetOtherwise(s, v)
}

// TrySet sets a gauge to v, which is finite, and reports whether it took it.
//
// A plain store does: of two writes at once either may be the last. Being
// pinned keeps the store from being delayed beyond the epoch in which the gauge
// is sealed.
func (s *Sum) TrySet(v float64) bool {
	procPin()
	open := s.hot.Load() == nil
	if open {
		*(*uint64)(unsafe.Pointer(&s.word)) = math.Float64bits(v)
	}
	procUnpin()
	return open
}

// Observe counts v in its bucket and adds it to the sum.
func (h *Histogram) Observe(v float64) Outcome {
	bucket := h.Bucket(v)
	p := procPin()
	if hot := h.hot.Load(); hot != nil && uint(p) < uint(len(hot.lanes)) {
		lane := unsafe.Slice(hot.lanes[p], len(h.words))
		lane[bucket]++
		last := &lane[len(lane)-1]
		*last = addFloatBits(*last, v)
		procUnpin()
		return Taken
	}
	procUnpin()
	return h.observeCold(bucket, v)
}

// crowded reports whether a cell that updates are sampled of is worth lanes of
// its own: whether it is busy. They cost an update less than the shared word does
// whoever updates.
func crowded(at *atomic.Pointer[hot]) bool {
	_, busy := hurried(at, 0)
	return busy
}

// chunkWords is the size of a chunk: a page, so that a chunk starts on a cache
// line of its own.
const chunkWords = 512

// arena hands out lanes of one processor.
type arena struct {
	chunk []uint64
	free  map[int][]*uint64
}

var (
	arenasMu sync.Mutex
	arenas   []arena
)

// newLanes returns one lane of zeros for each processor there is now. A
// processor that is added later has none, and its updates go to the shared
// words.
func newLanes(width int) []*uint64 {
	arenasMu.Lock()
	defer arenasMu.Unlock()
	procs := runtime.GOMAXPROCS(0)
	for len(arenas) < procs {
		arenas = append(arenas, arena{free: map[int][]*uint64{}})
	}
	lanes := make([]*uint64, procs)
	for p := range lanes {
		lanes[p] = arenas[p].take(width)
	}
	return lanes
}

func (a *arena) take(width int) *uint64 {
	if free := a.free[width]; len(free) > 0 {
		lane := free[len(free)-1]
		a.free[width] = free[:len(free)-1]
		return lane
	}
	if width > chunkWords {
		return &make([]uint64, width)[0]
	}
	if len(a.chunk) < width {
		a.chunk = make([]uint64, chunkWords)
	}
	lane := &a.chunk[0]
	a.chunk = a.chunk[width:]
	return lane
}

// recycleLanes takes back lanes that nobody writes to or reads.
func recycleLanes(lanes []*uint64, width int) {
	arenasMu.Lock()
	defer arenasMu.Unlock()
	for p, lane := range lanes {
		clear(unsafe.Slice(lane, width))
		arenas[p].free[width] = append(arenas[p].free[width], lane)
	}
}

// readLane adds a lane that may be written to meanwhile.
func readLane(sum []uint64, lane *uint64, l layout) {
	words := unsafe.Slice(lane, l.width())
	for i := range l.ints {
		sum[i] = sumInts(sum[i], atomic.LoadUint64(&words[i]))
	}
	for i := l.ints; i < l.width(); i++ {
		sum[i] = sumFloats(sum[i], atomic.LoadUint64(&words[i]))
	}
}

// drainLane adds a lane that nobody writes to any more.
func drainLane(sum []uint64, lane *uint64, l layout) { readLane(sum, lane, l) }

const gcCycles = "/gc/cycles/total:gc-cycles"

// Epoch is a moment in the life of the process.
type Epoch uint64

// Now returns the present epoch.
//
// An epoch passes with a garbage collection that begins or ends after it: the
// world is stopped then, and it cannot stop while a goroutine is pinned, so
// every update that was under way has finished. Nothing needs to be forced;
// until the next collection comes a drained lane is merely read once more.
func Now() Epoch {
	sample := []metrics.Sample{{Name: gcCycles}}
	metrics.Read(sample)
	return Epoch(sample[0].Value.Uint64())
}

// Passed reports whether every update that was under way in the given epoch
// has finished, if now is the present one.
func (e Epoch) Passed(now Epoch) bool { return now > e }
