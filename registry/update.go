package registry

import (
	"math"

	"github.com/metertree/metertree/internal/cell"
	"github.com/metertree/metertree/metric"
)

// AddInt adds to an Int64 sum. A decrease of a monotonic counter is dropped.
func (i *Instrument) AddInt(v int64, values ...string) {
	if s := i.series(values); s != nil {
		s.sum.Increase(v, i)
	}
}

// AddFloat adds to a Float64 sum. A decrease of a monotonic counter and values
// that are not finite are dropped.
func (i *Instrument) AddFloat(v float64, values ...string) {
	if s := i.series(values); s != nil {
		Bound{i, s}.AddFloat(v)
	}
}

// SetGauge sets a gauge. Values that are not finite are dropped.
func (i *Instrument) SetGauge(v float64, values ...string) {
	if s := i.series(values); s != nil {
		s.sum.Set(v, i)
	}
}

// AddGauge adds to a gauge. Values that are not finite are dropped.
func (i *Instrument) AddGauge(v float64, values ...string) {
	if s := i.series(values); s != nil {
		s.sum.Raise(v, i)
	}
}

// Observe adds to a histogram. Values that are not finite are dropped.
func (i *Instrument) Observe(v float64, values ...string) {
	if s := i.series(values); s != nil {
		Bound{i, s}.Observe(v)
	}
}

// ObserveExemplar is Observe for a value that was measured in a trace.
func (i *Instrument) ObserveExemplar(v float64, traceID, spanID string, values ...string) {
	if s := i.series(values); s != nil {
		Bound{i, s}.ObserveExemplar(v, traceID, spanID)
	}
}

// Bind returns a handle on the series of the given values and pins it, so that
// it is not forgotten however idle it is. The handle does nothing if the values
// are not of the right number.
func (i *Instrument) Bind(values []string) Bound {
	if i == nil {
		return Bound{}
	}
	s := i.series(values)
	if s == nil {
		return Bound{}
	}
	s.state.Or(flagPinned)
	return Bound{i, s}
}

// Bound is a handle on one series. It stays usable when the series ends: the
// next update then starts the series anew. The zero Bound does nothing.
type Bound struct {
	instrument *Instrument
	series     *series
}

// Unpin lets the series be forgotten when it is idle.
func (b Bound) Unpin() {
	if b.series != nil {
		b.series.state.And(^uint32(flagPinned))
	}
}

// AddInt adds to an Int64 sum. A decrease of a monotonic counter is dropped.
func (b Bound) AddInt(v int64) {
	if b.series != nil {
		b.series.sum.Increase(v, b.instrument)
	}
}

// AddIntOtherwise implements cell.Owner: it judges a value that is negative or
// very large, and finds the cell that counts for a sealed one.
func (i *Instrument) AddIntOtherwise(sum *cell.Sum, v int64) {
	f := i.family
	switch {
	case v < 0 && f.Kind.Monotonic():
		f.registry.drop(f.Name, Negative)
		return
	case v > cell.MaxInt || v < -cell.MaxInt:
		f.registry.drop(f.Name, OutOfRange)
		return
	}
	for s := seriesOf(sum); s != nil && !s.sum.AddInt(v); s = f.successor(s) {
		if !s.has(flagEnded) {
			f.registry.drop(f.Name, OutOfRange)
			return
		}
	}
}

// AddFloat adds to a Float64 sum. A decrease of a monotonic counter and values
// that are not finite are dropped.
func (b Bound) AddFloat(v float64) {
	if b.series == nil || !b.acceptsFloat(v) {
		return
	}
	f := b.instrument.family
	for s := b.series; s != nil && !s.sum.AddFloat(v); {
		s = f.successor(s)
	}
}

// acceptsFloat reports whether a float is finite and goes the right way.
func (b Bound) acceptsFloat(v float64) bool {
	return v >= 0 && v <= math.MaxFloat64 || b.acceptsOddFloat(v)
}

func (b Bound) acceptsOddFloat(v float64) bool {
	f := b.instrument.family
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		f.registry.drop(f.Name, NotFinite)
	case f.Kind.Monotonic() && v < 0:
		f.registry.drop(f.Name, Negative)
	default:
		return true
	}
	return false
}

// SetGauge sets a gauge. Values that are not finite are dropped.
func (b Bound) SetGauge(v float64) {
	if b.series != nil {
		b.series.sum.Set(v, b.instrument)
	}
}

// AddGauge adds to a gauge. Values that are not finite are dropped.
func (b Bound) AddGauge(v float64) {
	if b.series != nil {
		b.series.sum.Raise(v, b.instrument)
	}
}

