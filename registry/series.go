package registry

import (
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/internal/cell"
	"github.com/metertree/metertree/metric"
)

// Series is one record: an instrument's family with one complete label set.
// A handle on it stays usable when the series is deleted: its next update then
// starts the series anew.
type Series struct {
	labels metric.LabelSet
	family *family
	// sum is what counters and gauges keep; histogram what histograms keep.
	sum       cell.Sum
	histogram *cell.Histogram
	// next is the series that took over when this one was sealed.
	next  atomic.Pointer[Series]
	start int64
	hash  uint32
}

func newSeries(f *family, labels metric.LabelSet, hash uint32, now time.Time) *Series {
	s := &Series{labels: labels, family: f, hash: hash, start: now.UnixNano()}
	if f.Kind == metric.Histogram {
		s.histogram = cell.NewHistogram(len(f.Bounds) + 1)
	}
	return s
}

// AddInt adds to an Int64 sum.
func (s *Series) AddInt(v int64) {
	if !s.sum.AddInt(v) {
		s.addIntLater(v)
	}
}

func (s *Series) addIntLater(v int64) {
	for next := s.family.successor(s); next != nil; next = s.family.successor(next) {
		if next.sum.AddInt(v) {
			return
		}
	}
}

// AddFloat adds to a Float64 sum.
func (s *Series) AddFloat(v float64) {
	for at := s; at != nil; at = at.family.successor(at) {
		if at.sum.AddFloat(v) {
			return
		}
	}
}

// AddGauge adds to a gauge.
func (s *Series) AddGauge(v float64) {
	for at := s; at != nil; at = at.family.successor(at) {
		if at.sum.Add(v) {
			return
		}
	}
}

// SetGauge sets a gauge.
func (s *Series) SetGauge(v float64) {
	for at := s; at != nil; at = at.family.successor(at) {
		if at.sum.Set(v) {
			return
		}
	}
}

// Observe adds an observation to a histogram.
func (s *Series) Observe(v float64) {
	bucket := bucketOf(s.family.Bounds, v)
	if got := s.histogram.Observe(bucket, v); got != cell.Taken {
		s.observeLater(bucket, v, got)
	}
}

func (s *Series) observeLater(bucket int, v float64, got cell.Outcome) {
	for next := s.family.successor(s); next != nil; next = s.family.successor(next) {
		if got == cell.SumTaken {
			if next.histogram.Count(bucket) {
				return
			}
			continue
		}
		if got = next.histogram.Observe(bucket, v); got == cell.Taken {
			return
		}
	}
}

// bucketOf returns the index of the first bound that is at least v. Layouts
// are short, so a scan beats a binary search.
func bucketOf(bounds []float64, v float64) int {
	for i, b := range bounds {
		if v <= b {
			return i
		}
	}
	return len(bounds)
}

// seal ends the series: updates that come later go to its successor.
func (s *Series) seal() {
	switch {
	case s.histogram != nil:
		s.histogram.Seal()
	case s.family.Kind == metric.Gauge:
		s.sum.Value.Seal()
	case s.family.Number == metric.Float64:
		s.sum.Seal(cell.Float64)
	default:
		s.sum.Seal(cell.Int64)
	}
}

// read fills a point with what the series holds now. The point's words are
// reused from read to read.
func (s *Series) read(p *metric.Point, words *[]uint64) {
	p.Labels = s.labels
	p.Start = time.Unix(0, s.start)
	switch {
	case s.histogram != nil:
		n := s.histogram.Buckets()
		if len(*words) != n+1 {
			*words = make([]uint64, n+1)
		}
		p.Histogram = metric.HistogramPoint{
			Bounds: s.family.Bounds,
			Sum:    s.histogram.Read(*words),
			Counts: (*words)[:n],
		}
	case s.family.Kind == metric.Gauge:
		p.Float = s.sum.Value.Load()
	case s.family.Number == metric.Float64:
		p.Float = s.sum.Float()
	default:
		p.Int = s.sum.Int()
	}
}
