package registry

import (
	"math"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/metertree/metertree/internal/cell"
	"github.com/metertree/metertree/internal/saturate"
	"github.com/metertree/metertree/metric"
)

// series is one record: a family's values under one complete label set. There
// may be millions of them, mostly idle, so what few of them need is in extra.
type series struct {
	// sum is what counters and gauges keep. It is the first field: see seriesOf.
	sum    cell.Sum
	labels metric.LabelSet
	extra  atomic.Pointer[extra]
	// start is when counting began, in nanoseconds since 1970.
	start int64
	// seen is what the last sweep found, to tell whether updates have come
	// since. It belongs to whoever sweeps the family.
	seen uint64
	hash uint32
	// state holds flags and, from idleShift on, for how many sweeps nothing
	// has changed.
	state atomic.Uint32
}

const (
	// flagEscaped marks a label set with escaped values.
	flagEscaped = 1 << iota
	// flagPinned keeps the series from being forgotten.
	flagPinned
	// flagEnded marks a series that was sealed.
	flagEnded
	// flagMerged marks a gauge that stands for several label sets.
	flagMerged
	// flagRetained marks a series that was sealed and is still shown.
	flagRetained
	// flagSettled marks a sealed series whose count is final.
	flagSettled
	// flagFinished marks a series that is forgotten at once when it is idle.
	flagFinished
	// flagFull marks a series of which a sum was found at the end of its range.
	flagFull

	idleShift = 8
	flagsMask = 1<<idleShift - 1
	maxIdle   = 1<<(32-idleShift) - 1
)

// extra is what only histograms, and series that have rare, have.
type extra struct {
	histogram cell.Histogram
	// other is nil for a histogram that keeps buckets, or sum and count alone.
	other *other
	rare  atomic.Pointer[rare]
}

// other is what the aggregations keep that few histograms have: one of them is
// set. The extremes go with a histogram of a single bucket.
type other struct {
	sketch   *cell.Sketch
	values   *cell.Values
	extremes *cell.Extremes
}

// rare is what hardly any series has.
type rare struct {
	exemplars exemplars
	// next is the series that counts what this one no longer does.
	next atomic.Pointer[series]
	// carried is what a series of the same labels had counted, but not shown,
	// when it was forgotten.
	carried atomic.Pointer[snapshot]
	// inherits are sealed series that this one took the place of when their
	// labels were normalised differently. It is written with maintained locked.
	inherits atomic.Pointer[[]*series]
	// seen tells the normaliser of an update, if it wants to be told.
	seen func()
	// heir is the series that has this one among those it inherits.
	heir *series
}

// seriesOf returns the series whose sum it is given. A cell knows its series by
// lying at its start, which spares every series a pointer back.
func seriesOf(sum *cell.Sum) *series { return (*series)(unsafe.Pointer(sum)) }

func newSeries(f *family, labels metric.LabelSet, hash uint32, now time.Time) *series {
	s := &series{labels: labels, hash: hash, start: now.UnixNano()}
	if labels.Escaped() {
		s.state.Store(flagEscaped)
	}
	switch {
	case f.Kind == metric.Histogram:
		f.initHistogram(s.more())
	case f.Monotonic:
		// Watched for good, so that every write is judged first.
		s.sum.Watch()
	}
	return s
}

// initHistogram makes what the family keeps of a histogram's values.
func (f *family) initHistogram(x *extra) {
	switch f.kept {
	case metric.ExponentialBuckets:
		x.other = &other{sketch: new(cell.Sketch)}
		x.other.sketch.Init(f.Exponential.Size, f.Exponential.ZeroThreshold)
	case metric.Exact:
		x.other = &other{values: new(cell.Values)}
		x.other.values.Init(f.ExactLimit)
	case metric.MinMaxSumCount:
		x.other = &other{extremes: new(cell.Extremes)}
		x.histogram.Init(nil)
	default:
		x.histogram.Init(f.Bounds)
	}
}

func (s *series) has(flag uint32) bool { return s.state.Load()&flag != 0 }

func (s *series) histogram() *cell.Histogram { return &s.extra.Load().histogram }

func (s *series) sketch() *cell.Sketch { return s.extra.Load().other.sketch }

func (s *series) values() *cell.Values { return s.extra.Load().other.values }

// more returns the series' extra, made if need be.
func (s *series) more() *extra {
	if x := s.extra.Load(); x != nil {
		return x
	}
	s.extra.CompareAndSwap(nil, new(extra))
	return s.extra.Load()
}

