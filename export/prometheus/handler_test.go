package prometheus

import (
	"compress/gzip"
	"context"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/metric"
)

var oneGauge = fixed{family(metric.Descriptor{Name: "a", Kind: metric.Gauge, Help: "A."}, nil, floatPoint(1))}

const oneGaugeText = "# HELP a A.\n# TYPE a gauge\na 1\n"

func serve(p Producer, o Options, method string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, "/metrics", nil)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	Handler(p, o).ServeHTTP(recorder, request)
	return recorder
}

func TestHandlerGet(t *testing.T) {
	got := serve(oneGauge, Options{}, http.MethodGet)
	if got.Code != http.StatusOK || got.Body.String() != oneGaugeText {
		t.Errorf("got %d %q", got.Code, got.Body)
	}
	if ct := got.Header().Get("Content-Type"); ct != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("Content-Type = %q", ct)
	}
}

func TestHandlerOfNothing(t *testing.T) {
	got := serve(fixed{}, Options{}, http.MethodGet)
	if got.Code != http.StatusOK || got.Body.Len() != 0 || got.Header().Get("Content-Type") != ContentType {
		t.Errorf("got %d %v %q", got.Code, got.Header(), got.Body)
	}
}

func TestHandlerHeadDoesNotCollect(t *testing.T) {
	p := producerFunc(func(context.Context) iter.Seq[*metric.Family] {
		t.Error("collected")
		return families()
	})
	got := serve(p, Options{}, http.MethodHead)
	if got.Code != http.StatusOK || got.Header().Get("Content-Type") != ContentType {
		t.Errorf("got %d %v", got.Code, got.Header())
	}
}

func TestHandlerRefusesOtherMethods(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		got := serve(oneGauge, Options{}, method)
		if got.Code != http.StatusMethodNotAllowed || got.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %d, Allow %q", method, got.Code, got.Header().Get("Allow"))
		}
	}
}

func TestHandlerCompresses(t *testing.T) {
	tests := []struct {
		accept string
		zipped bool
	}{
		{"", false}, {"gzip", true}, {"deflate, gzip;q=0.5", true}, {"GZIP", true}, {"x-gzip", true},
		{"gzip;q=0", false}, {"gzip; Q=0.0, *", false}, {"*", true}, {"*;q=0", false},
		{"identity", false}, {"gzip;q=nonsense", false}, {"gzipped", false},
	}
	for _, tt := range tests {
		got := serve(oneGauge, Options{}, http.MethodGet, "Accept-Encoding", tt.accept)
		if zipped := got.Header().Get("Content-Encoding") == "gzip"; zipped != tt.zipped {
			t.Errorf("Accept-Encoding %q: zipped = %v, want %v", tt.accept, zipped, tt.zipped)
		}
		var body io.Reader = got.Body
		if tt.zipped {
			var err error
			if body, err = gzip.NewReader(got.Body); err != nil {
				t.Fatal(err)
			}
		}
		if text, err := io.ReadAll(body); err != nil || string(text) != oneGaugeText {
			t.Errorf("Accept-Encoding %q: got %q, %v", tt.accept, text, err)
		}
	}
}

// blocking is a Producer that waits for release, or for the end of its context.
type blocking struct {
	entered chan struct{}
	release chan struct{}
}

func newBlocking() *blocking {
	return &blocking{entered: make(chan struct{}), release: make(chan struct{})}
}

func (b *blocking) Collect(ctx context.Context) iter.Seq[*metric.Family] {
	return func(yield func(*metric.Family) bool) {
		b.entered <- struct{}{}
		select {
		case <-b.release:
			yield(oneGauge[0])
		case <-ctx.Done():
		}
	}
}