// SetOtherwise implements cell.Owner.
func (i *Instrument) SetOtherwise(sum *cell.Sum, v float64) {
	if i.family.Monotonic {
		i.raiseTo(seriesOf(sum), func(float64) float64 { return v })
		return
	}
	i.writeGauge(seriesOf(sum), v, (*cell.Sum).TrySet, nil)
}

// RaiseOtherwise implements cell.Owner.
func (i *Instrument) RaiseOtherwise(sum *cell.Sum, v float64) {
	if i.family.Monotonic {
		i.raiseTo(seriesOf(sum), func(old float64) float64 { return old + v })
		return
	}
	add := func(old float64) float64 { return old + v }
	i.writeGauge(seriesOf(sum), v, (*cell.Sum).TryRaise, add)
}

// raiseTo writes a monotonic gauge, unless that made it fall.
func (i *Instrument) raiseTo(s *series, next func(old float64) float64) {
	f := i.family
	for s != nil {
		if s.has(flagEnded) {
			s = f.successor(s)
			continue
		}
		old := s.sum.Gauge()
		switch v := next(old); {
		case math.IsNaN(v) || math.IsInf(v, 0):
			f.registry.drop(f.Name, NotFinite)
			return
		case v < old:
			f.registry.drop(f.Name, Negative)
			return
		case s.sum.Replace(old, v):
			return
		}
	}
}

// writeGauge judges a value that is not finite, and finds the gauge to write to
// if this one is watched or sealed. One that stands for several label sets takes
// what is added, if its fold is a sum, and nothing else.
func (i *Instrument) writeGauge(s *series, v float64, write func(*cell.Sum, float64) bool, add func(float64) float64) {
	f := i.family
	if math.IsNaN(v) || math.IsInf(v, 0) {
		f.registry.drop(f.Name, NotFinite)
		return
	}
	for s != nil {
		if s.has(flagEnded) {
			s = f.successor(s)
			continue
		}
		if s.has(flagMerged) {
			if add == nil || f.Fold != metric.FoldSum {
				f.registry.drop(f.Name, Merged)
				return
			}
			old := s.sum.Gauge()
			next := add(old)
			if math.IsInf(next, 0) {
				f.registry.drop(f.Name, OutOfRange)
				return
			}
			if s.sum.Replace(old, next) {
				return
			}
			continue
		}
		if add != nil && math.IsInf(add(s.sum.Gauge()), 0) {
			f.registry.drop(f.Name, OutOfRange)
			return
		}
		s.sum.Unwatch()
		if write(&s.sum, v) {
			return
		}
	}
}

// Observe adds to a histogram. Values that are not finite are dropped.
func (b Bound) Observe(v float64) {
	if b.series == nil || !b.acceptsFloat(v) {
		return
	}
	if took := b.series.observe(v); took != cell.Taken {
		b.observeLater(v, took)
	}
}

// observe counts v in a histogram or what is kept instead.
func (s *series) observe(v float64) cell.Outcome {
	x := s.extra.Load()
	if x.other == nil {
		return x.histogram.Observe(v)
	}
	return x.observeOther(v)
}

func (x *extra) observeOther(v float64) cell.Outcome {
	switch o := x.other; {
	case o.sketch != nil:
		return o.sketch.Observe(v)
	case o.values != nil:
		return o.values.Observe(v)
	default:
		o.extremes.Offer(v)
		return x.histogram.Observe(v)
	}
}

// count counts v without adding it to the sum.
func (s *series) count(v float64) bool {
	x := s.extra.Load()
	switch o := x.other; {
	case o == nil:
	case o.sketch != nil:
		return o.sketch.Count(v)
	case o.values != nil:
		return o.values.Count(v)
	default:
		o.extremes.Offer(v)
	}
	return x.histogram.Count(v)
}

func (b Bound) observeLater(v float64, took cell.Outcome) {
	f := b.instrument.family
	for s := f.successor(b.series); s != nil; s = f.successor(s) {
		if took == cell.SumTaken {
			if s.count(v) {
				return
			}
			continue
		}
		if took = s.observe(v); took == cell.Taken {
			return
		}
	}
}

// ObserveExemplar is Observe for a value that was measured in a trace. It may
// allocate; call it for sampled traces only. Only histograms with explicit
// buckets keep exemplars.
func (b Bound) ObserveExemplar(v float64, traceID, spanID string) {
	b.Observe(v)
	if b.series == nil || math.IsNaN(v) || math.IsInf(v, 0) || b.instrument.family.kept != metric.ExplicitBuckets {
		return
	}
	x := b.series.extra.Load()
	b.series.odd().exemplars.offer(x.histogram.Bucket(v), x.histogram.Buckets(), metric.Exemplar{
		TraceID: traceID, SpanID: spanID, Value: v, Time: b.instrument.family.registry.options.Now(),
	})
}
