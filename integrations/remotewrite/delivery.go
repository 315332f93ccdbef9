package remotewrite

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/push"
	"github.com/metertree/metertree/metric"
)

// delivery is one batch on its way. One goroutine makes the requests, and one for
// each lane sends them.
type delivery struct {
	*Exporter
	// outer is the context of Export, and ctx ends also when a request failed:
	// then no other one is begun.
	outer  context.Context
	ctx    context.Context
	cancel context.CancelFunc
	lanes  []*lane
	done   sync.WaitGroup
	closed bool
	time   int64
	// describes says that version 1 is to have metadata.
	describes bool
	samples   int

	// What follows is of the current family.
	family    *family
	described bool
	batch     *export.Batch
	placed    []*metric.Exemplar
}

// begin starts to deliver.
func (e *Exporter) begin(ctx context.Context, t time.Time) *delivery {
	d := &delivery{Exporter: e, outer: ctx, time: e.stamp(t)}
	d.ctx, d.cancel = context.WithCancel(ctx)
	// One lane is enough for what fits into one request, and so on.
	lanes := min(e.samples/int(e.most.Load())+1, len(e.lanes))
	d.lanes = e.lanes[:lanes]
	for _, l := range d.lanes {
		l.begin(d)
		d.done.Go(l.run)
	}
	return d
}

var seed = maphash.MakeSeed()

// lane returns the one that a series goes by.
func (d *delivery) lane(labels metric.LabelSet) *lane {
	if len(d.lanes) == 1 {
		return d.lanes[0]
	}
	return d.lanes[maphash.String(seed, string(labels))%uint64(len(d.lanes))]
}

// end tells of the series that ended.
func (d *delivery) end() {
	for _, e := range d.known.ending {
		r := d.lane(e.labels).room(len(e.told.series))
		if r == nil {
			return
		}
		for _, at := range e.told.series {
			r.addEnd(e.series, e.labels, at)
		}
	}
}

// finish sends what is left, waits, and returns what Export does.
func (d *delivery) finish() error {
	for _, l := range d.lanes {
		l.flush()
	}
	d.close()
	d.known.settle()
	d.counts.lostEnds.Store(d.known.lost)
	all := push.Outcome{Failed: d.failure()}
	for _, l := range d.lanes {
		all.Reject(l.outcome.Rejected, l.outcome.Why)
	}
	return all.Err(d.outer, "samples")
}

// close ends the lanes and waits for them.
func (d *delivery) close() {
	if d.closed {
		return
	}
	d.closed = true
	for _, l := range d.lanes {
		close(l.work)
	}
	d.done.Wait()
	d.cancel()
}

// abandon ends what was not finished.
func (d *delivery) abandon() {
	d.cancel()
	d.close()
}

// failure returns the error of the lane that failed by itself: it ends what others
// wait for. A panic goes on here, where whoever exports can recover from it.
func (d *delivery) failure() (failed error) {
	for _, l := range d.lanes {
		if p, is := l.outcome.Failed.(panicked); is {
			panic(p.value)
		}
		if l.outcome.Failed != nil && (failed == nil || errors.Is(failed, context.Canceled)) {
			failed = l.outcome.Failed
		}
	}
	return failed
}

// collect makes requests of the families of a batch.
func (d *delivery) collect(batch *export.Batch) {
	d.batch = batch
	onPoint := d.point
	for f := range batch.Families {
		d.family = d.known.family(f, batch.Temporality, d.external)
		d.described = !d.describes
		f.Points(onPoint)
		if d.ctx.Err() != nil {
			return
		}
	}
}

// point adds the series of a point and reports whether to go on.
func (d *delivery) point(p *metric.Point) bool {
	s := d.known.see(d.family, p.Labels)
	as, h := d.layoutOf(s, p)
	if as == nil {
		// What is no distribution is left out.
		return true
	}
	gone := s.gone(as)
	r := d.lane(p.Labels).room(len(as.series) + len(gone))
	if r == nil {
		return false
	}
	for _, at := range gone {
		r.addEnd(s, p.Labels, at)
	}
	if !d.described {
		d.described = true
		r.described = append(r.described, d.family.plan)
	}
	from := len(r.entries)
	for _, at := range as.series {
		r.add(d.family.plan, p.Labels, at)
	}
	r.entries[from].series, r.entries[from].as = s, as
	d.samples += len(as.series)
	d.fill(r, r.entries[from:], p, h)
	return true
}

