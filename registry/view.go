package registry

import (
	"iter"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
)

// view returns what a collection shows of the family; nil if it is empty.
func (f *family) view() *metric.Family {
	view := &metric.Family{Descriptor: f.Descriptor, Keys: f.keys}
	if f.read != nil {
		view.Points = f.callbackPoints()
		return view
	}
	live := f.live()
	if len(live) == 0 {
		return nil
	}
	view.Points = f.points(live)
	return view
}

// batch is how many series are read at once: few enough for a small buffer,
// enough to make locking cheap.
const batch = 128

// points yields series as they are now, and sweeps the family unless another
// collection does.
func (f *family) points(live []*series) iter.Seq[*metric.Point] {
	return func(yield func(*metric.Point) bool) {
		buffer := f.borrow()
		defer f.buffers.Put(buffer)
		sweep := f.beginSweep()
		defer sweep.end()
		var point metric.Point
		for chunk := range slices.Chunk(live, batch) {
			f.loadAll(chunk, *buffer)
			for i, s := range chunk {
				if s.has(flagEnded) {
					continue
				}
				sweep.note(s, (*buffer)[i])
				f.addCarried(s, (*buffer)[i])
				f.fill(&point, s, (*buffer)[i])
				if !yield(&point) {
					return
				}
			}
		}
	}
}

// borrow returns a batch of snapshots that goes back to f.buffers.
func (f *family) borrow() *[]snapshot {
	if buffer, ok := f.buffers.Get().(*[]snapshot); ok {
		return buffer
	}
	buffer := f.newSnapshots(batch)
	return &buffer
}

// loadAll reads series into snapshots.
func (f *family) loadAll(of []*series, to []snapshot) {
	f.maintained.RLock()
	defer f.maintained.RUnlock()
	for i, s := range of {
		f.load(s, to[i])
	}
}

// addCarried adds what the series took over from a forgotten one.
func (f *family) addCarried(s *series, to snapshot) {
	if r := s.oddities(); r != nil {
		if carried := r.carried.Load(); carried != nil {
			f.add(to, *carried)
		}
	}
}

// callbackPoints runs the callback and yields what it gave.
func (f *family) callbackPoints() iter.Seq[*metric.Point] {
	return func(yield func(*metric.Point) bool) {
		points := f.runCallback()
		for i := range points {
			if !yield(&points[i]) {
				return
			}
		}
	}
}

// runCallback returns what the callback gives, sorted by labels; of points
// with the same labels the first.
func (f *family) runCallback() []metric.Point {
	o := &Observer{family: f, parts: f.callbackParts}
	f.registry.protect(f.Name, func() { f.read(o) })
	slices.SortStableFunc(o.points, func(a, b metric.Point) int {
		return strings.Compare(string(a.Labels), string(b.Labels))
	})
	return slices.CompactFunc(o.points, func(a, b metric.Point) bool { return a.Labels == b.Labels })
}
