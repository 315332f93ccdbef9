package registry

import "github.com/metertree/metertree/metric"

// batch is how many series are read at once: few enough for a small buffer,
// enough to make locking cheap.
const batch = 128

// passage is what reading a family needs; it is reused, so that a collection
// allocates nothing for a family.
type passage struct {
	batch, other block
	sweep        sweep
	touched      byte
	point        metric.Point
}

func (f *family) borrow() *passage {
	if r, ok := f.passages.Get().(*passage); ok {
		return r
	}
	return &passage{batch: f.newBlock(batch), other: f.newBlock(1)}
}

// showsNothing reports whether a collection leaves the family out.
func (f *family) showsNothing() bool { return f.read == nil && len(f.toShow()) == 0 }

// yieldPoints yields series as they are now, and sweeps the family unless
// another collection does.
func (f *family) yieldPoints(yield func(*metric.Point) bool) {
	r := f.borrow()
	defer f.passages.Put(r)
	sweep := f.beginSweep(&r.sweep)
	defer sweep.end()
	f.pass(r, sweep, yield)
}

// pass goes through the live series.
func (f *family) pass(r *passage, sweep *sweep, yield func(*metric.Point) bool) {
	f.passing.RLock()
	defer f.passing.RUnlock()
	all := f.toShow()
	ranged := f.rangeOf(all, r)
	for rest := all; len(rest) > 0; {
		chunk := rest[:min(batch, len(rest))]
		rest = rest[len(chunk):]
		f.loadAll(chunk, &r.batch, 0)
		r.touched += touch(chunk)
		for i, s := range chunk {
			ended := s.has(flagEnded)
			if ended && !s.has(flagRetained) {
				continue
			}
			held := r.batch.at(i)
			if !ended {
				sweep.note(s, held)
			}
			f.addCarried(s, held, r.other.at(0))
			f.fill(&r.point, s, held)
			if ranged != nil {
				r.point.Exponential.Family = ranged
			}
			if !yield(&r.point) {
				return
			}
		}
	}
}

// loadAll reads series into the snapshots from a position on.
func (f *family) loadAll(of []*series, to *block, from int) {
	f.maintained.RLock()
	defer f.maintained.RUnlock()
	for i, s := range of {
		f.load(s, to.at(from+i))
	}
}

// touch reads a byte of each series' labels, so that waits for memory overlap
// which would come one after the other while they are written out.
func touch(of []*series) (sum byte) {
	for _, s := range of {
		if n := len(s.labels); n > 0 {
			sum += s.labels[0] + s.labels[n-1]
		}
	}
	return sum
}

// addCarried adds what the series took over from others, of which those that are
// not settled yet are read with the help of one more snapshot.
func (f *family) addCarried(s *series, to, other snapshot) {
	r := s.oddities()
	if r == nil {
		return
	}
	f.maintained.RLock()
	defer f.maintained.RUnlock()
	if carried := r.carried.Load(); carried != nil {
		f.add(to, *carried)
	}
	for _, from := range r.inheritance() {
		f.load(from, other)
		f.add(to, other)
	}
}

// yieldCallback runs the callback and yields what it gave.
func (f *family) yieldCallback(yield func(*metric.Point) bool) {
	f.yieldGiven(f.runCallback(), yield)
}

// yieldGiven yields points of a callback: copies if they are kept, because readers
// may write to a point.
func (f *family) yieldGiven(points []metric.Point, yield func(*metric.Point) bool) {
	if f.given.Load() != nil {
		yieldCopies(points, yield)
		return
	}
	for i := range points {
		if !yield(&points[i]) {
			return
		}
	}
}

func yieldCopies(points []metric.Point, yield func(*metric.Point) bool) {
	var p metric.Point
	for i := range points {
		p = points[i]
		if !yield(&p) {
			return
		}
	}
}
