package otlp

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// run is the export of one batch.
type run struct {
	*Exporter
	ctx   context.Context
	batch *export.Batch
	// done is how many points were delivered or rejected.
	done int
	// rejections are why points were rejected, the first of each reason.
	rejections []error
	// failure is why the batch is to come again.
	failure error
}

func (e *Exporter) newRun(ctx context.Context, batch *export.Batch) *run {
	if batch.Temporality != metric.Delta || !batch.Start.Equal(e.settled.start) {
		e.settled.forget()
	}
	e.chunk.reset()
	e.memory.begin()
	return &run{Exporter: e, ctx: ctx, batch: batch}
}

// export sends the batch.
func (r *run) export() error {
	for f := range r.batch.Families {
		if !r.family(f) {
			break
		}
	}
	if r.failure == nil {
		r.send()
	}
	r.chunk.reset()
	if r.failure == nil && r.ctx.Err() != nil {
		// A batch that ends with its context may lack families.
		r.failure = fmt.Errorf("otlp export to %s: %w", r.watch.endpoint, context.Cause(r.ctx))
	}
	switch {
	case r.failure != nil:
		r.settle()
		// What was rejected before is not told again: it is settled.
		return errors.Join(append([]error{r.failure}, r.rejections...)...)
	case len(r.rejections) > 0:
		return export.Rejected(errors.Join(r.rejections...))
	}
	return nil
}

// family sends the points of a family but those that a chunk has room for yet.
func (r *run) family(f *metric.Family) bool {
	s := newSection(&f.Descriptor, r.batch.Temporality)
	known, settled := r.memory.of(f.Descriptor.Name), r.settled.of(f.Descriptor.Name)
	c := &r.chunk
	c.open(&s)
	for p := range f.Points {
		if !r.point(&s, known, settled, f.Keys, p) {
			continue
		}
		if c.size < r.limit {
			continue
		}
		c.close(&s)
		if !r.send() {
			return false
		}
		c.open(&s)
	}
	c.close(&s)
	known.end()
	return true
}

// point adds a point to the chunk, unless it holds nothing.
func (r *run) point(s *section, known *remembered, settled *walk[share], keys []string, p *metric.Point) bool {
	attributes := r.memory.attributesOf(known, keys, p.Labels)
	c := &r.chunk
	t := period{start: p.Start, end: r.batch.Time}
	switch {
	case s.deltas():
		t.start = r.batch.Start
	case r.batch.Temporality == metric.Delta && s.shape != gaugeShape:
		p = known.addUp(p)
	}
	before := c.mark()
	c.add(s, p, attributes, t)
	if !s.deltas() {
		return true
	}
	if settled != nil {
		if share, found := settled.find(p.Labels); found {
			c.subtract(s, share)
		}
	}
	if c.nothing(s) {
		c.drop(s, before)
		return false
	}
	return true
}

// send sends the chunk and empties it, and reports whether to go on.
func (r *run) send() bool {
	c := &r.chunk
	if c.points > 0 {
		r.upload(c.metrics, c.points)
	}
	c.reset()
	return r.failure == nil
}

// upload sends metrics, in halves if they are too large.
func (r *run) upload(metrics []metricdata.Metrics, points int) {
	if r.ctx.Err() != nil {
		r.failure = fmt.Errorf("otlp export to %s: %w", r.watch.endpoint, context.Cause(r.ctx))
		return
	}
	err := r.watch.repeat(r.ctx, func(ctx context.Context) error {
		return r.client.Export(ctx, &metricdata.ResourceMetrics{
			Resource:     r.resource,
			ScopeMetrics: []metricdata.ScopeMetrics{{Scope: r.scope, Metrics: metrics}},
		})
	})
	switch verdict, err := r.watch.judge(r.ctx, err); {
	case verdict == taken:
		r.take(points)
	case verdict == tooLarge && points > 1:
		r.halve(metrics, points)
	case verdict == tooLarge || verdict == refused:
		r.reject(points, err)
	default:
		r.failure = err
	}
}

// take counts points that the backend took, but for those it says it did not.
func (r *run) take(points int) {
	r.done += points
	answer := &r.watch.last
	rejected := min(max(int(answer.rejected), 0), points)
	r.counters.delivered.Add(uint64(points - rejected))
	switch {
	case rejected > 0:
		r.counters.rejected.Add(uint64(rejected))
		r.addRejection(&PartialSuccessError{Endpoint: r.watch.endpoint, Rejected: rejected, Points: points, Message: answer.message})
	case answer.message != "":
		r.counters.warnings.Add(1)
		if answer.message != r.warned {
			r.warned = answer.message
			r.logger.Warn("OTLP backend took everything with a warning", "endpoint", r.watch.endpoint, "warning", answer.message)
		}
	}
}

func (r *run) halve(metrics []metricdata.Metrics, points int) {
	r.counters.splits.Add(1)
	half := r.chunk.size / r.chunk.points * (points / 2)
	r.limit = max(min(r.limit, half), minRequestBytes)
	first, second := halves(metrics, points)
	if r.upload(first, points/2); r.failure == nil {
		r.upload(second, points-points/2)
	}
}

// minRequestBytes is how small chunks become at least when they are too large
// for a backend.
const minRequestBytes = 4 << 10

func (r *run) reject(points int, err error) {
	r.done += points
	r.counters.rejected.Add(uint64(points))
	r.addRejection(err)
}

// maxRejections is how many reasons are told.
const maxRejections = 4

func (r *run) addRejection(err error) {
	n := len(r.rejections)
	if n < maxRejections && (n == 0 || r.rejections[n-1].Error() != err.Error()) {
		r.rejections = append(r.rejections, err)
	}
}

// settle remembers what of a failed batch of deltas was delivered or rejected.
// Deltas are the same whenever they are read.
func (r *run) settle() {
	if r.batch.Temporality != metric.Delta || r.done == 0 {
		return
	}
	families := map[string]*walk[share]{}
	for f := range r.batch.Families {
		if w := r.settleFamily(f); w != nil {
			families[f.Descriptor.Name] = w
		}
	}
	r.settled.start, r.settled.families = r.batch.Start, families
}

// settleFamily returns what is settled of a family, of which the points come in
// the order in which they were sent.
func (r *run) settleFamily(f *metric.Family) *walk[share] {
	s := newSection(&f.Descriptor, r.batch.Temporality)
	settled := r.settled.of(f.Descriptor.Name)
	w := &walk[share]{}
	for p := range f.Points {
		if !s.deltas() {
			// It was sent as it is, and is sent anew.
			r.done = max(r.done-1, 0)
			continue
		}
		of, found := share{}, false
		if settled != nil {
			of, found = settled.find(p.Labels)
		}
		whole, sent := r.shareOf(&s, p, of, found)
		if sent && r.done > 0 {
			r.done--
			of, found = whole, true
		}
		if found {
			w.keep(p.Labels, of)
		}
	}
	w.end()
	if len(w.old) == 0 {
		return nil
	}
	return w
}

// noAttributes are those of a point that is not sent.
var noAttributes = *attribute.EmptySet()

// shareOf returns the whole of a point as a share, and whether it was sent, less
// what was settled of it before.
func (r *run) shareOf(s *section, p *metric.Point, settled share, found bool) (whole share, sent bool) {
	c := &r.chunk
	c.reset()
	c.add(s, p, noAttributes, period{start: r.batch.Start, end: r.batch.Time})
	whole = c.shareOf(s, r.batch.Time)
	if found {
		c.subtract(s, settled)
	}
	return whole, !c.nothing(s)
}
