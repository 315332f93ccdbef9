package otlp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/otlp"
	"github.com/metertree/metertree/metric"
)

// failing answers the first requests over either protocol in one way.
func (f *receiver) failing(first int, header map[string]string, httpStatus int, body string, grpcError error) {
	f.set(func() {
		f.serve = func(n int, w http.ResponseWriter, _ *http.Request, _ *collector.ExportMetricsServiceRequest) bool {
			if n > first {
				return false
			}
			for k, v := range header {
				w.Header().Set(k, v)
			}
			w.WriteHeader(httpStatus)
			w.Write([]byte(body))
			return true
		}
		f.answer = func(n int, _ context.Context, _ *collector.ExportMetricsServiceRequest) error {
			if n > first {
				return nil
			}
			return grpcError
		}
	})
}

const always = 1 << 30

// What the backend asks to have repeated is repeated within one export.
func TestUnavailableBackendIsAskedAgain(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		f := newReceiver(t, p)
		f.failing(2, nil, http.StatusServiceUnavailable, "busy", status.Error(codes.Unavailable, "busy"))
		w := newWorkload(1)
		e := newExporter(t, p, f)
		pipe := newPipeline(t, w.registry, metric.Delta, e)
		w.update(100)
		pipe.mustPush(t)
		w.mustBeIn(t, f.taken(), metric.Delta)
		if s := e.Stats(); s.Requests != 3 || s.Repetitions != 2 || s.FailedExports != 0 {
			t.Errorf("stats %+v, want 3 requests of which 2 are repetitions", s)
		}
	})
}

// A backend that asks to be left alone for longer than there is time is not
// asked again, and the batch comes with the next export.
func TestRetryAfterIsHonoured(t *testing.T) {
	throttled, err := status.New(codes.ResourceExhausted, "too many requests").
		WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		for name, retry := range map[string]otlp.Retry{
			"beyond the time for repetitions": quick,
			"beyond the context":              {Initial: time.Millisecond, Max: time.Millisecond, Elapsed: -1},
		} {
			t.Run(name, func(t *testing.T) {
				f := newReceiver(t, p)
				f.failing(1, map[string]string{"Retry-After": "3600"}, http.StatusTooManyRequests, "too many requests", throttled.Err())
				w := newWorkload(1)
				e := newExporter(t, p, f, func(o *otlp.Options) { o.Retry = retry })
				pipe := newPipeline(t, w.registry, metric.Delta, e)
				w.update(100)
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				err := pipe.push(ctx)
				mustSay(t, err, f.url, "too many requests", "send less often")
				if errors.Is(err, export.ErrRejected) || e.Stats().Requests != 1 {
					t.Errorf("%v after %d requests, want 1 and a batch that comes again", err, e.Stats().Requests)
				}
				pipe.mustPush(t)
				w.mustBeIn(t, f.taken(), metric.Delta)
			})
		}
	})
}

func mustSay(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), strings.TrimPrefix(word, "http://")) {
			t.Errorf("the error does not say %q: %v", word, err)
		}
	}
}

