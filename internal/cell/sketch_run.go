package cell

import "sync/atomic"

// run is a run of neighbouring buckets of one sign that have words.
type run struct {
	// first is the index of the first of n buckets.
	first, n int
	// seen is the part of the run in use, so that a wider or coarser window can
	// be planned without reading counts: the lowest index in the upper half,
	// the number of buckets in the lower one. It only grows.
	seen atomic.Uint64
}

// minRun is the least number of buckets a run is given.
const minRun = 8

// init makes room for the span, with slack of the same width for what comes
// next, half on each side, as far as size allows. So values that spread out
// supersede windows a number of times that grows with the logarithm of size.
func (r *run) init(s span, size int) {
	need := s.width(0)
	if need == 0 {
		return
	}
	slack := min(max(need, minRun-need), size-need)
	r.first, r.n = s.low-slack/2, need+slack
	r.seen.Store(s.pack())
}

// at returns the place of an index in use if the run begins at place from.
func (r *run) at(index, from int) int {
	seen := r.seen.Load()
	if uint(index-int(int32(seen>>32))) >= uint(uint32(seen)) {
		return outside
	}
	return index - r.first + from
}

// extend takes an index into use and reports whether there is room for it.
func (r *run) extend(index int) bool {
	if uint(index-r.first) >= uint(r.n) {
		return false
	}
	for {
		seen := r.seen.Load()
		s := unpackSpan(seen)
		s.include(index)
		if r.seen.CompareAndSwap(seen, s.pack()) {
			return true
		}
	}
}

// span is a range of indices with both ends included; it starts empty.
type span struct {
	low, high int
	some      bool
}

func unpackSpan(seen uint64) span {
	low, n := int(int32(seen>>32)), int(uint32(seen))
	return span{low: low, high: low + n - 1, some: n > 0}
}

func (s span) pack() uint64 { return uint64(uint32(s.low))<<32 | uint64(s.width(0)) }

func (s *span) include(index int) {
	if !s.some {
		*s = span{index, index, true}
		return
	}
	s.low, s.high = min(s.low, index), max(s.high, index)
}

// width returns how many buckets the span takes when coarser by shift.
func (s span) width(shift uint8) int {
	if !s.some {
		return 0
	}
	return s.high>>shift - s.low>>shift + 1
}

// coarser returns the span when coarser by shift.
func (s span) coarser(shift uint8) span { return span{s.low >> shift, s.high >> shift, s.some} }
