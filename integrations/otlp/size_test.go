package otlp_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/otlp"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// refuseAbove makes the receiver refuse requests above a size.
func (f *receiver) refuseAbove(size int) {
	f.set(func() {
		f.serve = func(_ int, w http.ResponseWriter, _ *http.Request, body *collector.ExportMetricsServiceRequest) bool {
			if proto.Size(body) <= size {
				return false
			}
			http.Error(w, "request body too large", http.StatusRequestEntityTooLarge)
			return true
		}
		f.answer = func(_ int, _ context.Context, body *collector.ExportMetricsServiceRequest) error {
			if proto.Size(body) <= size {
				return nil
			}
			return status.Errorf(codes.ResourceExhausted, "grpc: received message larger than max (%d vs. %d)", proto.Size(body), size)
		}
	})
}

// What is too large is halved until it is taken, and what comes later is sent in
// such sizes at once.
func TestTooLargeRequestsAreHalved(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		f := newReceiver(t, p)
		f.refuseAbove(8 << 10)
		w := newWorkload(1)
		e := newExporter(t, p, f)
		pipe := newPipeline(t, w.registry, metric.Delta, e)
		w.update(3000)
		pipe.mustPush(t)
		w.mustBeIn(t, f.taken(), metric.Delta)
		if e.Stats().Splits == 0 {
			t.Fatal("no request was halved")
		}
		w.update(3000)
		pipe.mustPush(t)
		before := e.Stats().Splits
		w.update(3000)
		pipe.mustPush(t)
		w.mustBeIn(t, f.taken(), metric.Delta)
		if after := e.Stats().Splits; after != before {
			t.Errorf("%d requests of a later batch were halved again, want none", after-before)
		}
	})
}

// A single point that is too large is dropped, counted and told; the others
// arrive.
func TestSinglePointThatIsTooLarge(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		f := newReceiver(t, p)
		f.refuseAbove(2 << 10)
		r := registry.New(registry.Options{})
		c := meter.New(r).Counter("calls_total", meter.Keys("of"))
		for _, of := range []string{"a", "b", strings.Repeat("c", registry.MaxValueLength), "d"} {
			c.Inc(of)
		}
		e := newExporter(t, p, f)
		err := newPipeline(t, r, metric.Delta, e).push(t.Context())
		if !errors.Is(err, export.ErrRejected) {
			t.Fatalf("err = %v, want one that is rejected", err)
		}
		mustSay(t, err, f.url, "larger requests")
		if s := e.Stats(); s.RejectedPoints != 1 {
			t.Errorf("stats %+v, want 1 rejected point", s)
		}
		got := received(t, f.taken())
		for _, of := range []string{"a", "b", "d"} {
			if v := got[`calls_total{of="`+of+`"}`]; v == nil || v.integer != 1 {
				t.Errorf("series of %s is %+v, want 1", of, v)
			}
		}
	})
}

// What is rejected before another part of the batch fails is told with that, and
// is not sent again.
func TestRejectionBeforeAFailure(t *testing.T) {
	f := newReceiver(t, otlp.HTTP)
	f.set(func() {
		f.serve = func(n int, w http.ResponseWriter, _ *http.Request, _ *collector.ExportMetricsServiceRequest) bool {
			switch n {
			case 1:
				http.Error(w, "bad name", http.StatusBadRequest)
			case 2:
				http.Error(w, "out of order", http.StatusForbidden)
			default:
				return false
			}
			return true
		}
	})
	r := registry.New(registry.Options{})
	e := newExporter(t, otlp.HTTP, f, func(o *otlp.Options) { o.RequestBytes = 1 })
	pipe := newPipeline(t, r, metric.Delta, e)
	s := meter.New(r)
	for _, name := range []string{"a_total", "b_total", "c_total"} {
		s.Counter(name).Inc()
	}
	err := pipe.push(t.Context())
	mustSay(t, err, "bad name", "out of order")
	if errors.Is(err, export.ErrRejected) {
		t.Errorf("rejected: %v", err)
	}
	pipe.mustPush(t)
	got := received(t, f.taken())
	if got["a_total{}"] != nil || got["b_total{}"] == nil || got["c_total{}"] == nil {
		t.Errorf("the backend has %v, want b and c", got)
	}
	if s := e.Stats(); s.RejectedPoints != 1 {
		t.Errorf("stats %+v, want 1 rejected point", s)
	}
}

