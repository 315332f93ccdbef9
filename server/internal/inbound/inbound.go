// Package inbound counts what comes to a listener and what becomes of it:
// connections, answers, panics.
package inbound

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/crowd"
)

// Door counts the requests that pass it. It is safe for concurrent use.
type Door struct {
	logger    *slog.Logger
	responses meter.Counter
	panics    meter.Counter
}

// New defines the metrics of a listener, and of the requests that come by it, in a
// scope.
func New(scope meter.Scope, listener *crowd.Listener, logger *slog.Logger) (*Door, error) {
	place := scope.Scope("http")
	d := &Door{logger: logger}
	var errs [3]error
	d.responses, errs[0] = place.NewCounter("responses_total", meter.Keys("code"),
		meter.Help("Requests answered, by status code."))
	d.panics, errs[1] = place.NewCounter("panics_total",
		meter.Help("Requests that were given up because answering them panicked."))
	errs[2] = countConnections(place, listener)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("metrics of the listener: %w", err)
	}
	d.panics.Add(0)
	for _, code := range []int{http.StatusOK, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable} {
		d.responses.Add(0, strconv.Itoa(code))
	}
	return d, nil
}

func countConnections(place meter.Scope, listener *crowd.Listener) error {
	return errors.Join(
		place.GaugeFunc("connections", func(o *meter.Observer) { o.Float(float64(listener.Counts().Open)) },
			meter.Fold(metric.FoldSum), meter.Help("Connections that are open.")),
		place.GaugeFunc("connections_max", func(o *meter.Observer) { o.Float(float64(listener.Counts().Most)) },
			meter.Fold(metric.FoldSum), meter.Help("Connections that may be open at once.")),
		place.CounterFunc("dropped_connections_total", func(o *meter.Observer) {
			counts := listener.Counts()
			o.Float(float64(counts.DroppedSilent), "silent")
			o.Float(float64(counts.DroppedIdle), "idle")
		}, meter.Keys("state"), meter.Help("Connections closed to make room for others, by whether they never sent a whole request (silent) or were between two (idle).")),
		place.CounterFunc("delayed_connections_total", func(o *meter.Observer) { o.Float(float64(listener.Counts().Waited)) },
			meter.Help("Connections that had to wait because all that may be open were being answered.")),
	)
}

// Around counts the answers of a handler. A request that panics is logged, and its
// connection ends without an answer.
func (d *Door) Around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &witness{ResponseWriter: w}
		defer d.end(seen, r)
		next.ServeHTTP(seen, r)
	})
}

// end is deferred by what may panic.
func (d *Door) end(seen *witness, r *http.Request) {
	fault := recover()
	if fault == nil {
		d.responses.Inc(strconv.Itoa(seen.code()))
		return
	}
	if fault != http.ErrAbortHandler {
		d.panics.Inc()
		d.logger.Error("answering a request panicked", "method", r.Method, "path", r.URL.Path, "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
	}
	// The server ends the connection, and says nothing more of this one.
	panic(http.ErrAbortHandler)
}

// witness remembers the status of an answer.
type witness struct {
	http.ResponseWriter
	status int // 0 until one that counts is sent
}

func (w *witness) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// WriteHeader implements http.ResponseWriter.
func (w *witness) WriteHeader(status int) {
	// Informational ones come before the one that counts.
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what the server's writer can do.
func (w *witness) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush implements http.Flusher, which gRPC asks for.
func (w *witness) Flush() {
	if flusher, ok := w.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
}
