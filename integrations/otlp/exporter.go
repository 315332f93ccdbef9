package otlp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// Exporter sends batches by OTLP. It is used as export.Exporter says, from one
// goroutine at a time; Stats may be called from any.
type Exporter struct {
	client   client
	watch    *watch
	resource *resource.Resource
	scope    instrumentation.Scope
	logger   *slog.Logger
	counters counters

	// limit is how large a chunk may become, about. It falls when the backend
	// finds requests too large.
	limit   int
	chunk   chunk
	memory  memory
	settled settled
	// warned is the warning that was logged last.
	warned string
	closed bool
}

// client is what the official exporters have in common.
type client interface {
	Export(ctx context.Context, data *metricdata.ResourceMetrics) error
	Temporality(kind sdk.InstrumentKind) metricdata.Temporality
	Shutdown(ctx context.Context) error
}

var _ export.Exporter = (*Exporter)(nil)

// New returns an exporter that connects when it first exports. It fails if the
// options or the environment make no sense. Shut it down when it is done.
func New(ctx context.Context, options Options) (*Exporter, error) {
	o, err := options.complete()
	if err != nil {
		return nil, err
	}
	e := &Exporter{scope: o.Scope, logger: o.Logger, limit: o.RequestBytes}
	if e.resource, err = resourceOf(ctx, o.Resource); err != nil {
		return nil, err
	}
	e.watch = &watch{endpoint: o.endpointName(), counters: &e.counters, retry: o.Retry.complete()}
	if e.client, err = newClient(ctx, &o, e.watch); err != nil {
		return nil, fmt.Errorf("otlp exporter to %s: %w", e.watch.endpoint, err)
	}
	return e, nil
}

// newClient returns the official exporter of the protocol.
func newClient(ctx context.Context, o *Options, w *watch) (client, error) {
	timeout, err := o.timeout()
	if err != nil {
		return nil, err
	}
	config, err := o.tlsConfig()
	if err != nil {
		return nil, err
	}
	if o.Protocol == GRPC {
		// It reads the environment itself, but would pass over what is wrong.
		return newGRPC(ctx, o, w)
	}
	return newHTTP(ctx, o, timeout, config, w)
}

// Temporality returns what OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE
// asks for, to be given to whatever feeds the exporter: metric.Delta for delta
// and lowmemory, and otherwise metric.Cumulative.
func (e *Exporter) Temporality() metric.Temporality {
	if e.client.Temporality(sdk.InstrumentKindCounter) == metricdata.DeltaTemporality {
		return metric.Delta
	}
	return metric.Cumulative
}

// errClosed is returned by Export after Shutdown.
var errClosed = errors.New("otlp exporter is shut down: make a new one")

// Export sends a batch. It returns nil once the backend has taken all of it, an
// error that wraps export.ErrRejected if it took all but what it will never
// take, which is counted in Stats, and any other error if the batch is to come
// again. Errors name the endpoint and a remedy.
func (e *Exporter) Export(ctx context.Context, batch *export.Batch) error {
	if e.closed {
		return errClosed
	}
	err := e.newRun(ctx, batch).export()
	if err == nil || errors.Is(err, export.ErrRejected) {
		e.memory.acknowledge()
		e.settled.forget()
		return err
	}
	e.counters.failed.Add(1)
	return err
}

// Shutdown frees the connection. Nothing is held that was not sent.
func (e *Exporter) Shutdown(ctx context.Context) error {
	if e.closed {
		return nil
	}
	e.closed = true
	e.memory, e.settled, e.chunk = memory{}, settled{}, chunk{}
	if e.watch.idle != nil {
		e.watch.idle()
	}
	// The official exporters only pass on that the context has ended.
	if err := e.client.Shutdown(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("closing the connection to %s: %w", e.watch.endpoint, err)
	}
	return nil
}
