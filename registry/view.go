package registry

import (
	"iter"
	"slices"
	"strings"
	"sync"

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

var wordPool = sync.Pool{New: func() any { return new([]uint64) }}

// points yields series as they are now, and sweeps the family unless another
// collection does.
func (f *family) points(live []*series) iter.Seq[*metric.Point] {
	return func(yield func(*metric.Point) bool) {
		words := wordPool.Get().(*[]uint64)
		defer wordPool.Put(words)
		width := f.words()
		*words = slices.Grow((*words)[:0], batch*width)[:batch*width]
		sweep := f.beginSweep()
		defer sweep.end()
		var point metric.Point
		for chunk := range slices.Chunk(live, batch) {
			f.loadAll(chunk, *words, width)
			for i, s := range chunk {
				if s.has(flagEnded) {
					continue
				}
				of := (*words)[i*width : (i+1)*width]
				sweep.note(s, of)
				f.addCarried(s, of)
				f.fill(&point, s, of)
				if !yield(&point) {
					return
				}
			}
		}
	}
}

// loadAll reads series into consecutive words.
func (f *family) loadAll(of []*series, words []uint64, width int) {
	f.maintained.RLock()
	defer f.maintained.RUnlock()
	for i, s := range of {
		f.load(s, words[i*width:(i+1)*width])
	}
}

// addCarried adds what the series took over from a forgotten one.
func (f *family) addCarried(s *series, words []uint64) {
	if x := s.extra.Load(); x != nil {
		if carried := x.carried.Load(); carried != nil {
			add(words, *carried, floatWord(f.Descriptor, len(words)))
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
