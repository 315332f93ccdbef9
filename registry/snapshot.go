package registry

import (
	"math"
	"slices"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
)

// snapshot is what a series held when it was read: the bits of its number, or
// the counts of its buckets and last the bits of the sum; of an exponential
// histogram, a sketch instead.
type snapshot struct {
	words  []uint64
	sketch *aggregate.SketchState
}

// newSnapshots returns empty snapshots for as many series of the family.
func (f *family) newSnapshots(n int) []snapshot {
	list := make([]snapshot, n)
	if f.exponential() {
		states := make([]aggregate.SketchState, n)
		for i := range list {
			list[i].sketch = &states[i]
		}
		return list
	}
	width := f.words()
	words := make([]uint64, n*width)
	for i := range list {
		list[i].words = words[i*width : (i+1)*width : (i+1)*width]
	}
	return list
}

func (f *family) newSnapshot() snapshot { return f.newSnapshots(1)[0] }

func (f *family) exponential() bool { return f.Exponential.Size > 0 }

// words returns how many words a series of the family is read into.
func (f *family) words() int {
	if f.Kind == metric.Histogram {
		return len(f.Bounds) + 2
	}
	return 1
}

// clone returns a copy that shares no memory.
func (s snapshot) clone() snapshot {
	if s.sketch == nil {
		return snapshot{words: slices.Clone(s.words)}
	}
	copied := new(aggregate.SketchState)
	copied.CopyFrom(s.sketch)
	return snapshot{sketch: copied}
}

// copyFrom makes s what another snapshot of the same family is, reusing memory.
func (s snapshot) copyFrom(other snapshot) {
	if s.sketch != nil {
		s.sketch.CopyFrom(other.sketch)
		return
	}
	copy(s.words, other.words)
}

// floatWord returns the position of the only word that holds the bits of a
// float, or -1.
func (f *family) floatWord() int {
	if f.Kind == metric.Histogram || f.Number == metric.Float64 {
		return f.words() - 1
	}
	return -1
}

// subtract takes an earlier snapshot of the same series away. One that holds
// nothing may be the zero value.
func (f *family) subtract(s, earlier snapshot) {
	if s.sketch != nil {
		if earlier.sketch != nil {
			// A series only grows, so that an earlier state always fits.
			_ = s.sketch.Sub(earlier.sketch)
		}
		return
	}
	float := f.floatWord()
	for i := range earlier.words {
		if i == float {
			s.words[i] = addBits(s.words[i], -math.Float64frombits(earlier.words[i]))
		} else {
			s.words[i] -= earlier.words[i]
		}
	}
}

// add adds a snapshot of another series.
func (f *family) add(s, more snapshot) {
	if s.sketch != nil {
		// Both are of one family, so that their zero thresholds agree.
		_ = s.sketch.Merge(more.sketch)
		return
	}
	float := f.floatWord()
	for i, w := range more.words {
		if i == float {
			s.words[i] = addBits(s.words[i], math.Float64frombits(w))
		} else {
			s.words[i] += w
		}
	}
}

func addBits(bits uint64, v float64) uint64 {
	return math.Float64bits(math.Float64frombits(bits) + v)
}

// empty reports whether a snapshot holds nothing.
func (f *family) empty(s snapshot) bool {
	if s.sketch != nil {
		return s.sketch.Count() == 0
	}
	float := f.floatWord()
	for i, w := range s.words {
		if w != 0 && (i != float || math.Float64frombits(w) != 0) {
			return false
		}
	}
	return true
}

// equal reports whether two snapshots of one series are the same.
func (f *family) equal(s, t snapshot) bool {
	if s.sketch != nil {
		return f.activity(s) == f.activity(t)
	}
	return slices.Equal(s.words, t.words)
}

// activity condenses a snapshot into a word that changes with every update:
// the number's bits, or how many values a histogram has observed.
func (f *family) activity(s snapshot) uint64 {
	switch {
	case s.sketch != nil:
		return s.sketch.Count()
	case f.Kind != metric.Histogram:
		return s.words[0]
	}
	var n uint64
	for _, w := range s.words[:len(s.words)-1] {
		n += w
	}
	return n
}

// setValue sets a point's value from a snapshot, whose memory it shares.
func (f *family) setValue(p *metric.Point, s snapshot) {
	switch {
	case s.sketch != nil:
		p.Exponential = pointOf(s.sketch)
	case f.Kind == metric.Histogram:
		last := len(s.words) - 1
		p.Histogram = metric.HistogramPoint{
			Bounds: f.Bounds,
			Counts: s.words[:last],
			Sum:    math.Float64frombits(s.words[last]),
		}
	case f.Number == metric.Float64:
		p.Float = math.Float64frombits(s.words[0])
	default:
		p.Int = int64(s.words[0])
	}
}

func pointOf(s *aggregate.SketchState) *metric.ExponentialPoint {
	return &metric.ExponentialPoint{
		Scale:         s.Scale,
		ZeroThreshold: s.ZeroThreshold,
		Zero:          s.Zero,
		Sum:           s.Sum,
		PositiveFirst: s.Positive.First,
		Positive:      s.Positive.Counts,
		NegativeFirst: s.Negative.First,
		Negative:      s.Negative.Counts,
	}
}
