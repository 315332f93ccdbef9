package stdout

import (
	"context"
	"io"
)

// flushAt is the size at which lines are handed to the writer. A batch of any
// number of points holds one buffer of about this size.
const flushAt = 32 << 10

// lineWriter hands whole lines to a writer. After the first error it does
// nothing more until the next batch.
type lineWriter struct {
	w   io.Writer
	ctx context.Context
	buf []byte
	err error
	// torn is set when the writer took a part of a line.
	torn bool
}

// begin begins a batch, on a line of its own.
func (l *lineWriter) begin(ctx context.Context) {
	l.ctx, l.buf, l.err = ctx, l.buf[:0], nil
	if l.torn {
		l.buf = append(l.buf, '\n')
	}
}

// line appends what add adds, as a line, and reports whether to go on.
func (l *lineWriter) line(add func([]byte) []byte) bool {
	l.buf = append(add(l.buf), '\n')
	if len(l.buf) >= flushAt {
		l.flush()
	}
	return l.err == nil
}

// Write implements io.Writer for whole lines.
func (l *lineWriter) Write(p []byte) (int, error) {
	l.buf = append(l.buf, p...)
	return len(p), l.err
}

func (l *lineWriter) flush() {
	if l.err = context.Cause(l.ctx); l.err != nil {
		return
	}
	n, err := l.w.Write(l.buf)
	if err == nil && n < len(l.buf) {
		err = io.ErrShortWrite
	}
	switch {
	case n > 0 && n <= len(l.buf):
		l.torn = l.buf[n-1] != '\n'
	case err == nil:
		l.torn = false
	}
	l.buf, l.err = l.buf[:0], err
}

// end writes the rest and returns the first error.
func (l *lineWriter) end() error {
	if l.err == nil {
		l.flush()
	}
	l.ctx = nil
	return l.err
}
