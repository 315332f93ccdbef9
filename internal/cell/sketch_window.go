package cell

import (
	"math"
	"sync/atomic"
)

// window is the part of all possible buckets that a sketch keeps words for: a
// run of positive ones, a run of negative ones and the one around zero. Its
// layout never changes; a value outside needs a wider or coarser window, which
// then supersedes this one.
type window struct {
	// counts has the zero bucket first, then the positive buckets upwards,
	// then the negative ones by magnitude upwards, and the sum. It has no
	// bounds: the window knows the bucket.
	counts Histogram
	// aboveZero has the bits of the least magnitude that does not count as
	// zero; none does in a log.
	aboveZero          uint64
	positive, negative run
	// shift takes an index from the finest scale to the window's.
	shift uint8
	// sealed marks the last window of a sealed sketch.
	sealed bool
	// log marks the first window of a sketch, the words of which hold values;
	// closed says, to who maintains the cell, that the log was sealed.
	log, closed bool
	// prev is the window that this one superseded, until it is folded in.
	prev atomic.Pointer[window]
}

// outside says that a window has no bucket for a value.
const outside = -1

// newWindow returns a window with room for the given spans of indices and as
// many again, as far as size allows.
func newWindow(zero uint64, shift uint8, positive, negative span, size int) *window {
	w := &window{aboveZero: zero + 1, shift: shift}
	w.positive.init(positive, size)
	w.negative.init(negative, size)
	w.counts.words = make([]word, 1+w.positive.n+w.negative.n+1)
	return w
}

// bucket returns which of the window's buckets takes v, or outside.
func (w *window) bucket(v float64) int {
	raw := math.Float64bits(v)
	magnitude := raw &^ signBit
	if magnitude < w.aboveZero {
		return 0
	}
	index := sketchIndex(magnitude) >> (w.shift & 31)
	if raw == magnitude {
		return w.positive.at(index, 1)
	}
	return w.negative.at(index, 1+w.positive.n)
}

// admit returns the bucket for an index, at w's scale, and a sign, which bucket
// may have found to be outside, if there is room for it.
func (w *window) admit(index, sign int) int {
	r, from := &w.positive, 1
	switch {
	case sign == 0:
		return 0
	case sign < 0:
		r, from = &w.negative, 1+w.positive.n
	}
	if !r.extend(index) {
		return outside
	}
	return r.at(index, from)
}

// observeCold is observe without lanes. The sum goes first and is sealed last,
// as in a Histogram. With many buckets no single count grows fast, so sum and
// count together decide when to promote.
func (w *window) observeCold(bucket int, v float64) Outcome {
	words := w.counts.words
	sum, ok := addFloat(&words[len(words)-1], v)
	if !ok {
		return Refused
	}
	count, ok := addInt(&words[bucket], 1)
	if !ok {
		return SumTaken
	}
	if hitsSample(sum ^ count) {
		promoteBusy(&w.counts.hot, len(words))
	}
	return Taken
}

// countCold counts in a bucket without adding to the sum.
func (w *window) countCold(bucket int) Outcome {
	if _, ok := addInt(&w.counts.words[bucket], 1); !ok {
		return SumTaken
	}
	return Taken
}
