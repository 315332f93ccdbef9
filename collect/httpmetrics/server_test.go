package httpmetrics

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func TestServerGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newServer(t, ServerOptions{})
		mux := http.NewServeMux()
		mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(30 * time.Millisecond)
			fmt.Fprint(w, "item ", r.PathValue("id"))
		})
		mux.HandleFunc("POST /items/{$}", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusCreated)
		})
		h := s.Wrap(mux)
		serve(h, "GET", "/items/1", "")
		serve(h, "GET", "/items/22", "")
		serve(h, "POST", "/items/", strings.Repeat("x", 1000))
		serve(h, "DELETE", "/items/1", "")
		serve(h, "BREW", "/pot", "")
		golden(t, "testdata/server.txt", exposed(t, r))
	})
}

// requests is the line of a count of requests.
func requests(method, route, status string, n int) string {
	return fmt.Sprintf(`http_server_requests_total{method="%s",route="%s",status="%s"} %d`, method, route, status, n)
}

// copying is a middleware that passes a copy of the request on.
func copying(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(struct {
			http.ResponseWriter
			unwrapper
		}{w, unwrapper{w}}, r.WithContext(context.WithValue(r.Context(), unwrapper{}, 1)))
	})
}

type unwrapper struct{ under http.ResponseWriter }

func (u unwrapper) Unwrap() http.ResponseWriter { return u.under }

func TestRouteIsFoundWhereverTheMiddlewareStands(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	muxOf := func(h http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("GET  example.com/a/{b...}", h)
		return mux
	}
	for name, build := range map[string]func(*Server) http.Handler{
		"around the mux":          func(s *Server) http.Handler { return s.Wrap(muxOf(ok)) },
		"inside the mux":          func(s *Server) http.Handler { return muxOf(s.Wrap(ok)) },
		"with a copy between":     func(s *Server) http.Handler { return s.Wrap(copying(copying(Routed(muxOf(ok))))) },
		"with one mux in another": func(s *Server) http.Handler { return s.Wrap(muxOf(http.StripPrefix("/a", ok))) },
	} {
		t.Run(name, func(t *testing.T) {
			s, r := newServer(t, ServerOptions{})
			h := build(s)
			serve(h, "GET", "http://example.com/a/1/2", "")
			serve(h, "GET", "http://example.com/a/1", "")
			expect(t, r, requests("GET", "example.com/a/{b...}", "2xx", 2))
		})
	}
}

func TestRoutedAloneDoesNothing(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	w := httptest.NewRecorder()
	Routed(mux).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusTeapot {
		t.Errorf("status %d, want 418", w.Code)
	}
}

// The path of a redirect to a slash can be the pattern, and is the client's.
func TestSlashRedirectsMakeNoRoutes(t *testing.T) {
	s, r := newServer(t, ServerOptions{})
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/home", http.StatusMovedPermanently)
	})
	mux.HandleFunc("/old/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/new/", http.StatusMovedPermanently)
	})
	mux.HandleFunc("/items/{id}/", func(http.ResponseWriter, *http.Request) {})
	h := s.Wrap(mux)
	for i := range 50 {
		for _, target := range []string{"/items/%d", "//items/./%d", "/items/%%2f%d"} {
			serve(h, "GET", fmt.Sprintf(target, i), "")
			connect := httptest.NewRequest(http.MethodGet, fmt.Sprintf(target, i), nil)
			connect.Method = http.MethodConnect
			h.ServeHTTP(httptest.NewRecorder(), connect)
		}
	}
	serve(h, "GET", "/", "")
	serve(h, "GET", "/old/", "")
	expect(t, r, requests("GET", "/", "3xx", 1), requests("GET", "/old/", "3xx", 1))
	if n := seriesOf(t, r, "http_server_requests_total"); n > 8 {
		t.Errorf("%d series:\n%s", n, samples(exposed(t, r)))
	}
}

