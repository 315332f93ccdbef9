package otlp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/pushtest"
	"github.com/metertree/metertree/integrations/otlp"
	"github.com/metertree/metertree/metric"
)

// What something in front of the receiver says is not the receiver's verdict.
func TestAnswersFromInFront(t *testing.T) {
	html := map[string]string{"Content-Type": "text/html"}
	for name, tt := range map[string]struct {
		status   int
		header   map[string]string
		body     string
		rejected bool
		says     string
	}{
		"page":              {400, html, pushtest.Page, false, "shows pages to people"},
		"page of 422":       {422, html, pushtest.Page, false, "shows pages to people"},
		"page without type": {422, map[string]string{"Content-Type": "x/y"}, pushtest.Page, false, "shows pages to people"},
		"TLS":               {400, html, "<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>", false, "give it as https://"},
		"about an address":  {400, nil, "attribute url is HTTPS://a", true, "HTTPS://a"},
		"redirect":          {302, map[string]string{"Location": "http://ann:s3cret@else/in?t=s3cret#s3cret"}, "", false, "redirects to: http://else/in"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newReceiver(t, otlp.HTTP)
			f.failing(always, tt.header, tt.status, tt.body, nil)
			w := newWorkload(1)
			pipe := newPipeline(t, w.registry, metric.Delta, newExporter(t, otlp.HTTP, f))
			w.update(50)
			pushtest.Failure{Contains: tt.says, Rejected: tt.rejected}.Check(t, pipe.push(t.Context()))
			f.mend()
			pipe.mustPush(t)
			if !tt.rejected {
				w.mustBeIn(t, f.taken(), metric.Delta)
			}
		})
	}
}

// A backend that repeats what it was given in headers does not get it into errors.
func TestHeadersAreInNoError(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		for name, code := range map[string]codes.Code{"refused": codes.Unauthenticated, "rejected": codes.InvalidArgument} {
			t.Run(name, func(t *testing.T) {
				f := newReceiver(t, p)
				httpStatus := map[codes.Code]int{codes.Unauthenticated: 401, codes.InvalidArgument: 400}[code]
				said := "bad token " + pushtest.Secret + " of " + strings.Repeat("long ", 47) + pushtest.Secret
				f.failing(always, nil, httpStatus, said, status.Error(code, said))
				w := newWorkload(1)
				pipe := newPipeline(t, w.registry, metric.Delta, newExporter(t, p, f, func(o *otlp.Options) {
					o.Headers = map[string]string{"authorization": "Bearer " + pushtest.Secret}
				}))
				w.update(50)
				pushtest.Failure{Contains: "bad token [hidden]", Rejected: code == codes.InvalidArgument}.Check(t, pipe.push(t.Context()))
			})
		}
	})
}

// Nor is it in what a receiver says of points that it did not take.
func TestHeadersAreInNoPartialSuccess(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		f := newReceiver(t, p)
		f.partial = &collector.ExportMetricsPartialSuccess{RejectedDataPoints: 1, ErrorMessage: "for " + pushtest.Secret}
		w := newWorkload(1)
		pipe := newPipeline(t, w.registry, metric.Delta, newExporter(t, p, f, func(o *otlp.Options) {
			o.Headers = map[string]string{"x-key": pushtest.Secret}
		}))
		w.update(50)
		pushtest.Failure{Contains: "for [hidden]", Rejected: true}.Check(t, pipe.push(t.Context()))
	})
}

// Addresses that make no sense are told without what may be secret.
func TestEndpointsAreToldWithoutSecrets(t *testing.T) {
	for _, endpoint := range []string{
		"https://ann:s3cret@collector", "https://collector?token=s3cret", "collector:4318?token=s3cret", "https://collector:x?s3cret", "//ann:s3cret@collector",
	} {
		_, err := otlp.New(t.Context(), otlp.Options{Endpoint: endpoint})
		pushtest.Failure{Contains: "endpoint"}.Check(t, err)
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
		_, err = otlp.New(t.Context(), otlp.Options{})
		pushtest.Failure{Contains: "OTEL_EXPORTER_OTLP_ENDPOINT"}.Check(t, err)
	}
}

// What is wrong with TLS stays wrong: no time is lost on it.
func TestTLSIsNotTriedAgain(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		unknown, _ := secure(t, p)
		plain := strings.Replace(newReceiver(t, p).url, "http://", "https://", 1)
		for says, endpoint := range map[string]string{"give the authority": unknown.url, "speaks no TLS": plain} {
			w := newWorkload(1)
			e := newExporter(t, p, &receiver{url: endpoint})
			pipe := newPipeline(t, w.registry, metric.Delta, e)
			w.update(20)
			err := pipe.push(t.Context())
			mustSay(t, err, says)
			if s := e.Stats(); s.Requests != 1 || errors.Is(err, export.ErrRejected) {
				t.Errorf("%d requests, %v", s.Requests, err)
			}
		}
	})
}

// Nor on a server that speaks HTTP by TLS, but not the HTTP of gRPC.
func TestNoGRPCIsNotTriedAgain(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are to fail
	server.StartTLS()
	defer server.Close()
	w := newWorkload(1)
	e := newExporter(t, otlp.GRPC, &receiver{url: server.URL})
	pipe := newPipeline(t, w.registry, metric.Delta, e)
	w.update(20)
	mustSay(t, pipe.push(t.Context()), "choose the protocol HTTP")
	if s := e.Stats(); s.Requests != 1 {
		t.Errorf("%d requests, want 1", s.Requests)
	}
}

// A receiver that is busy when a program ends, or fails once, gets the last batch.
func TestLastBatchIsRepeated(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		for httpStatus, code := range map[int]codes.Code{
			http.StatusServiceUnavailable: codes.Unavailable, http.StatusTooManyRequests: codes.Aborted, http.StatusInternalServerError: codes.Internal,
		} {
			t.Run(fmt.Sprint(httpStatus), func(t *testing.T) {
				t.Parallel()
				f := newReceiver(t, p)
				f.failing(1, nil, httpStatus, "busy", status.Error(code, "busy"))
				w := newWorkload(1)
				push := newPush(t, w, newExporter(t, p, f, func(o *otlp.Options) { o.Retry = otlp.Retry{} }))
				w.update(100)
				ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
				defer cancel()
				if err := push.Shutdown(ctx); err != nil {
					t.Error(err)
				}
				w.mustBeIn(t, f.taken(), metric.Delta)
			})
		}
	})
}
