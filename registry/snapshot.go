package registry

import (
	"math"
	"slices"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/internal/cell"
	"github.com/metertree/metertree/internal/saturate"
	"github.com/metertree/metertree/metric"
)

// snapshot is what a series held when it was read: the bits of its number, or
// the counts of its buckets and last the bits of the sum; a sketch or the values
// themselves for the aggregations that keep those.
type snapshot struct {
	words  []uint64
	sketch *aggregate.SketchState
	exact  *aggregate.ExactState
}

// A series that keeps min, max, sum and count is read into these words; the
// extremes are in the form of cell.Extremes.
const (
	summaryCount = iota
	summaryLowest
	summaryHighest
	summarySum
	summaryWords
)

// block holds the snapshots of many series of one family in little memory.
type block struct {
	width    int
	words    []uint64
	sketches []aggregate.SketchState
	exacts   []aggregate.ExactState
}

// newBlock returns n empty snapshots.
func (f *family) newBlock(n int) block {
	var b block
	b.grow(f, n)
	return b
}

// grow makes the block hold n snapshots, whose contents are undefined.
func (b *block) grow(f *family, n int) {
	switch f.kept {
	case metric.ExponentialBuckets:
		b.sketches = slices.Grow(b.sketches[:0], n)[:n]
	case metric.Exact:
		b.exacts = slices.Grow(b.exacts[:0], n)[:n]
	default:
		b.width = f.words()
		b.words = slices.Grow(b.words[:0], n*b.width)[:n*b.width]
	}
}

// at returns the snapshot at a position. It shares the block's memory.
func (b *block) at(i int) snapshot {
	switch {
	case b.sketches != nil:
		return snapshot{sketch: &b.sketches[i]}
	case b.exacts != nil:
		return snapshot{exact: &b.exacts[i]}
	}
	from, to := i*b.width, (i+1)*b.width
	return snapshot{words: b.words[from:to:to]}
}

func (f *family) newSnapshot() snapshot {
	b := f.newBlock(1)
	return b.at(0)
}

func (f *family) exponential() bool { return f.kept == metric.ExponentialBuckets }

// words returns how many words a series of the family is read into.
func (f *family) words() int {
	switch f.kept {
	case metric.MinMaxSumCount:
		return summaryWords
	case metric.ExplicitBuckets:
		return len(f.Bounds) + 2
	}
	if f.Kind == metric.Histogram {
		return 2
	}
	return 1
}

// clone returns a copy that shares no memory.
func (s snapshot) clone() snapshot {
	var c snapshot
	switch {
	case s.sketch != nil:
		c.sketch = new(aggregate.SketchState)
	case s.exact != nil:
		c.exact = new(aggregate.ExactState)
	default:
		c.words = make([]uint64, len(s.words))
	}
	c.copyFrom(s)
	return c
}

// copyFrom makes s what another snapshot of the same family is, reusing memory.
func (s snapshot) copyFrom(other snapshot) {
	switch {
	case s.sketch != nil:
		s.sketch.CopyFrom(other.sketch)
	case s.exact != nil:
		s.exact.CopyFrom(other.exact)
	default:
		copy(s.words, other.words)
	}
}

// floatWord returns the position of the only word that holds the bits of a
// float, or -1.
func (f *family) floatWord() int {
	if f.Kind == metric.Histogram || f.Number == metric.Float64 {
		return f.words() - 1
	}
	return -1
}

// extreme reports whether a word is merged by taking the greater one, and stays
// when an earlier snapshot is taken away.
func (f *family) extreme(word int) bool {
	return f.kept == metric.MinMaxSumCount && (word == summaryLowest || word == summaryHighest)
}

// subtract takes an earlier snapshot of the same series away. A series only
// grows, so that an earlier one always fits.
func (f *family) subtract(s, earlier snapshot) {
	switch {
	case s.sketch != nil:
		if earlier.sketch.Count() > 0 {
			_ = s.sketch.Sub(earlier.sketch)
		}
		return
	case s.exact != nil:
		_ = s.exact.Sub(earlier.exact)
		return
	}
	float := f.floatWord()
	for i, w := range earlier.words {
		switch {
		case i == float:
			s.words[i] = addBits(s.words[i], -math.Float64frombits(w))
		case !f.extreme(i):
			s.words[i] -= w
		}
	}
}

// add adds a snapshot of another series.
func (f *family) add(s, more snapshot) {
	switch {
	case s.sketch != nil:
		// Both are of one family, so that their zero thresholds agree.
		_ = s.sketch.Merge(more.sketch)
		return
	case s.exact != nil:
		s.exact.Merge(more.exact)
		return
	}
	float := f.floatWord()
	for i, w := range more.words {
		switch {
		case i == float:
			s.words[i] = addBits(s.words[i], math.Float64frombits(w))
		case f.extreme(i):
			s.words[i] = max(s.words[i], w)
		case f.Kind != metric.Histogram:
			s.words[i] = uint64(saturate.Add(int64(s.words[i]), int64(w)))
		default:
			s.words[i] += w
		}
	}
}

// addBits returns the bits of a sum of finite numbers, which is finite too.
func addBits(bits uint64, v float64) uint64 {
	return math.Float64bits(saturate.Float(math.Float64frombits(bits) + v))
}

// full reports whether a sum is at the end of its range.
func (f *family) full(s snapshot) bool {
	switch {
	case f.Kind == metric.Gauge:
		return false
	case s.sketch != nil:
		return cell.Float64.Full(math.Float64bits(s.sketch.Sum))
	case s.exact != nil:
		return cell.Float64.Full(math.Float64bits(s.exact.MissedSum))
	case f.Kind == metric.Histogram:
		return cell.Float64.Full(s.words[len(s.words)-1])
	}
	return f.number().Full(s.words[0])
}

// empty reports whether a delta holds nothing.
func (f *family) empty(s snapshot) bool {
	switch {
	case s.sketch != nil:
		return s.sketch.Count() == 0 && s.sketch.Sum == 0
	case s.exact != nil:
		return s.exact.Count() == 0 && s.exact.MissedSum == 0
	}
	float := f.floatWord()
	for i, w := range s.words {
		switch {
		case f.extreme(i):
		case i == float && math.Float64frombits(w) != 0, i != float && w != 0:
			return false
		}
	}
	return true
}

// equal reports whether two snapshots of one series are the same.
func (f *family) equal(s, t snapshot) bool {
	if s.words == nil {
		return f.activity(s) == f.activity(t)
	}
	return slices.Equal(s.words, t.words)
}

// activity condenses a snapshot into a word that changes with every update:
// the number's bits, or how many values were observed.
func (f *family) activity(s snapshot) uint64 {
	switch {
	case s.sketch != nil:
		return s.sketch.Count()
	case s.exact != nil:
		return s.exact.Count()
	case f.Kind != metric.Histogram, f.kept == metric.MinMaxSumCount:
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
	case s.exact != nil:
		p.Exact = &metric.ExactPoint{Values: s.exact.Values, Missed: s.exact.Missed, MissedSum: s.exact.MissedSum}
	case f.kept == metric.MinMaxSumCount:
		p.Summary = summaryOf(s.words)
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

// summaryOf returns the sum even if nothing is counted: of an observation that is
// under way, a delta may have the sum alone, and the next one the count.
func summaryOf(words []uint64) metric.SummaryPoint {
	p := metric.SummaryPoint{Count: words[summaryCount], Sum: math.Float64frombits(words[summarySum])}
	if words[summaryHighest] != 0 {
		p.Min, p.Max = cell.LowestOf(words[summaryLowest]), cell.HighestOf(words[summaryHighest])
	}
	return p
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