func TestStatusOfAnAnswer(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	defer cancelLate()
	for _, tt := range []struct {
		name    string
		ctx     context.Context
		handler http.HandlerFunc
		want    string
	}{
		{"nothing written", t.Context(), func(http.ResponseWriter, *http.Request) {}, "200"},
		{"body without a status", t.Context(), func(w http.ResponseWriter, _ *http.Request) { w.Write(nil); w.WriteHeader(http.StatusNotFound) }, "200"},
		{"string without a status", t.Context(), func(w http.ResponseWriter, _ *http.Request) { writeString(w, "x"); w.WriteHeader(http.StatusNotFound) }, "200"},
		{"flushed without a status", t.Context(), func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			w.WriteHeader(http.StatusNotFound)
		}, "200"},
		{"flushed by a controller", t.Context(), func(w http.ResponseWriter, _ *http.Request) {
			http.NewResponseController(w).Flush()
			w.WriteHeader(http.StatusNotFound)
		}, "200"},
		{"first status counts", t.Context(), func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			w.WriteHeader(http.StatusInternalServerError)
		}, "404"},
		{"informational first", t.Context(), func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusProcessing)
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusAccepted)
		}, "202"},
		{"switched", t.Context(), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusSwitchingProtocols) }, "101"},
		{"outside of HTTP", t.Context(), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(799) }, Unknown},
		{"client gone", gone, func(http.ResponseWriter, *http.Request) {}, "499"},
		{"client gone after the status", gone, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "503"},
		{"too late is no client that went", late, func(http.ResponseWriter, *http.Request) {}, "200"},
		{"panic", t.Context(), func(http.ResponseWriter, *http.Request) { panic("fault") }, "500"},
		{"panic in the middle", t.Context(), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK); panic("fault") }, "500"},
		{"aborted for a client that is gone", gone, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			panic(http.ErrAbortHandler)
		}, "499"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, r := newServer(t, ServerOptions{Status: ByCode})
			var recovered any
			func() {
				defer func() { recovered = recover() }()
				s.Wrap(tt.handler).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil).WithContext(tt.ctx))
			}()
			if panics := strings.HasPrefix(tt.name, "panic") || strings.HasPrefix(tt.name, "aborted"); panics != (recovered != nil) {
				t.Errorf("recovered %v", recovered)
			}
			expect(t, r, requests("GET", Unmatched, tt.want, 1), "http_server_requests_in_flight 0")
		})
	}
}

func TestRequestsAreInFlightWhileTheyAreAnswered(t *testing.T) {
	s, r := newServer(t, ServerOptions{})
	serve(s.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		expect(t, r, "http_server_requests_in_flight 1")
	})), "GET", "/", "")
	expect(t, r, "http_server_requests_in_flight 0")
}

func TestSizes(t *testing.T) {
	s, r := newServer(t, ServerOptions{SizeBuckets: []float64{10}})
	h := s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeString(w, "12345")
		w.Write([]byte("678"))
	}))
	serve(h, "POST", "/", "1234")
	undeclared := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(strings.NewReader("1234")))
	h.ServeHTTP(httptest.NewRecorder(), undeclared)
	serve(h, "HEAD", "/", "")
	expect(t, r,
		`http_server_request_size_bytes_sum{method="POST",route="__unmatched__"} 4`,
		`http_server_request_size_bytes_count{method="POST",route="__unmatched__"} 1`,
		`http_server_response_size_bytes_sum{method="POST",route="__unmatched__"} 16`,
		`http_server_response_size_bytes_sum{method="HEAD",route="__unmatched__"} 0`,
		`http_server_response_size_bytes_count{method="HEAD",route="__unmatched__"} 1`)
}

