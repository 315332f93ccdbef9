package registry

import "github.com/metertree/metertree/metric"

// demoteAfter is for how many sweeps a hot series must be idle to give up its
// words of its own.
const demoteAfter = 3

// sweep accompanies a collection through a family and then demotes and forgets
// what was idle. A nil sweep does nothing: another collection sweeps.
type sweep struct {
	family         *family
	demote, retire []*series
	// forget maps the series to forget to what they have shown.
	forget map[*series]*snapshot
}

func (f *family) beginSweep() *sweep {
	if !f.sweeping.CompareAndSwap(false, true) {
		return nil
	}
	return &sweep{family: f}
}

// note takes down what the collection has read of a series.
func (w *sweep) note(s *series, read snapshot) {
	if w == nil {
		return
	}
	idle := w.idleFor(s, read)
	if idle == demoteAfter {
		w.demote = append(w.demote, s)
	}
	if n := w.family.forgetAfter; n > 0 && idle >= uint32(n) && !s.has(flagPinned) {
		if w.forget == nil {
			w.forget = map[*series]*snapshot{}
		}
		shown := read.clone()
		w.forget[s] = &shown
	}
	if w.family.exponential() && s.sketch().Superseded() {
		w.retire = append(w.retire, s)
	}
}

// idleFor returns for how many sweeps the series has not changed.
func (w *sweep) idleFor(s *series, read snapshot) uint32 {
	now := w.family.activity(read)
	if now != s.seen || w.wasWritten(s) {
		s.seen = now
		s.state.And(flagsMask)
		return 0
	}
	idle := s.state.Load() >> idleShift
	if idle < maxIdle {
		idle++
		s.state.Add(1 << idleShift)
	}
	return idle
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
	if len(w.demote)+len(w.retire)+len(w.forget) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drainLocked(w.retire, f.retire)
	f.drainLocked(w.demote, f.demote)
	f.endLocked(func(s *series) (waiting, bool) {
		shown, idle := w.forget[s]
		written := f.Kind == metric.Gauge && !s.sum.Watched()
		return waiting{series: s, shown: shown}, idle && !written && !s.has(flagPinned)
	})
	f.settleLocked()
}
