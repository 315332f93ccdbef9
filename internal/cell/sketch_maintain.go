package cell

import "math"

// SketchWindow is a part of what a sketch has counted. The parts, which may be
// of different scales and overlap, add up to the whole.
type SketchWindow struct {
	Scale int
	Zero  uint64
	Sum   float64
	// PositiveFirst is the index of the first of Positive, and NegativeFirst
	// of Negative.
	PositiveFirst, NegativeFirst int
	Positive, Negative           []uint64
}

// SketchSink takes what a sketch has counted, part by part. The slices are
// valid only during the call.
type SketchSink interface{ Window(SketchWindow) }

// Read gives what was counted so far to the sink. Each word is exact, but an
// observation that is under way may show in the sum before it shows in its
// bucket, or the other way round. The scratch words are reused from read to
// read.
func (s *Sketch) Read(scratch *[]uint64, to SketchSink) {
	for w := s.head.Load(); w != nil; w = w.prev.Load() {
		n := len(w.counts.words)
		if cap(*scratch) < n {
			*scratch = make([]uint64, n)
		}
		words := (*scratch)[:n]
		switch {
		case w.sealed:
		case w.log:
			s.readLog(w, words, to)
		default:
			sum := w.counts.Read(words)
			to.Window(w.describe(words, sum))
		}
	}
}

func (w *window) describe(words []uint64, sum float64) SketchWindow {
	positives := 1 + w.positive.n
	return SketchWindow{
		Scale: SketchMaxScale - int(w.shift), Zero: words[0], Sum: sum,
		PositiveFirst: w.positive.first, Positive: words[1:positives],
		NegativeFirst: w.negative.first, Negative: words[positives : len(words)-1],
	}
}

// Hot tells whether the cell counts in lanes of its own.
func (s *Sketch) Hot() bool {
	w := s.head.Load()
	return w != nil && w.counts.Hot()
}

// Demote returns an idle hot cell to its shared words. Settle it once the
// present epoch has passed.
func (s *Sketch) Demote() {
	if w := s.head.Load(); w != nil {
		w.counts.Demote()
	}
}

// Superseded tells whether there are windows to Retire.
func (s *Sketch) Superseded() bool {
	w := s.head.Load()
	if w == nil || w.sealed {
		return false
	}
	prev := w.prev.Load()
	return prev != nil && !prev.retired()
}

// Retire seals the windows that others superseded. Settle the cell once the
// present epoch has passed, and the memory of these windows is freed.
func (s *Sketch) Retire() {
	if head := s.head.Load(); head != nil {
		sealAll(head.prev.Load())
	}
}

// sealAll seals the counts of w and of all it supersedes; a sealed window has
// only sealed ones behind it.
func sealAll(w *window) {
	for ; w != nil && !w.retired(); w = w.prev.Load() {
		if w.log {
			w.sealLog()
			continue
		}
		w.counts.Seal()
	}
}

// retired tells whether the window's words were sealed.
func (w *window) retired() bool {
	if w.log {
		return w.closed
	}
	hot := w.counts.hot.Load()
	return hot != nil && hot.sealed
}

// Pending tells whether the cell waits for Settle.
func (s *Sketch) Pending() bool {
	head := s.head.Load()
	for w := head; w != nil; w = w.prev.Load() {
		retired := w != head && !head.sealed && w.retired()
		if retired || w.counts.Pending() {
			return true
		}
	}
	return false
}

// Sealed tells whether the cell was sealed.
func (s *Sketch) Sealed() bool {
	w := s.head.Load()
	return w != nil && w.sealed
}

// Seal makes every later observation report that it was refused. Settle the
// cell once the present epoch has passed: what it reads may grow until then,
// and is final after.
func (s *Sketch) Seal() {
	last := newWindow(s.zero, 0, span{}, span{}, s.size)
	last.sealed = true
	last.counts.Seal()
	for {
		w := s.head.Load()
		if w != nil && w.sealed {
			return
		}
		last.prev.Store(w)
		if s.head.CompareAndSwap(w, last) {
			sealAll(w)
			return
		}
	}
}

// Settle folds drained lanes and retired windows together; call it when the
// epoch of the last Demote, Retire or Seal has passed.
func (s *Sketch) Settle() {
	sealed := s.Sealed()
	for w := s.head.Load(); w != nil; w = w.prev.Load() {
		w.counts.Settle()
		prev := w.prev.Load()
		if sealed || prev == nil || !prev.retired() {
			continue
		}
		for old := prev; old != nil; old = old.prev.Load() {
			old.counts.Settle()
			s.fold(old)
		}
		w.prev.Store(nil)
	}
}

// fold adds what a sealed and settled window has counted to the present one.
func (s *Sketch) fold(old *window) {
	if old.log {
		s.foldLog(old)
		return
	}
	final := old.counts.hot.Load().final
	head := s.head.Load()
	addInt(&head.counts.words[0], int64(final[0]))
	addFloat(&head.counts.words[len(head.counts.words)-1], math.Float64frombits(final[len(final)-1]))
	positives := 1 + old.positive.n
	s.foldRun(old.shift, old.positive.first, final[1:positives], 1)
	s.foldRun(old.shift, old.negative.first, final[positives:len(final)-1], -1)
}

// foldRun adds counts from the given index on at the scale of shift. A value
// that was being counted while the present window was planned may be outside
// of it, which then needs another one.
func (s *Sketch) foldRun(shift uint8, first int, counts []uint64, sign int) {
	for i, n := range counts {
		if n != 0 {
			w, at := s.admitIndex((first+i)<<shift, sign)
			addInt(&w.counts.words[at], int64(n))
		}
	}
}