// Answers that repeating at once does not help: what each comes to, and what the
// error tells people.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name     string
		status   int
		header   map[string]string
		body     string
		code     codes.Code
		message  string
		rejected bool
		says     []string
	}{
		{"expired token", 401, nil, "token expired", codes.Unauthenticated, "token expired", false, []string{"token expired", "renew the token"}},
		{"forbidden", 403, nil, "no", codes.PermissionDenied, "no", false, []string{"renew the token"}},
		{"wrong path", 404, nil, "<html>" + strings.Repeat("long ", 10_000), codes.Unimplemented, "unknown service" + strings.Repeat(" long", 1000), false, []string{"give the address of a receiver"}},
		{"method", 405, nil, "", codes.Unimplemented, "unknown method", false, []string{"give the address of a receiver"}},
		{"bad data", 400, nil, "bad metric", codes.InvalidArgument, "bad metric", true, []string{"bad metric", "dropped"}},
		{"broken", 500, nil, "oops", codes.Internal, "oops", false, []string{"oops", "look at the receiver"}},
		{"quota", 429, map[string]string{"Retry-After": "3600"}, "quota", codes.ResourceExhausted, "quota", false, []string{"send less often"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
				f := newReceiver(t, p)
				f.failing(always, tt.header, tt.status, tt.body, status.Error(tt.code, tt.message))
				w := newWorkload(1)
				e := newExporter(t, p, f)
				pipe := newPipeline(t, w.registry, metric.Delta, e)
				w.update(50)
				err := pipe.push(t.Context())
				mustSay(t, err, append(tt.says, f.url)...)
				if errors.Is(err, export.ErrRejected) != tt.rejected {
					t.Errorf("rejected: %v, want %v: %v", !tt.rejected, tt.rejected, err)
				}
				if len(err.Error()) > 1000 {
					t.Errorf("the error is %d bytes long: %.100s", len(err.Error()), err)
				}
				requests := uint64(1)
				if tt.status == http.StatusInternalServerError {
					requests = 2
				}
				if s := e.Stats(); s.Requests != requests || (s.RejectedPoints > 0) != tt.rejected || (s.FailedExports > 0) == tt.rejected {
					t.Errorf("stats %+v", s)
				}
				f.mend()
				pipe.mustPush(t)
				if !tt.rejected {
					w.mustBeIn(t, f.taken(), metric.Delta)
				}
			})
		})
	}
}

// Only over HTTP.
func TestHTTPAnswers(t *testing.T) {
	cut := func(w http.ResponseWriter, head string) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		fmt.Fprint(conn, head)
		conn.Close()
	}
	for _, tt := range []struct {
		name  string
		serve func(w http.ResponseWriter, r *http.Request)
		says  []string
	}{
		{"page", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<html>sign in</html>")
		}, []string{"HTML page", "give the address"}},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/login", http.StatusFound)
		}, []string{"302", "redirects to: /login"}},
		{"half-closed", func(w http.ResponseWriter, _ *http.Request) { cut(w, "") }, []string{"EOF"}},
		{"half a head", func(w http.ResponseWriter, _ *http.Request) { cut(w, "HTTP/1.1 200 OK\r\nContent-") }, []string{"connection broken"}},
		{"half an error", func(w http.ResponseWriter, _ *http.Request) {
			cut(w, "HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nsorr")
		}, []string{"500", "sorr"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newReceiver(t, otlp.HTTP)
			f.set(func() {
				f.serve = func(_ int, w http.ResponseWriter, r *http.Request, _ *collector.ExportMetricsServiceRequest) bool {
					tt.serve(w, r)
					return true
				}
			})
			w := newWorkload(1)
			pipe := newPipeline(t, w.registry, metric.Delta, newExporter(t, otlp.HTTP, f))
			w.update(50)
			err := pipe.push(t.Context())
			mustSay(t, err, append(tt.says, f.url+"/v1/metrics")...)
			if errors.Is(err, export.ErrRejected) {
				t.Errorf("rejected: %v", err)
			}
			f.mend()
			pipe.mustPush(t)
			w.mustBeIn(t, f.taken(), metric.Delta)
		})
	}
}

// What a backend says of an error in protobuf, as the specification has it, is
// told.
func TestErrorInProtobuf(t *testing.T) {
	f := newReceiver(t, otlp.HTTP)
	text, err := proto.Marshal(&rpcstatus.Status{Code: 3, Message: "metric x has two units"})
	if err != nil {
		t.Fatal(err)
	}
	f.failing(always, map[string]string{"Content-Type": "application/x-protobuf"}, http.StatusBadRequest, string(text), nil)
	w := newWorkload(1)
	pipe := newPipeline(t, w.registry, metric.Delta, newExporter(t, otlp.HTTP, f))
	w.update(50)
	err = pipe.push(t.Context())
	mustSay(t, err, `"metric x has two units"`)
	if !errors.Is(err, export.ErrRejected) {
		t.Errorf("err = %v, want one that is rejected", err)
	}
}

