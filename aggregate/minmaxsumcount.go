package aggregate

import (
	"github.com/metertree/metertree/internal/cell"
	"github.com/metertree/metertree/internal/saturate"
)

// MinMaxSumCount keeps the least and the greatest value, the sum and the count.
// Make one with NewMinMaxSumCount. It must not be copied.
type MinMaxSumCount struct {
	drops
	extremes cell.Extremes
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
	m.extremes.Offer(v)
	m.total.Observe(v)
}

// Checkpoint reads what was observed so far. Every value that is counted lies
// between Min and Max.
func (m *MinMaxSumCount) Checkpoint(to *MinMaxSumCountState) {
	var words [2]uint64
	sum := m.total.Read(words[:])
	*to = MinMaxSumCountState{Count: words[0]}
	if to.Count > 0 {
		to.Sum = sum
		lowest, highest := m.extremes.Words()
		to.Min, to.Max = cell.LowestOf(lowest), cell.HighestOf(highest)
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
		s.Sum = saturate.Float(s.Sum + other.Sum)
		s.Count += other.Count
	}
}
