package prometheus

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
)

// Exposition says how families are written. The zero value writes the text
// format.
type Exposition struct {
	Format Format
	// Created says whether OpenMetrics has _created samples. Protobuf always
	// tells the time, which costs no series there; Text cannot.
	Created Created
	// Quantiles are written of series whose aggregation is Exact, each as a
	// gauge NAME_quantile{quantile="0.99"}. They are between 0 and 1; others
	// are left out.
	Quantiles []float64
}

// Write writes families to w in the text format. See Exposition.Write.
func Write(ctx context.Context, w io.Writer, families iter.Seq[*metric.Family]) (n int64, err error) {
	return Exposition{}.Write(ctx, w, families)
}

// Write writes families to w and returns how many bytes w took. It stops at the
// first error of w, and when ctx ends, with an error that wraps the cause; what
// was written until then is an incomplete exposition. It may be called from
// several goroutines for writers of their own. It allocates nothing for a family
// or a series, except to convert exponential buckets.
func (x Exposition) Write(ctx context.Context, w io.Writer, families iter.Seq[*metric.Family]) (n int64, err error) {
	n, _, err = x.write(ctx, w, families)
	return n, err
}

// flushAt is the size at which the buffer is handed to the destination: parts of
// this size cost a server little each, and are made within the processor's cache.
// A scrape of any number of series holds one buffer of about this size, and those
// of relay; one of Protobuf up to maxMessage.
const flushAt = 128 << 10

// writer turns families into one exposition through one reused buffer.
type writer struct {
	ctx     context.Context
	to      io.Writer
	encoder encoder
	buf     []byte
	limit   int
	written int64
	series  int
	err     error

	exposition Exposition
	quantiles  quantiles

	// What follows is of the current family.
	head   head
	form   form
	headed bool
	// loose says that OpenMetrics cannot show the family as a whole.
	loose  bool
	beside beside
	apart  apart
	dist   distribution
	sums   totals
	exact  aggregate.ExactState
	value  metric.Point

	// onFamily and onPoint are methods, bound once so that iterating does not
	// allocate.
	onFamily func(*metric.Family) bool
	onPoint  func(*metric.Point) bool
}

// writers are pooled by format.
var writers [Protobuf + 1]sync.Pool

func newWriter(f Format) *writer {
	w := &writer{encoder: newEncoder(f), buf: make([]byte, 0, flushAt+flushAt/4)}
	w.limit = w.encoder.limit()
	w.onFamily, w.onPoint = w.family, w.point
	return w
}

func (x Exposition) write(ctx context.Context, to io.Writer, families iter.Seq[*metric.Family]) (n int64, series int, err error) {
	if x.Format > Protobuf {
		return 0, 0, fmt.Errorf("unknown %v: use Text, OpenMetrics or Protobuf", x.Format)
	}
	w, pooled := writers[x.Format].Get().(*writer)
	if !pooled {
		w = newWriter(x.Format)
	}
	w.ctx, w.to, w.exposition = ctx, to, x
	w.quantiles.ask(x.Quantiles)
	defer func() {
		w.release()
		writers[x.Format].Put(w)
	}()
	families(w.onFamily)
	if w.err == nil {
		// A collection that the context cut short looks like a small one.
		w.err = context.Cause(ctx)
	}
	if w.err == nil {
		w.buf = w.encoder.finish(w.buf)
		w.flush()
	}
	if w.err != nil {
		return w.written, w.series, fmt.Errorf("exposition ended after %d bytes: %w", w.written, w.err)
	}
	return w.written, w.series, nil
}

// release forgets everything that a scrape refers to.
func (w *writer) release() {
	w.ctx, w.to, w.err = nil, nil, nil
	w.buf, w.written, w.series = w.buf[:0], 0, 0
	w.exposition, w.head, w.headed = Exposition{}, head{}, false
	w.value, w.sums = metric.Point{}, totals{}
	exemplars := w.dist.exemplars
	clear(exemplars[:cap(exemplars)])
	w.dist = distribution{exemplars: exemplars[:0]}
	w.beside.forget()
	w.apart.forget()
	w.encoder.reset()
}

// flushWithin hands over the buffer unless the context ended.
func (w *writer) flushWithin() {
	if w.err = context.Cause(w.ctx); w.err == nil {
		w.flush()
	}
}

func (w *writer) flush() {
	n, err := w.to.Write(w.buf)
	w.written += int64(n)
	if err == nil && n < len(w.buf) {
		err = io.ErrShortWrite
	}
	w.err = err
	w.buf = w.buf[:0]
}