// A success whose body is cut off is a success.
func TestHalfASuccess(t *testing.T) {
	f := newReceiver(t, otlp.HTTP)
	f.set(func() {
		f.serve = func(_ int, w http.ResponseWriter, r *http.Request, body *collector.ExportMetricsServiceRequest) bool {
			f.take(body, r.Header)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100\r\n\r\n\x0a\x64x")
			conn.Close()
			return true
		}
	})
	w := newWorkload(1)
	pipe := newPipeline(t, w.registry, metric.Delta, newExporter(t, otlp.HTTP, f))
	w.update(50)
	pipe.mustPush(t)
	w.mustBeIn(t, f.taken(), metric.Delta)
}

// A backend that hangs costs no more than the context has.
func TestHangingBackend(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		f := newReceiver(t, p)
		resume := f.stall()
		w := newWorkload(1)
		pipe := newPipeline(t, w.registry, metric.Delta, newExporter(t, p, f))
		w.update(50)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := pipe.push(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, export.ErrRejected) {
			t.Errorf("export to a backend that hangs: %v", err)
		}
		resume()
		pipe.mustPush(t)
		w.mustBeIn(t, f.taken(), metric.Delta)
	})
}

// A partial success is reported with its message and counts, and not repeated.
func TestPartialSuccess(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		f := newReceiver(t, p)
		f.partial = &collector.ExportMetricsPartialSuccess{RejectedDataPoints: 3, ErrorMessage: "three are too old"}
		w := newWorkload(1)
		e := newExporter(t, p, f)
		pipe := newPipeline(t, w.registry, metric.Delta, e)
		w.update(100)
		err := pipe.push(t.Context())
		var partial *otlp.PartialSuccessError
		if !errors.Is(err, export.ErrRejected) || !errors.As(err, &partial) {
			t.Fatalf("err = %v", err)
		}
		if partial.Rejected != 3 || partial.Message != "three are too old" || partial.Points <= 3 {
			t.Errorf("partial success %+v", partial)
		}
		mustSay(t, err, "3 of", "three are too old", f.url)
		if s := e.Stats(); s.RejectedPoints != 3 || s.DeliveredPoints != uint64(partial.Points-3) || s.Requests != 1 {
			t.Errorf("stats %+v", s)
		}
		f.set(func() { f.partial = nil })
		pipe.mustPush(t)
		w.mustBeIn(t, f.taken(), metric.Delta)
	})
}

// When a request was taken and no answer comes, nobody can tell: it is sent
// again. Totals are what they were; deltas of that request count twice, and no
// others.
func TestLostAnswer(t *testing.T) {
	eachTemporality(t, func(t *testing.T, temporality metric.Temporality) {
		f := newReceiver(t, otlp.HTTP)
		w := newWorkload(1)
		pipe := newPipeline(t, w.registry, temporality, newExporter(t, otlp.HTTP, f, func(o *otlp.Options) { o.RequestBytes = 1 << 10 }))
		w.update(200)
		var lost *collector.ExportMetricsServiceRequest
		f.set(func() {
			f.serve = func(n int, rw http.ResponseWriter, r *http.Request, body *collector.ExportMetricsServiceRequest) bool {
				if n != 3 {
					return false
				}
				lost = body
				f.take(body, r.Header)
				panic(http.ErrAbortHandler)
			}
		})
		mustSay(t, pipe.push(t.Context()), "EOF")
		pipe.mustPush(t)
		taken := f.taken()
		if temporality == metric.Delta {
			// Without one of the two it is as it should be.
			at := slices.Index(taken, lost)
			taken = slices.Delete(taken, at, at+1)
		}
		w.mustBeIn(t, taken, temporality)
	})
}
