// Package exporter is the worked example of docs/contributing/exporter.md: it
// sends metrics to Graphite, in the plaintext protocol with tags, over TCP. Carbon,
// VictoriaMetrics and InfluxDB take it.
//
// A series is a path, the metric's name, with its labels as tags:
//
//	app_calls_total;operation=get 5 1795287600
//
// Of a histogram there are the paths name_count and name_sum, name_min and
// name_max if these are kept, and name_bucket with the tag le if there are
// buckets, cumulative as in Prometheus.
package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/metertree/metertree/export"
)

// Options configure an Exporter. Address is required; for the others the zero
// value is useful.
type Options struct {
	// Address is the host and port of the receiver, such as "graphite:2003".
	Address string
	// Prefix begins every path, such as "prod.".
	Prefix string
	// Retry is how a failed delivery is repeated within one Export.
	Retry export.Retry
}

// Exporter sends batches to Graphite. It is used as export.Exporter says, from
// one goroutine at a time.
type Exporter struct {
	address string
	retry   export.Retry
	lines   lines
}

// New returns an exporter; nothing is connected yet. It fails if the address has
// no host and port.
func New(options Options) (*Exporter, error) {
	if _, _, err := net.SplitHostPort(options.Address); err != nil {
		return nil, fmt.Errorf("graphite address %q: give a host and a port, such as graphite:2003: %w", options.Address, err)
	}
	return &Exporter{address: options.Address, retry: options.Retry, lines: lines{prefix: options.Prefix}}, nil
}

// Export sends a batch over a connection of its own. All of it is formatted
// first, because nothing of the batch is valid later, so that each attempt sends
// the same bytes: a line that arrives twice says the same of the same moment.
func (e *Exporter) Export(ctx context.Context, batch *export.Batch) error {
	text := e.lines.format(batch)
	err := e.retry.Do(ctx, func(ctx context.Context) error { return e.send(ctx, text) })
	if err != nil {
		return fmt.Errorf("sending %d bytes to Graphite at %s: %w", len(text), e.address, err)
	}
	return nil
}

// send writes the text and waits until the receiver has read it. The protocol
// has no answer, and a write that returns has only reached this machine's kernel.
// But a receiver closes its side once it has read the end of ours, and resets
// the connection if it closes before: the first is taken for its answer.
func (e *Exporter) send(ctx context.Context, text []byte) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", e.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	// Whatever waits below ends with the context.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := exchange(conn, text); err != nil {
		if ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		return err
	}
	return nil
}

func exchange(conn net.Conn, text []byte) error {
	if _, err := conn.Write(text); err != nil {
		return err
	}
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok {
		return fmt.Errorf("a %T cannot be closed for writing alone: use TCP", conn)
	}
	if err := half.CloseWrite(); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, conn)
	return err
}

// Shutdown does nothing: a batch has arrived when Export returns.
func (e *Exporter) Shutdown(context.Context) error { return nil }
