package stdout

import (
	"context"
	"fmt"
	"io"

	"github.com/metertree/metertree/export"
)

// Format is the form of what is written.
type Format uint8

const (
	// JSON is one object a line, as the package comment describes.
	JSON Format = iota
	// Table is aligned columns for people.
	Table
)

// String returns "json" or "table".
func (f Format) String() string {
	switch f {
	case JSON:
		return "json"
	case Table:
		return "table"
	}
	return fmt.Sprintf("format(%d)", uint8(f))
}

// Options configure an Exporter; the zero value is useful.
type Options struct {
	// Format is JSON unless it says otherwise.
	Format Format
}

// Exporter writes batches. It is used as export.Exporter says, from one
// goroutine at a time, and so is its writer.
type Exporter struct {
	format Format
	out    lineWriter
}

// New returns an exporter that writes to w, which it never closes. It fails if
// the format is unknown.
func New(w io.Writer, options Options) (*Exporter, error) {
	if options.Format > Table {
		return nil, fmt.Errorf("stdout options: unknown Format %d: use JSON or Table", options.Format)
	}
	return &Exporter{format: options.Format, out: lineWriter{w: w}}, nil
}

// Export writes a batch. It ends with an error when the writer fails and, between
// two writes, when ctx ends; a write that blocks it cannot end.
func (e *Exporter) Export(ctx context.Context, batch *export.Batch) error {
	e.out.begin(ctx)
	if e.format == Table {
		writeTable(&e.out, batch)
	} else {
		writeJSON(&e.out, batch)
	}
	if err := e.out.end(); err != nil {
		return fmt.Errorf("batch is written in part: %w", err)
	}
	return nil
}

// Shutdown does nothing: a batch is written when Export returns.
func (e *Exporter) Shutdown(context.Context) error { return nil }
