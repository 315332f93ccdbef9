package aggregate

import (
	"math"
	"sync/atomic"

	"github.com/metertree/metertree/internal/cell"
)

// MinMaxSumCount keeps the least and the greatest value, the sum and the count.
// Make one with NewMinMaxSumCount. It must not be copied.
type MinMaxSumCount struct {
	drops
	// lowest and highest hold order keys; a word of zero holds nothing.
	lowest, highest atomic.Uint64
	// total has a single bucket.
	total cell.Histogram
}

// NewMinMaxSumCount returns an empty aggregator.
func NewMinMaxSumCount() *MinMaxSumCount {
	m := &MinMaxSumCount{}
	m.total.Init(nil)
	return m
}

// Observe takes v in. A value that is not finite is ignored and counted.
func (m *MinMaxSumCount) Observe(v float64) {
	if m.rejects(v) {
		return
	}
	// The extremes go first, so that no value is counted which they leave out.
	key := orderKey(v)
	raise(&m.highest, key)
	raise(&m.lowest, ^key)
	m.total.Observe(v)
}

// orderKey maps finite floats to integers of the same order, above zero and
// below the greatest uint64.
func orderKey(v float64) uint64 {
	bits := math.Float64bits(v)
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

func fromOrderKey(key uint64) float64 {
	if key>>63 != 0 {
		return math.Float64frombits(key &^ (1 << 63))
	}
	return math.Float64frombits(^key)
}

// raise stores key if it exceeds what is stored; once the extremes are known
// that is a load and a comparison.
func raise(word *atomic.Uint64, key uint64) {
	for {
		old := word.Load()
		if key <= old || word.CompareAndSwap(old, key) {
			return
		}
	}
}

// Checkpoint reads what was observed so far. Every value that is counted lies
// between Min and Max.
func (m *MinMaxSumCount) Checkpoint(to *MinMaxSumCountState) {
	var words [2]uint64
	sum := m.total.Read(words[:])
	*to = MinMaxSumCountState{Count: words[0]}
	if to.Count > 0 {
		to.Sum = sum
		to.Min = fromOrderKey(^m.lowest.Load())
		to.Max = fromOrderKey(m.highest.Load())
	}
}

// MinMaxSumCountState is what a MinMaxSumCount held at one moment. Without
// values, at a Count of zero, the other fields mean nothing.
//
// There is no Sub: the extremes of a period do not follow from those of all
// time. Sum and Count alone may be subtracted.
type MinMaxSumCountState struct {
	Min, Max, Sum float64
	Count         uint64
}

// Merge takes in the values of another state.
func (s *MinMaxSumCountState) Merge(other MinMaxSumCountState) {
	switch {
	case other.Count == 0:
	case s.Count == 0:
		*s = other
	default:
		s.Min, s.Max = min(s.Min, other.Min), max(s.Max, other.Max)
		s.Sum += other.Sum
		s.Count += other.Count
	}
}