// Whatever a router answers, the metric stays within its budget and the cache
// within its own.
func TestRoutesOfARouterAreBounded(t *testing.T) {
	const budget, asked = 100, maxCached + 500
	s, r := newServer(t, ServerOptions{Route: func(r *http.Request) string { return r.URL.Path }, SeriesBudget: budget})
	h := s.Wrap(http.NotFoundHandler())
	for i := range asked {
		serve(h, "GET", "/"+strconv.Itoa(i), "")
	}
	for _, name := range []string{"requests_total", "request_duration_seconds", "request_size_bytes", "response_size_bytes"} {
		if n := seriesOf(t, r, "http_server_"+name); n > budget+1 {
			t.Errorf("%d series of %s, budget %d", n, name, budget)
		}
	}
	if n := len(*s.cached.kept.Load()); n != maxCached {
		t.Errorf("%d label sets are kept, want %d", n, maxCached)
	}
	expect(t, r, requests("GET", "/0", "4xx", 1), requests("GET", "__overflow__", "4xx", asked-budget))
}

func TestServerIsForConcurrentUse(t *testing.T) {
	s, r := newServer(t, ServerOptions{Route: func(r *http.Request) string { return r.URL.Path }})
	h := s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeString(w, "x") }))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 200 {
				serve(h, "GET", "/"+strconv.Itoa(i%20), "")
			}
		})
	}
	all.Wait()
	for i := range 20 {
		expect(t, r, requests("GET", "/"+strconv.Itoa(i), "2xx", 80))
	}
}

func TestServerWithoutARegistryAddsNothing(t *testing.T) {
	s, err := NewServer(meter.Scope{}, ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	next := http.NewServeMux()
	if s.Wrap(next) != http.Handler(next) {
		t.Error("the handler is wrapped although nothing is recorded")
	}
}

func TestServersOfOneScopeShareSeries(t *testing.T) {
	r := registry.New(registry.Options{})
	for range 2 {
		s, err := NewServer(meter.New(r), ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		serve(s.Wrap(http.NotFoundHandler()), "GET", "/", "")
	}
	expect(t, r, requests("GET", Unmatched, "4xx", 2))
}

func TestServerNamesAConflict(t *testing.T) {
	r := registry.New(registry.Options{})
	meter.New(r).Scope("http").Scope("server").Gauge("requests_in_flight")
	_, err := NewServer(meter.New(r), ServerOptions{})
	if err == nil || !strings.Contains(err.Error(), "http_server_requests_in_flight") {
		t.Errorf("err = %v, want one that names the metric", err)
	}
}

// A writer that is there already, so that only the middleware's costs show.
type idleWriter struct{ header http.Header }

func (w idleWriter) Header() http.Header         { return w.header }
func (w idleWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w idleWriter) WriteHeader(int)             {}
func (w idleWriter) Flush()                      {}
func (w idleWriter) ReadFrom(io.Reader) (int64, error) {
	return 0, nil
}

// measured is a handler and a request to it.
func measured(t testing.TB, wrap func(*Server, http.Handler) http.Handler) (http.Handler, http.ResponseWriter, *http.Request) {
	s, _ := newServer(t, ServerOptions{})
	body := []byte("body")
	h := wrap(s, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.Write(body)
	}))
	r := httptest.NewRequest(http.MethodGet, "/items/1", nil)
	r.Pattern = "GET /items/{id}"
	return h, idleWriter{http.Header{}}, r
}

func TestServerAllocatesOncePerRequest(t *testing.T) {
	h, w, r := measured(t, (*Server).Wrap)
	if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) }); n > 1 {
		t.Errorf("%v allocations per request, want 1", n)
	}
}

func BenchmarkServer(b *testing.B) {
	h, w, r := measured(b, (*Server).Wrap)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}

func BenchmarkServerParallel(b *testing.B) {
	h, w, r := measured(b, (*Server).Wrap)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			h.ServeHTTP(w, r)
		}
	})
}

// BenchmarkBareHandler is what the handler alone costs.
func BenchmarkBareHandler(b *testing.B) {
	h, w, r := measured(b, func(_ *Server, next http.Handler) http.Handler { return next })
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}
