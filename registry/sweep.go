package registry

import "github.com/metertree/metertree/metric"

// demoteAfter is for how many sweeps a hot series must be idle to give up its
// words of its own.
const demoteAfter = 3

// sweep accompanies a collection through a family and then demotes and forgets
// what was idle. A nil sweep does nothing: another collection sweeps.
type sweep struct {
	family *family
	demote []*series
	// countTo is how many idle sweeps are counted: as many as matter.
	countTo uint32
	// forget maps the series to forget to what they have shown.
	forget map[*series]*snapshot
}

// beginSweep uses the memory given to it. It returns nil if another collection
// sweeps the family.
func (f *family) beginSweep(w *sweep) *sweep {
	if !f.sweeping.CompareAndSwap(false, true) {
		return nil
	}
	*w = sweep{family: f, demote: w.demote[:0], countTo: min(max(demoteAfter, uint32(max(f.forgetAfter, 0))), maxIdle)}
	return w
}

// note takes down what the collection has read of a series.
func (w *sweep) note(s *series, read snapshot) {
	if w == nil {
		return
	}
	idle := w.idleFor(s, read)
	if at := w.family.seenAt; at >= 0 && idle == 0 && s.has(flagPinned) {
		w.family.normaliser.Seen(w.family.valueOf(s, at))
	}
	full := w.family.full(read)
	if full && !s.has(flagFull) {
		s.state.Or(flagFull)
		w.family.registry.drop(w.family.Name, SumOverflow)
	}
	// What counts in shared words refuses what is beyond its range.
	if (idle == demoteAfter || full) && w.family.hot(s) {
		w.demote = append(w.demote, s)
	}
	n := w.family.forgetAfter
	if (n > 0 && idle >= uint32(n) || idle > 0 && s.has(flagFinished)) && !s.has(flagPinned) {
		if w.forget == nil {
			w.forget = map[*series]*snapshot{}
		}
		shown := read.clone()
		w.forget[s] = &shown
	}
}

// valueOf returns the value of the key at a position.
func (f *family) valueOf(s *series, at int) string { return s.labels.Values(nil, f.keys)[at] }

// idleFor returns for how many sweeps the series has not changed.
func (w *sweep) idleFor(s *series, read snapshot) uint32 {
	now := w.family.activity(read)
	if now != s.seen || w.wasWritten(s) {
		s.seen = now
		s.state.And(flagsMask)
		return 0
	}
	idle := s.state.Load() >> idleShift
	if idle < w.countTo {
		// What is idle for longer is left alone, so that a scrape of a million
		// idle series does not write to each.
		idle++
		s.state.Add(1 << idleShift)
		return idle
	}
	return idle + 1
}

// wasWritten reports whether a gauge was set since the last sweep, perhaps to
// the value it had. Only gauges that may be forgotten pay for being watched.
func (w *sweep) wasWritten(s *series) bool {
	if w.family.Kind != metric.Gauge || w.family.forgetAfter <= 0 {
		return false
	}
	written := !s.sum.Watched()
	s.sum.Watch()
	return written
}

// end acts on what was noted.
func (w *sweep) end() {
	if w == nil {
		return
	}
	f := w.family
	defer f.sweeping.Store(false)
	defer clear(w.demote)
	if len(w.demote)+len(w.forget) == 0 && !f.exponential() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.exponential() {
		f.drainLocked(f.liveLocked(), f.retire)
	}
	f.drainLocked(w.demote, f.demote)
	if len(w.forget) > 0 {
		f.endLocked(w.forgets)
	}
	f.settleLocked()
}

// forgets reports whether a series is to be forgotten: it was noted as idle, and
// since then neither written to nor pinned.
func (w *sweep) forgets(s *series) (waiting, bool) {
	shown, idle := w.forget[s]
	written := w.family.Kind == metric.Gauge && !s.sum.Watched()
	return waiting{series: s, shown: shown}, idle && !written && !s.has(flagPinned)
}
