package cell

import (
	"math"
	"sync/atomic"
)

// Histogram counts observations by bucket and sums them. Init it before use. It
// must not be copied.
//
// Observe may run at any time; no two of the other methods at once.
type Histogram struct {
	hot atomic.Pointer[hot]
	// bounds are inclusive upper bounds, shared by all histograms of a layout.
	bounds []float64
	// words holds one count for each bucket and, last, the sum.
	words []word
}

// Init makes a cold histogram with the given inclusive upper bounds, which are
// kept. There is one bucket more, for what exceeds the last bound.
func (h *Histogram) Init(bounds []float64) {
	h.bounds = bounds
	h.words = make([]word, len(bounds)+2)
}

// Bucket returns the index of the first bound that is at least v. Layouts are
// short, so a scan beats a binary search.
func (h *Histogram) Bucket(v float64) int {
	for i, b := range h.bounds {
		if v <= b {
			return i
		}
	}
	return len(h.bounds)
}

func (h *Histogram) layout() layout { return layout{ints: len(h.words) - 1, floats: 1} }

// Outcome says how much of an observation a cell took.
type Outcome uint8

const (
	// Taken means the whole observation counts here.
	Taken Outcome = iota
	// Refused means nothing of it counts here: the cell is sealed.
	Refused
	// SumTaken means the cell was sealed in the middle: the value is in the
	// sum, and the count belongs elsewhere.
	SumTaken
)

// observeCold is Observe without lanes. The sum goes first and is sealed last,
// so an observation that finds the sum sealed finds everything sealed.
func (h *Histogram) observeCold(bucket int, v float64) Outcome {
	if _, ok := addFloat(&h.words[len(h.words)-1], v); !ok {
		return Refused
	}
	return h.countCold(bucket)
}

// Count counts v without adding it to the sum: the rest of an observation of
// which another cell took the sum. It reports whether the cell took it.
func (h *Histogram) Count(v float64) bool { return h.countCold(h.Bucket(v)) == Taken }

func (h *Histogram) countCold(bucket int) Outcome {
	after, ok := addInt(&h.words[bucket], 1)
	if !ok {
		return SumTaken
	}
	if hitsSample(after) {
		promoteBusy(&h.hot, len(h.words))
	}
	return Taken
}

// Read writes the count of each bucket, and last the bits of the sum, which is
// always finite, into words, which must be one longer than the histogram has
// buckets. It returns the sum. Each word is exact, but an observation that is under
// way may show in the sum before it shows in its bucket, or the other way round.
func (h *Histogram) Read(words []uint64) (sum float64) {
	hot := h.hot.Load()
	clear(words)
	if last := len(words) - 1; hot == nil || !hot.sealed {
		for i := range words {
			words[i] = h.words[i].Load()
		}
		words[last] = Float64.within(words[last])
	}
	if hot != nil {
		hot.accumulate(words, h.layout())
	}
	return math.Float64frombits(words[len(words)-1])
}

// Buckets returns how many buckets there are.
func (h *Histogram) Buckets() int { return len(h.bounds) + 1 }

// Hot tells whether the cell counts in lanes of its own.
func (h *Histogram) Hot() bool { return h.hot.Load().active() }

// Pending tells whether the cell waits for Settle.
func (h *Histogram) Pending() bool { return h.hot.Load().pending() }

// Demote returns an idle hot cell to its shared words. Settle it once the
// present epoch has passed.
func (h *Histogram) Demote() {
	if h.Hot() {
		retire(&h.hot, h.layout())
	}
}

// Seal makes every later observation report that it was refused. Settle the
// cell once the present epoch has passed: what it reads may grow until then,
// and is final after.
func (h *Histogram) Seal() {
	l := h.layout()
	hot := retire(&h.hot, l)
	last := make([]uint64, l.width())
	for i := range l.ints {
		last[i] = sealInt(&h.words[i])
	}
	last[l.ints] = sealFloat(&h.words[l.ints])
	addWords(hot.final, last, l)
	hot.sealed = true
}

// Settle folds drained lanes together; call it when the epoch in which the
// cell was demoted or sealed has passed.
func (h *Histogram) Settle() {
	hot := h.hot.Load()
	if hot == nil || hot.active() {
		return
	}
	l := h.layout()
	hot.settle(l)
	if hot.sealed {
		return
	}
	for i := range l.ints {
		addInt(&h.words[i], int64(hot.final[i]))
	}
	addFloat(&h.words[l.ints], math.Float64frombits(hot.final[l.ints]))
	h.hot.Store(nil)
}
