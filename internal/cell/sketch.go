package cell

import (
	"fmt"
	"math"
	"sync/atomic"
)

// Sketch counts observations in exponential buckets and sums them. It keeps
// words for the range of values it has seen, at the finest scale at which that
// range has no more than a given number of buckets. The very first values it
// keeps as they are. Init it before use. It must not be copied.
//
// A value outside the present window makes a new window, wider or coarser. The
// one before it is never changed in place: whoever is still adding to it adds
// to something that is read, until the maintainer has sealed it, waited for the
// epoch to pass, and folded it into the new one. So no count is lost, and no
// update waits.
//
// Observe and Count may run at any time; no two of the other methods at once.
type Sketch struct {
	head atomic.Pointer[window]
	// zero has the bits of the greatest magnitude that counts as zero.
	zero uint64
	// size bounds the number of buckets for each sign.
	size int
}

// Bounds of what a sketch can be asked to hold for each sign.
const (
	SketchMinSize = 4
	SketchMaxSize = 4096
)

// CheckSketch reports whether Init takes the arguments.
func CheckSketch(size int, zero float64) error {
	if size < SketchMinSize || size > SketchMaxSize {
		return fmt.Errorf("sketch of %d buckets for each sign: choose from %d to %d",
			size, SketchMinSize, SketchMaxSize)
	}
	if !(zero >= 0) || math.IsInf(zero, 1) {
		return fmt.Errorf("zero threshold %v of a sketch: give a finite number that is not negative", zero)
	}
	return nil
}

// Init makes an empty sketch of at most size buckets for each sign. Magnitudes
// up to zero count as zero. CheckSketch must accept the arguments.
func (s *Sketch) Init(size int, zero float64) {
	// Adding zero turns a negative zero into zero.
	s.size, s.zero = size, math.Float64bits(zero+0)
}

// Observe counts v, which must be finite, and adds it to the sum.
func (s *Sketch) Observe(v float64) Outcome {
	w := s.head.Load()
	if w == nil {
		return s.observe(v, Refused)
	}
	bucket := w.bucket(v)
	if bucket == outside {
		return s.observe(v, Refused)
	}
	if got := w.observe(bucket, v); got != Taken {
		return s.observe(v, got)
	}
	return Taken
}

// Count counts v without adding it to the sum: the rest of an observation of
// which another cell took the sum.
func (s *Sketch) Count(v float64) bool { return s.observe(v, SumTaken) == Taken }

// observe goes on with an observation that was taken as far as got says. A
// window refuses once it is sealed, and it is sealed only after another took
// its place, so this ends.
func (s *Sketch) observe(v float64, got Outcome) Outcome {
	for got != Taken {
		if w := s.log(); w != nil && got == Refused {
			if now, room := w.record(v); room {
				got = now
				if got == Taken || s.Sealed() {
					return got
				}
				continue
			}
		}
		w, bucket := s.admit(v)
		switch {
		case w == nil:
			return got
		case got == SumTaken:
			got = w.countCold(bucket)
		default:
			got = w.observe(bucket, v)
		}
	}
	return Taken
}

// log returns the present window if it is a log, made if there is none yet.
func (s *Sketch) log() *window {
	w := s.head.Load()
	if w == nil {
		s.head.CompareAndSwap(nil, newLog())
		w = s.head.Load()
	}
	if !w.log {
		return nil
	}
	return w
}

// index returns the index of v at the finest scale, and its sign; a sign of 0
// if v counts as zero.
func (s *Sketch) index(v float64) (index, sign int) {
	raw := math.Float64bits(v)
	magnitude := raw &^ signBit
	switch {
	case magnitude <= s.zero:
		return 0, 0
	case raw == magnitude:
		return sketchIndex(magnitude), 1
	}
	return sketchIndex(magnitude), -1
}

// admit returns the present window, which is no log, and the bucket in it for
// v; no window if the sketch is sealed.
func (s *Sketch) admit(v float64) (*window, int) {
	index, sign := s.index(v)
	return s.admitIndex(index, sign)
}

// admitIndex is admit for an index at the finest scale and a sign.
func (s *Sketch) admitIndex(index, sign int) (*window, int) {
	for {
		w := s.head.Load()
		var positives, negatives span
		at := index
		switch {
		case w == nil:
		case w.sealed:
			return nil, outside
		case w.log:
			positives, negatives = s.logSpans(w)
		default:
			at = index >> w.shift
			if bucket := w.admit(at, sign); bucket != outside {
				return w, bucket
			}
			positives, negatives = unpackSpan(w.positive.seen.Load()), unpackSpan(w.negative.seen.Load())
		}
		switch {
		case sign > 0:
			positives.include(at)
		case sign < 0:
			negatives.include(at)
		}
		s.supersede(w, positives, negatives)
	}
}

// supersede puts a window for the given spans, at the scale of w, in the place
// of w, unless another updater was faster. It is coarser if the spans demand it.
func (s *Sketch) supersede(w *window, positives, negatives span) {
	var shift, coarser uint8
	if w != nil {
		shift = w.shift
	}
	for max(positives.width(coarser), negatives.width(coarser)) > s.size {
		coarser++
	}
	next := newWindow(s.zero, shift+coarser, positives.coarser(coarser), negatives.coarser(coarser), s.size)
	next.prev.Store(w)
	width := len(next.counts.words)
	if w != nil && w.counts.Hot() {
		promote(&next.counts.hot, width)
	}
	if !s.head.CompareAndSwap(w, next) && next.counts.Hot() {
		recycleLanes(next.counts.hot.Load().lanes, width)
	}
}