// layoutOf returns what a point is written as, and its buckets if it has any.
func (d *delivery) layoutOf(s *series, p *metric.Point) (*layout, metric.HistogramPoint) {
	none := metric.HistogramPoint{}
	pl := d.family.plan
	switch {
	case pl.kind != metric.Histogram:
		return valueLayout, none
	case pl.kept == metric.MinMaxSumCount && p.Summary.Count > 0:
		return extremesLayout, none
	case pl.kept == metric.MinMaxSumCount, pl.kept == metric.SumAggregation, pl.kept == metric.Exact && p.Exact != nil:
		return totalsLayout, none
	case pl.kept == metric.Exact:
		return nil, none
	case p.Exponential != nil && d.options.Histograms == Native && p.Exponential.Scale >= minSchema:
		return nativeLayout, none
	}
	h := p.Buckets()
	if len(h.Counts) != len(h.Bounds)+1 {
		return nil, none
	}
	return d.family.layout(s, h.Bounds), h
}

// fill gives the series of a point their values.
func (d *delivery) fill(r *request, series []entry, p *metric.Point, h metric.HistogramPoint) {
	pl := d.family.plan
	if start := d.startOf(series[0].series, p); start != 0 {
		for i := range series {
			series[i].start = start
		}
	}
	switch {
	case pl.kind != metric.Histogram:
		series[0].value = ordinary(p.Float)
		if pl.whole {
			series[0].value = float64(p.Int)
		}
	case pl.kept == metric.MinMaxSumCount:
		s := &p.Summary
		setTotals(series, s.Sum, s.Count)
		if len(series) > 2 {
			series[2].value, series[3].value = ordinary(s.Min), ordinary(s.Max)
			series[2].start, series[3].start = 0, 0
		}
	case pl.kept == metric.Exact:
		setTotals(series, p.Exact.Sum(), p.Exact.Count())
	case pl.kept == metric.SumAggregation:
		setTotals(series, p.Histogram.Sum, p.Histogram.Count())
	case series[0].place.part == partNative:
		series[0].native = r.addNative(p.Exponential)
		d.addLatest(r, p.Exemplars)
	default:
		d.fillBuckets(r, series, p, h)
	}
}

func setTotals(series []entry, sum float64, count uint64) {
	series[0].value, series[1].value = ordinary(sum), float64(count)
}

// fillBuckets gives buckets their cumulative counts, and their exemplars.
func (d *delivery) fillBuckets(r *request, series []entry, p *metric.Point, h metric.HistogramPoint) {
	var below uint64
	for i, n := range h.Counts {
		below += n
		series[i].value = float64(below)
	}
	setTotals(series[len(h.Counts):], h.Sum, below)
	d.place(p.Exemplars, h.Bounds)
	for i, x := range d.placed {
		if x != nil {
			r.addExemplar(&series[i], x)
		}
	}
}

// place puts exemplars beside the buckets of their values, the latest where there
// are several.
func (d *delivery) place(all []*metric.Exemplar, bounds []float64) {
	d.placed = d.placed[:0]
	for _, x := range all {
		if !d.isNew(x) {
			continue
		}
		if len(d.placed) == 0 {
			d.placed = slices.Grow(d.placed, len(bounds)+1)[:len(bounds)+1]
			clear(d.placed)
		}
		at, _ := slices.BinarySearch(bounds, x.Value)
		if old := d.placed[at]; old == nil || x.Time.After(old.Time) {
			d.placed[at] = x
		}
	}
}

// addLatest adds the exemplars of a native histogram, in the order of their times.
func (d *delivery) addLatest(r *request, all []*metric.Exemplar) {
	d.placed = d.placed[:0]
	for _, x := range all {
		if d.isNew(x) {
			d.placed = append(d.placed, x)
		}
	}
	slices.SortStableFunc(d.placed, func(a, b *metric.Exemplar) int { return a.Time.Compare(b.Time) })
	for _, x := range d.placed {
		r.addExemplar(&r.entries[len(r.entries)-1], x)
	}
}

// isNew reports whether an exemplar can be written and may not be delivered yet.
func (d *delivery) isNew(x *metric.Exemplar) bool { return shows(x) && !x.Time.Before(d.delivered) }

// startOf returns when a total began, in milliseconds, or 0. It is before the first
// sample, also if both are in one millisecond or a clock was set back, and stays
// what it was: a receiver takes another start for that of another process.
func (d *delivery) startOf(s *series, p *metric.Point) int64 {
	pl := d.family.plan
	if pl.kind != metric.Counter && pl.kind != metric.Histogram {
		return 0
	}
	start := p.Start
	if pl.delta {
		start = d.batch.Start
	}
	ms := start.UnixMilli()
	if start.IsZero() || ms <= 0 {
		return 0
	}
	if s.start == 0 || s.began != ms {
		s.began, s.start = ms, min(ms, d.time-1)
	}
	return s.start
}
