package prometheus

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/metertree/metertree/metric"
)

// ContentType is the media type of what Write writes.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// flushAt is the size at which the buffer is handed to the writer. A scrape of
// any number of series holds one buffer of about this size.
const flushAt = 32 << 10

// encoder turns families into text through one reused buffer.
type encoder struct {
	w       io.Writer
	buf     []byte
	written int64
	err     error
	buckets bucketLabels
}

var encoders = sync.Pool{New: func() any {
	return &encoder{buf: make([]byte, 0, flushAt+flushAt/4)}
}}

// Write writes families to w in the text format and returns how many bytes w
// took. It stops at the first error of w, and when ctx ends, with an error that
// wraps the cause; what was written until then is an incomplete exposition. It
// may be called from several goroutines for writers of their own, and its
// allocations do not grow with the number of series.
func Write(ctx context.Context, w io.Writer, families iter.Seq[*metric.Family]) (n int64, err error) {
	e := encoders.Get().(*encoder)
	e.w = w
	defer func() {
		e.w, e.buf, e.written, e.err = nil, e.buf[:0], 0, nil
		e.buckets.reset()
		encoders.Put(e)
	}()
	for f := range families {
		if !e.family(ctx, f) {
			break
		}
	}
	if e.err == nil {
		// A collection that the context cut short looks like a small one.
		e.err = context.Cause(ctx)
	}
	if e.err == nil {
		e.flush()
	}
	if e.err != nil {
		return e.written, fmt.Errorf("exposition ended after %d bytes: %w", e.written, e.err)
	}
	return e.written, nil
}

// family writes one family and reports whether to go on.
func (e *encoder) family(ctx context.Context, f *metric.Family) bool {
	headed := false
	for p := range f.Points {
		if p.Exponential != nil {
			// The text has no other form for it than explicit buckets.
			p.Histogram = p.Exponential.Explicit()
		}
		if f.Descriptor.Kind == metric.Histogram && len(p.Histogram.Counts) != len(p.Histogram.Bounds)+1 {
			// Not a distribution; the rest of the scrape does not pay for it.
			continue
		}
		if !headed {
			e.header(&f.Descriptor)
			headed = true
		}
		e.point(&f.Descriptor, p)
		if len(e.buf) >= flushAt && !e.flushWithin(ctx) {
			return false
		}
	}
	return true
}

func (e *encoder) flushWithin(ctx context.Context) bool {
	if e.err = context.Cause(ctx); e.err == nil {
		e.flush()
	}
	return e.err == nil
}

func (e *encoder) flush() {
	n, err := e.w.Write(e.buf)
	e.written += int64(n)
	if err == nil && n < len(e.buf) {
		err = io.ErrShortWrite
	}
	e.err = err
	e.buf = e.buf[:0]
}

func (e *encoder) header(d *metric.Descriptor) {
	if d.Help != "" {
		e.buf = append(e.buf, "# HELP "...)
		e.buf = append(e.buf, d.Name...)
		e.buf = append(e.buf, ' ')
		e.buf = appendHelp(e.buf, d.Help)
		e.buf = append(e.buf, '\n')
	}
	e.buf = append(e.buf, "# TYPE "...)
	e.buf = append(e.buf, d.Name...)
	e.buf = append(e.buf, typeLine(d.Kind)...)
}

// typeLine is the end of a TYPE line.
func typeLine(k metric.Kind) string {
	switch k {
	case metric.Counter:
		return " counter\n"
	case metric.UpDownCounter, metric.Gauge:
		return " gauge\n"
	case metric.Histogram:
		return " histogram\n"
	}
	return " untyped\n"
}

func (e *encoder) point(d *metric.Descriptor, p *metric.Point) {
	if d.Kind == metric.Histogram {
		e.histogram(d, p)
		return
	}
	e.buf = append(e.buf, d.Name...)
	if labels := p.Labels.String(); labels != "" {
		e.buf = append(e.buf, '{')
		e.buf = appendLabels(e.buf, labels)
		e.buf = append(e.buf, '}')
	}
	e.buf = append(e.buf, ' ')
	if d.Number == metric.Int64 && d.Kind != metric.Gauge {
		e.buf = appendInt(e.buf, p.Int)
	} else {
		e.buf = appendFloat(e.buf, p.Float)
	}
	e.buf = append(e.buf, '\n')
}
