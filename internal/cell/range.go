package cell

import (
	"math"

	"github.com/metertree/metertree/internal/saturate"
)

// What words have added up to may lie beyond what a sum can be: a float word may
// have become infinite, and the words of an integer cell together may exceed
// MaxInt. Updates do not look at totals, so it is readers who put that right: they
// read the end of the range. A sum that has reached it stays there.

// laneMax bounds a single add to a lane of integers, which adds do not look at:
// from within the range of a sum it takes more than 10^10 of the largest adds to
// wrap a lane around, and the reader that finds the sum beyond its range before
// has the cell demoted, whose shared word refuses what is too much. Larger adds
// go there at once.
const laneMax = int64(1) << 28

// withinInt returns the integer nearest to v that a sum can be.
func withinInt(v int64) int64 { return max(min(v, MaxInt), -MaxInt) }

// within returns the bits of the number nearest to what a word holds that a sum
// can be.
func (n Number) within(word uint64) uint64 {
	if n == Float64 {
		return math.Float64bits(saturate.Float(math.Float64frombits(word)))
	}
	return uint64(withinInt(int64(word)))
}

// sumInts adds the content of a word to a sum within its range.
func sumInts(sum, word uint64) uint64 {
	return uint64(withinInt(int64(sum) + withinInt(int64(word))))
}

// sumFloats is sumInts for the bits of floats.
func sumFloats(sum, word uint64) uint64 {
	return math.Float64bits(saturate.Float(math.Float64frombits(sum) + saturate.Float(math.Float64frombits(word))))
}

// room returns how much of v a shared word can take without leaving the range of a
// sum.
func room(w *word, v int64) int64 {
	if v <= 0 {
		return v
	}
	return max(0, min(v, MaxInt-int64(w.Load())))
}

// Full reports whether the bits of a sum are an end of the range: it may have left
// out what came later.
func (n Number) Full(sum uint64) bool {
	if n == Float64 {
		return math.Abs(math.Float64frombits(sum)) >= math.MaxFloat64
	}
	return int64(sum) >= MaxInt || int64(sum) <= -MaxInt
}
