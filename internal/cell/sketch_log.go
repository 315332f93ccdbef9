package cell

import "math"

// The first window of a sketch is a log: it holds the first values themselves.
// So a sketch that sees few values stays small, and the window after it is made
// for a range that is known, instead of by a series of ever coarser ones.

const (
	// logSize is how many values a log holds.
	logSize = 16
	// logEmpty, the bits of a NaN, turns the bits of a value into a word that
	// is neither zero, which an empty place holds, nor logSealed.
	logEmpty = 0x7ff8_0000_0000_0001
	// logSealed is in a place that takes no value any more.
	logSealed = 3
)

// newLog returns an empty log.
func newLog() *window {
	w := &window{log: true}
	w.counts.words = make([]word, logSize)
	return w
}

// record takes v in and reports how far, and whether there was room.
func (w *window) record(v float64) (got Outcome, room bool) {
	content := math.Float64bits(v) ^ logEmpty
	for i := range w.counts.words {
		place := &w.counts.words[i]
		if place.Load() == 0 && place.CompareAndSwap(0, content) {
			return Taken, true
		}
		if place.Load() == logSealed {
			return Refused, true
		}
	}
	return Refused, false
}

// recorded returns what is in a place of the log.
func (w *window) recorded(i int) (v float64, ok bool) {
	content := w.counts.words[i].Load()
	if content == 0 || content == logSealed {
		return 0, false
	}
	return math.Float64frombits(content ^ logEmpty), true
}

// sealLog seals the places that are empty.
func (w *window) sealLog() {
	for i := range w.counts.words {
		w.counts.words[i].CompareAndSwap(0, logSealed)
	}
	w.closed = true
}

// logSpans returns the spans that the recorded values take at the finest scale.
func (s *Sketch) logSpans(w *window) (positives, negatives span) {
	for i := range w.counts.words {
		v, ok := w.recorded(i)
		if !ok {
			continue
		}
		switch index, sign := s.index(v); {
		case sign > 0:
			positives.include(index)
		case sign < 0:
			negatives.include(index)
		}
	}
	return positives, negatives
}

// readLog gives the recorded values to the sink.
func (s *Sketch) readLog(w *window, scratch []uint64, to SketchSink) {
	for i := range w.counts.words {
		v, ok := w.recorded(i)
		if !ok {
			continue
		}
		part := SketchWindow{Scale: SketchMaxScale, Sum: v}
		one := scratch[:1]
		one[0] = 1
		switch index, sign := s.index(v); {
		case sign > 0:
			part.PositiveFirst, part.Positive = index, one
		case sign < 0:
			part.NegativeFirst, part.Negative = index, one
		default:
			part.Zero = 1
		}
		to.Window(part)
	}
}

// foldLog adds the recorded values to the present window.
func (s *Sketch) foldLog(w *window) {
	for i := range w.counts.words {
		if v, ok := w.recorded(i); ok {
			head, bucket := s.admit(v)
			addInt(&head.counts.words[bucket], 1)
			addFloat(&head.counts.words[len(head.counts.words)-1], v)
		}
	}
}
