package registry

import (
	"math"
	"slices"

	"github.com/metertree/metertree/internal/cell"
	"github.com/metertree/metertree/metric"
)

// waiting is a series that was demoted or sealed and may be settled once an
// epoch has passed.
type waiting struct {
	series *series
	since  cell.Epoch
	// shown is what a forgotten series showed last; nil for a deleted one.
	shown []uint64
	// last is the value a gauge had when it was sealed.
	last float64
}

func (f *family) demoteLocked(idle []*series) {
	f.maintained.Lock()
	defer f.maintained.Unlock()
	var demoted []waiting
	for _, s := range idle {
		if !s.has(flagEnded) && f.demote(s) {
			demoted = append(demoted, waiting{series: s})
		}
	}
	f.draining = append(f.draining, stamped(demoted)...)
}

// stamped gives series the present epoch. It must come after they were demoted
// or sealed.
func stamped(list []waiting) []waiting {
	now := cell.Now()
	for i := range list {
		list[i].since = now
	}
	return list
}

// endLocked takes the series for which gone holds out of the family and seals
// them.
func (f *family) endLocked(gone func(*series) (waiting, bool)) {
	var stay []*series
	var leave []waiting
	for _, s := range f.table.Load().all() {
		if w, leaves := gone(s); leaves {
			leave = append(leave, w)
		} else {
			stay = append(stay, s)
		}
	}
	if len(leave) == 0 {
		return
	}
	f.table.Store(tableOf(stay))
	f.ordered = nil
	if len(stay) < f.budget {
		f.merged.Store(nil)
	}
	f.maintained.Lock()
	defer f.maintained.Unlock()
	for i := range leave {
		leave[i].last = f.seal(leave[i].series)
	}
	f.ending = append(f.ending, stamped(leave)...)
}

// settlePending settles what can be, and reports whether nothing is left.
func (f *family) settlePending() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settleLocked()
	return len(f.draining)+len(f.ending) == 0
}

// settleLocked settles the series whose epoch has passed, and passes on what
// those that ended have counted.
func (f *family) settleLocked() {
	if len(f.draining)+len(f.ending) == 0 {
		return
	}
	now := cell.Now()
	f.maintained.Lock()
	defer f.maintained.Unlock()
	f.draining = slices.DeleteFunc(f.draining, func(w waiting) bool {
		passed := w.since.Passed(now)
		if passed {
			f.settle(w.series)
		}
		return passed
	})
	f.ending = slices.DeleteFunc(f.ending, func(w waiting) bool {
		passed := w.since.Passed(now)
		if passed {
			f.settle(w.series)
			f.passOnLocked(w)
		}
		return passed
	})
}

// passOnLocked hands the final count of an ended series to the readers that
// have not acknowledged all of it. If a forgotten series was updated between
// its last showing and its end, its successor shows the difference.
func (f *family) passOnLocked(w waiting) {
	final := make([]uint64, f.words())
	if f.Kind == metric.Gauge {
		final[0] = math.Float64bits(w.last)
	} else {
		f.load(w.series, final)
		for _, r := range f.registry.currentReaders() {
			r.retire(f, w.series, final)
		}
	}
	if w.shown == nil || slices.Equal(w.shown, final) || f.closed.Load() {
		return
	}
	next := f.admitLocked(w.series.labels.Values(nil, f.keys), w.series.hash)
	switch {
	case next == nil:
	case f.Kind == metric.Gauge:
		// A gauge that was set since has a newer value than this one.
		if !next.has(flagTouched) {
			next.touch()
			next.sum.Set(w.last)
		}
	default:
		rest := slices.Clone(final)
		subtract(rest, w.shown, floatWord(f.Descriptor, len(rest)))
		x := next.more()
		if carried := x.carried.Load(); carried != nil {
			add(rest, *carried, floatWord(f.Descriptor, len(rest)))
		}
		x.carried.Store(&rest)
	}
}
