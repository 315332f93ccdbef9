package integrate

import (
	"slices"
	"unsafe"

	"github.com/metertree/metertree/internal/saturate"
	"github.com/metertree/metertree/metric"
)

// newAccumulator returns what holds values as the descriptor says.
func newAccumulator(d *metric.Descriptor, temporality metric.Temporality) accumulator {
	switch kept := d.Kept(); {
	case d.Kind == metric.Gauge:
		return &gauges{fold: d.Fold}
	case d.Kind != metric.Histogram && d.Number == metric.Float64:
		return &floats{}
	case d.Kind != metric.Histogram:
		return &ints{}
	case kept == metric.ExponentialBuckets:
		return &sketches{layout: d.Exponential}
	case kept == metric.MinMaxSumCount:
		return &summaries{}
	case kept == metric.Exact:
		e := &exacts{}
		if temporality == metric.Cumulative {
			e.limit = d.ExactLimit
			if e.limit == 0 {
				e.limit = metric.DefaultExactLimit
			}
		}
		return e
	case kept == metric.ExplicitBuckets:
		return &buckets{bounds: d.Bounds, adopts: len(d.Bounds) == 0}
	}
	return &buckets{}
}

// ints are sums of integers.
type ints struct{ sums []int64 }

func (s *ints) grow()  { s.sums = append(s.sums, 0) }
func (s *ints) begin() {}
func (s *ints) reset() { clear(s.sums) }

func (s *ints) add(group int32, p *metric.Point, _ uint64) {
	s.sums[group] = saturate.Add(s.sums[group], p.Int)
}

func (s *ints) fill(group int32, p *metric.Point) { p.Int = s.sums[group] }
func (s *ints) move(from, to int32)               { s.sums[to] = s.sums[from] }
func (s *ints) truncate(n int)                    { s.sums = s.sums[:n] }

// floats are sums of floats.
type floats struct{ sums []float64 }

func (s *floats) grow()  { s.sums = append(s.sums, 0) }
func (s *floats) begin() {}
func (s *floats) reset() { clear(s.sums) }

func (s *floats) add(group int32, p *metric.Point, _ uint64) {
	s.sums[group] = saturate.Float(s.sums[group] + p.Float)
}

func (s *floats) fill(group int32, p *metric.Point) { p.Float = s.sums[group] }
func (s *floats) move(from, to int32)               { s.sums[to] = s.sums[from] }
func (s *floats) truncate(n int)                    { s.sums = s.sums[:n] }

// gauges combine by a fold what the members are now; they have no memory.
type gauges struct {
	fold metric.Fold
	list []folded
}

type folded struct {
	value   float64
	count   uint64
	changed uint64
}

func (s *gauges) grow()  { s.list = append(s.list, folded{}) }
func (s *gauges) begin() { clear(s.list) }
func (s *gauges) reset() { clear(s.list) }

func (s *gauges) add(group int32, p *metric.Point, changed uint64) {
	to := &s.list[group]
	to.count++
	if to.count == 1 {
		to.value, to.changed = p.Float, changed
		return
	}
	switch s.fold {
	case metric.FoldMin:
		to.value = min(to.value, p.Float)
	case metric.FoldMax:
		to.value = max(to.value, p.Float)
	case metric.FoldLast:
		if changed >= to.changed {
			to.value, to.changed = p.Float, changed
		}
	case metric.FoldSum, metric.FoldAvg:
		to.value += p.Float
	}
}

func (s *gauges) fill(group int32, p *metric.Point) {
	p.Float = s.list[group].value
	if n := s.list[group].count; s.fold == metric.FoldAvg && n > 1 {
		p.Float /= float64(n)
	}
}

func (s *gauges) move(from, to int32) { s.list[to] = s.list[from] }
func (s *gauges) truncate(n int)      { s.list = s.list[:n] }

// summaries are extremes, sums and counts.
type summaries struct{ list []metric.SummaryPoint }

func (s *summaries) grow()  { s.list = append(s.list, metric.SummaryPoint{}) }
func (s *summaries) begin() {}
func (s *summaries) reset() { clear(s.list) }

func (s *summaries) add(group int32, p *metric.Point, _ uint64) {
	to := &s.list[group]
	if p.Exact == nil {
		mergeSummary(to, p.Summary)
		return
	}
	for _, v := range p.Exact.Values {
		mergeSummary(to, metric.SummaryPoint{Min: v, Max: v, Sum: v, Count: 1})
	}
	if n := p.Exact.Missed; n > 0 {
		mean := p.Exact.MissedSum / float64(n)
		mergeSummary(to, metric.SummaryPoint{Min: mean, Max: mean, Sum: p.Exact.MissedSum, Count: n})
	}
}

func mergeSummary(to *metric.SummaryPoint, more metric.SummaryPoint) {
	switch {
	case more.Count == 0:
	case to.Count == 0:
		*to = more
	default:
		to.Min, to.Max = min(to.Min, more.Min), max(to.Max, more.Max)
		to.Sum = saturate.Float(to.Sum + more.Sum)
		to.Count += more.Count
	}
}

func (s *summaries) fill(group int32, p *metric.Point) { p.Summary = s.list[group] }
func (s *summaries) move(from, to int32)               { s.list[to] = s.list[from] }
func (s *summaries) truncate(n int)                    { s.list = s.list[:n] }

// exacts are the values themselves.
type exacts struct {
	// limit is how many values a group keeps; 0 is no limit.
	limit int
	list  []exactValues
	point metric.ExactPoint
}

type exactValues struct {
	metric.ExactPoint
	// from is the label set of the only member so far, until mixed is set.
	from  *byte
	mixed bool
	// sorted says how many of the values are known to be in order.
	sorted int
}

func (s *exacts) grow()  { s.list = append(s.list, exactValues{}) }
func (s *exacts) begin() {}

func (s *exacts) reset() {
	for i := range s.list {
		s.list[i] = exactValues{ExactPoint: metric.ExactPoint{Values: s.list[i].Values[:0]}}
	}
}

func (s *exacts) add(group int32, p *metric.Point, _ uint64) {
	if p.Exact == nil || p.Exact.Count() == 0 {
		return
	}
	to := &s.list[group]
	from := unsafe.StringData(string(p.Labels))
	to.mixed = to.mixed || to.from != nil && to.from != from
	to.from = from
	values := p.Exact.Values
	if room := s.limit - len(to.Values); s.limit > 0 && len(values) > room {
		for _, v := range values[room:] {
			to.MissedSum = saturate.Float(to.MissedSum + v)
		}
		to.Missed += uint64(len(values) - room)
		values = values[:room]
	}
	to.Values = append(to.Values, values...)
	to.Missed += p.Exact.Missed
	to.MissedSum = saturate.Float(to.MissedSum + p.Exact.MissedSum)
}

func (s *exacts) fill(group int32, p *metric.Point) {
	from := &s.list[group]
	if from.mixed && from.sorted < len(from.Values) {
		slices.Sort(from.Values)
		from.sorted = len(from.Values)
	}
	s.point = from.ExactPoint
	p.Exact = &s.point
}

func (s *exacts) move(from, to int32) { s.list[from], s.list[to] = s.list[to], s.list[from] }

func (s *exacts) truncate(n int) {
	clear(s.list[n:])
	s.list = s.list[:n]
}
