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
	shown *snapshot
	// moved says that another series shows what this one has counted.
	moved bool
}

// drainLocked lets go of what series no longer count in: those for which take
// holds are to be settled.
func (f *family) drainLocked(list []*series, take func(*series) bool) {
	f.maintained.Lock()
	defer f.maintained.Unlock()
	var taken []waiting
	for _, s := range list {
		if !s.has(flagEnded) && take(s) {
			taken = append(taken, waiting{series: s})
		}
	}
	f.draining = append(f.draining, stamped(taken)...)
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
	f.sealLocked(leave)
}

// endOneLocked takes one series out of the family and seals it, at a cost that
// does not grow with the number of series.
func (f *family) endOneLocked(s *series) {
	if len(f.keys) == 0 {
		f.table.Store(newTable(0))
	} else {
		f.table.Load().remove(s)
	}
	f.sealLocked([]waiting{{series: s}})
}

// sealLocked seals series that were taken out of the family.
func (f *family) sealLocked(leave []waiting) {
	f.ordered, f.shownList = nil, nil
	if f.table.Load().size() < f.budget {
		f.merged.Store(nil)
	}
	f.maintained.Lock()
	defer f.maintained.Unlock()
	for _, w := range leave {
		f.seal(w.series)
		if len(f.budgets) > 0 {
			f.giveValuesLocked(w.series.labels.Values(nil, f.keys))
		}
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
		// One that was sealed since has to wait longer, among the ending.
		if passed && !w.series.has(flagEnded) {
			f.settle(w.series)
		}
		return passed
	})
	f.ending = slices.DeleteFunc(f.ending, func(w waiting) bool {
		passed := w.since.Passed(now) && !f.arriving(w.series)
		if passed {
			f.settle(w.series)
			w.series.state.Or(flagSettled)
			f.passOnLocked(w)
		}
		return passed
	})
}

// passOnLocked hands the final count of an ended series to the readers that
// have not acknowledged all of it. If a forgotten series was updated between
// its last showing and its end, its successor shows the difference.
func (f *family) passOnLocked(w waiting) {
	final := f.newSnapshot()
	f.load(w.series, final)
	if f.Kind != metric.Gauge {
		for _, r := range f.registry.currentReaders() {
			r.retire(f, w.series, final.clone())
		}
	}
	if w.moved {
		f.inheritLocked(w.series, final)
		return
	}
	if w.shown == nil || f.equal(*w.shown, final) || f.closed.Load() {
		return
	}
	if f.Kind == metric.Gauge {
		f.resumeGaugeLocked(w.series, math.Float64frombits(final.words[0]))
		return
	}
	f.subtract(final, *w.shown)
	f.carryLocked(w.series, final)
}

// carryLocked makes the successor of a forgotten series show what that one
// never did.
func (f *family) carryLocked(s *series, rest snapshot) {
	next := f.admitLocked(s.labels.Values(nil, f.keys), s.hash)
	if next == nil {
		return
	}
	f.carry(next.odd(), rest)
}

// carry adds to what a series shows besides what it counts itself.
func (f *family) carry(r *rare, more snapshot) {
	sum := more.clone()
	if carried := r.carried.Load(); carried != nil {
		f.add(sum, *carried)
	}
	r.carried.Store(&sum)
}

// resumeGaugeLocked gives the successor of a forgotten gauge the value that
// this one was set to last, unless the successor is there already and thus
// newer.
func (f *family) resumeGaugeLocked(s *series, last float64) {
	values := s.labels.Values(nil, f.keys)
	if f.find(values, s.hash) != nil {
		return
	}
	if next := f.admitLocked(values, s.hash); next != nil {
		next.sum.TrySet(last)
	}
}