func TestHandlerBoundsConcurrentScrapes(t *testing.T) {
	p := newBlocking()
	h := Handler(p, Options{MaxConcurrent: 2})
	answers := make(chan *httptest.ResponseRecorder)
	scrape := func() *httptest.ResponseRecorder {
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return recorder
	}
	for range 2 {
		go func() { answers <- scrape() }()
		<-p.entered
	}
	if got := scrape(); got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" {
		t.Errorf("third scrape: got %d, Retry-After %q", got.Code, got.Header().Get("Retry-After"))
	}
	close(p.release)
	for range 2 {
		if got := <-answers; got.Code != http.StatusOK || got.Body.String() != oneGaugeText {
			t.Errorf("got %d %q", got.Code, got.Body)
		}
	}
	go func() { <-p.entered }()
	if got := scrape(); got.Code != http.StatusOK {
		t.Errorf("after the others ended: got %d", got.Code)
	}
}

func TestHandlerTimeout(t *testing.T) {
	tests := []struct {
		name, header string
		timeout      time.Duration
		want         time.Duration
	}{
		{"scraper's", "10", time.Minute, 9500 * time.Millisecond},
		{"fraction", "0.5", time.Minute, 475 * time.Millisecond},
		{"options'", "10", 2 * time.Second, 2 * time.Second},
		{"default", "", 0, DefaultTimeout},
		{"nonsense", "soon", time.Second, time.Second},
		{"negative", "-1", time.Second, time.Second},
		{"endless", "+Inf", time.Second, time.Second},
		{"no number", "NaN", time.Second, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newBlocking()
				go func() { <-p.entered }()
				start := time.Now()
				got := serve(p, Options{Timeout: tt.timeout}, http.MethodGet, timeoutHeader, tt.header)
				if took := time.Since(start); took != tt.want {
					t.Errorf("ended after %v, want %v", took, tt.want)
				}
				if got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body.String(), tt.want.String()) {
					t.Errorf("got %d %q", got.Code, got.Body)
				}
			})
		})
	}
}

// A scrape that fails on the way must not look like a short one that succeeded.
func TestHandlerCutsAFailedScrape(t *testing.T) {
	for _, encoding := range []string{"identity", "gzip"} {
		t.Run(encoding, func(t *testing.T) {
			p := producerFunc(func(ctx context.Context) iter.Seq[*metric.Family] {
				return func(yield func(*metric.Family) bool) {
					if yield(largeFamily(20_000)) {
						<-ctx.Done()
					}
				}
			})
			server := httptest.NewServer(Handler(p, Options{Timeout: 100 * time.Millisecond}))
			defer server.Close()
			response := get(t, server.URL, encoding)
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Fatalf("status %s", response.Status)
			}
			if n, err := io.Copy(io.Discard, response.Body); err == nil {
				t.Errorf("read %d bytes and no error", n)
			}
		})
	}
}

func TestHandlerStopsWhenTheScraperGoesAway(t *testing.T) {
	stopped := make(chan struct{})
	p := producerFunc(func(context.Context) iter.Seq[*metric.Family] {
		return func(yield func(*metric.Family) bool) {
			for yield(largeFamily(1000)) {
			}
			close(stopped)
		}
	})
	server := httptest.NewServer(Handler(p, Options{}))
	defer server.Close()
	response := get(t, server.URL, "identity")
	if _, err := io.CopyN(io.Discard, response.Body, 1000); err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-stopped:
	case <-time.After(20 * time.Second):
		t.Fatal("still collecting 20 s after the scraper went away")
	}
}

// After a scrape that failed, the pooled encoder and compressor serve the next
// one as if nothing had happened.
func TestPoolsSurviveFailures(t *testing.T) {
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Write(ctx, io.Discard, families(largeHistogram(5000))); err == nil {
			t.Fatal("no error from an ended context")
		}
		got := serve(oneGauge, Options{}, http.MethodGet)
		if got.Body.String() != oneGaugeText {
			t.Fatalf("got %q", got.Body)
		}
	}
}

func get(t *testing.T, url, encoding string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", encoding)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}