// odd returns the series' rare, made if need be.
func (s *series) odd() *rare {
	x := s.more()
	if r := x.rare.Load(); r != nil {
		return r
	}
	x.rare.CompareAndSwap(nil, new(rare))
	return x.rare.Load()
}

// oddities returns the series' rare, or nil if it has none.
func (s *series) oddities() *rare {
	if x := s.extra.Load(); x != nil {
		return x.rare.Load()
	}
	return nil
}

// load reads a series. It must not run while the series is maintained.
func (f *family) load(s *series, to snapshot) {
	switch {
	case f.exponential():
		to.sketch.ReadCell(s.sketch(), f.Exponential.Size, f.Exponential.ZeroThreshold)
	case f.kept == metric.Exact:
		to.exact.Limit = f.ExactLimit
		to.exact.Values, to.exact.Missed, to.exact.MissedSum = s.values().Read(to.exact.Values[:0])
	case f.kept == metric.MinMaxSumCount:
		s.readSummary(to.words)
	case f.Kind == metric.Histogram:
		s.histogram().Read(to.words)
	case f.Kind == metric.Gauge:
		to.words[0] = math.Float64bits(saturate.Float(s.sum.Gauge()))
	default:
		to.words[0] = s.sum.Read(f.number())
	}
}

// readSummary reads a series that keeps min, max, sum and count. The extremes
// come last, so that all that is counted lies between them.
func (s *series) readSummary(words []uint64) {
	x := s.extra.Load()
	var total [2]uint64
	x.histogram.Read(total[:])
	words[summaryCount], words[summarySum] = total[0], total[1]
	words[summaryLowest], words[summaryHighest] = x.other.extremes.Words()
}

func (f *family) number() cell.Number {
	if f.Number == metric.Float64 {
		return cell.Float64
	}
	return cell.Int64
}

// seal makes later updates go to a successor.
func (f *family) seal(s *series) {
	s.state.Or(flagEnded)
	switch {
	case f.exponential():
		s.sketch().Seal()
	case f.kept == metric.Exact:
		s.values().Seal()
	case f.Kind == metric.Histogram:
		s.histogram().Seal()
	case f.Kind == metric.Gauge:
		s.sum.SealGauge()
	default:
		s.sum.Seal(f.number())
	}
}

// settle folds what a demoted or sealed series counted beside its shared words.
func (f *family) settle(s *series) {
	switch {
	case f.exponential():
		s.sketch().Settle()
	case f.kept == metric.Exact:
		s.values().Settle()
	case f.Kind == metric.Histogram:
		s.histogram().Settle()
	case f.Kind == metric.Gauge:
		s.sum.SettleGauge()
	default:
		s.sum.Settle(f.number())
	}
}

// arriving reports whether a sealed series waits for a value that has its place
// but is not there yet.
func (f *family) arriving(s *series) bool {
	return f.kept == metric.Exact && s.values().Arriving()
}

// demote returns a hot series to its shared words and reports whether it was
// hot.
func (f *family) demote(s *series) bool {
	hot := false
	switch {
	case f.exponential():
		if hot = s.sketch().Hot() && !s.sketch().Pending(); hot {
			s.sketch().Demote()
		}
	case f.kept == metric.Exact:
		// What is missed has no need of speed.
	case f.Kind == metric.Histogram:
		if hot = s.histogram().Hot(); hot {
			s.histogram().Demote()
		}
	case f.Kind != metric.Gauge:
		if hot = s.sum.Hot(); hot {
			s.sum.Demote(f.number())
		}
	}
	return hot
}

// hot reports whether a series counts in words of its own for each processor.
func (f *family) hot(s *series) bool {
	switch {
	case f.exponential():
		return s.sketch().Hot()
	case f.kept == metric.Exact || f.Kind == metric.Gauge:
		return false
	case f.Kind == metric.Histogram:
		return s.histogram().Hot()
	}
	return s.sum.Hot()
}

// retire takes out of a sketch what a change of range left behind, and reports
// whether there was anything.
func (f *family) retire(s *series) bool {
	if !f.exponential() || !s.sketch().Superseded() || s.sketch().Pending() {
		return false
	}
	s.sketch().Retire()
	return true
}

// started returns when the series began to count.
func (s *series) started() time.Time { return time.Unix(0, s.start) }

// fill sets a point from what load has read.
func (f *family) fill(p *metric.Point, s *series, of snapshot) {
	p.Labels = s.labels
	p.Start = s.started()
	p.Exemplars = nil
	f.setValue(p, of)
	if r := s.oddities(); r != nil {
		p.Exemplars = r.exemplars.current()
	}
}