// Requests are about as large as they are to be, whatever is in them.
func TestRequestsHaveTheSizeAskedFor(t *testing.T) {
	const size = 16 << 10
	f := newReceiver(t, otlp.HTTP)
	w := newWorkload(3)
	r := w.registry
	c := meter.New(r).Counter("calls_total", meter.Keys("of"))
	for i := range 2000 {
		c.Inc(strings.Repeat("x", 1+i%300) + string(rune('a'+i%26)))
	}
	w.update(10_000)
	newPipeline(t, r, metric.Cumulative, newExporter(t, otlp.HTTP, f, func(o *otlp.Options) { o.RequestBytes = size })).mustPush(t)
	requests := f.taken()
	for i, request := range requests {
		if got := proto.Size(request); got > 2*size || i < len(requests)-1 && got < size/4 {
			t.Errorf("request %d of %d has %d bytes, want about %d", i+1, len(requests), got, size)
		}
	}
	if len(requests) < 5 {
		t.Errorf("%d requests, want more", len(requests))
	}
}

// A warning of a backend that took everything is no error, and is logged once.
func TestWarningIsLoggedOnce(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		f := newReceiver(t, p)
		f.partial = &collector.ExportMetricsPartialSuccess{ErrorMessage: "label zone is deprecated"}
		var log bytes.Buffer
		e := newExporter(t, p, f, func(o *otlp.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		w := newWorkload(1)
		pipe := newPipeline(t, w.registry, metric.Cumulative, e)
		for range 3 {
			w.update(10)
			pipe.mustPush(t)
		}
		if n := strings.Count(log.String(), "label zone is deprecated"); n != 1 || e.Stats().Warnings != 3 {
			t.Errorf("%d lines for %d warnings, want 1 for 3:\n%s", n, e.Stats().Warnings, log.String())
		}
	})
}

// Whatever fails, whenever: once the backend works, it holds everything, deltas
// once, because it takes a request only if it also answers.
func TestNothingIsLostOrCountedTwice(t *testing.T) {
	eachTemporality(t, func(t *testing.T, temporality metric.Temporality) {
		failures := 0
		for seed := range uint64(12) {
			failures += unreliable(t, seed, temporality)
			if t.Failed() {
				t.Fatalf("seed %d, after %d failures", seed, failures)
			}
		}
		if failures < 20 {
			t.Errorf("%d exports failed, want more", failures)
		}
	})
}

// unreliable exports to a backend that fails at random, and returns how many
// exports failed.
func unreliable(t *testing.T, seed uint64, temporality metric.Temporality) (failures int) {
	t.Helper()
	f := newReceiver(t, otlp.HTTP)
	w := newWorkload(seed)
	e := newExporter(t, otlp.HTTP, f, func(o *otlp.Options) { o.RequestBytes = 600 })
	pipe := newPipeline(t, w.registry, temporality, e)
	f.set(func() {
		f.serve = func(_ int, rw http.ResponseWriter, _ *http.Request, body *collector.ExportMetricsServiceRequest) bool {
			switch w.random.IntN(14) {
			case 0:
				rw.WriteHeader(http.StatusForbidden)
			case 1:
				rw.WriteHeader(http.StatusServiceUnavailable)
			case 2, 3:
				if points(body) == 1 {
					return false
				}
				rw.WriteHeader(http.StatusRequestEntityTooLarge)
			default:
				return false
			}
			return true
		}
	})
	for range 12 {
		w.update(1 + w.random.IntN(200))
		if err := pipe.push(t.Context()); err != nil {
			failures++
			if errors.Is(err, export.ErrRejected) {
				t.Error(err)
			}
		}
	}
	f.mend()
	pipe.mustPush(t)
	w.mustBeIn(t, f.taken(), temporality)
	return failures
}

// points counts the points of a request.
func points(body *collector.ExportMetricsServiceRequest) (n int) {
	for _, m := range body.GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics() {
		n += max(len(m.GetSum().GetDataPoints()), len(m.GetGauge().GetDataPoints()),
			len(m.GetHistogram().GetDataPoints()), len(m.GetExponentialHistogram().GetDataPoints()))
	}
	return n
}

// Order of names within requests is that of the batch, so that a diff of two
// requests is readable.
func TestMetricsComeInOrder(t *testing.T) {
	f := newReceiver(t, otlp.HTTP)
	w := newWorkload(1)
	pipe := newPipeline(t, w.registry, metric.Cumulative, newExporter(t, otlp.HTTP, f))
	w.update(1000)
	pipe.mustPush(t)
	var names []string
	for _, m := range f.taken()[0].GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics() {
		names = append(names, m.GetName())
	}
	if !slices.IsSorted(names) || len(names) < 8 {
		t.Errorf("metrics come as %v", names)
	}
}
