package prometheus

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/metric"
)

func TestHandlerAnswersInEveryFormat(t *testing.T) {
	for accept, want := range map[string]string{
		"text/plain":                      oneGaugeText,
		"application/openmetrics-text":    "# TYPE a gauge\n# HELP a A.\na 1\n# EOF\n",
		"application/vnd.google.protobuf": string(writeAs(t, Exposition{Format: Protobuf}, oneGauge...)),
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			got := serve(oneGauge, Options{}, method, "Accept", accept)
			if vary := got.Header().Get("Vary"); vary != "Accept, Accept-Encoding" {
				t.Errorf("Vary = %q", vary)
			}
			if contentType := got.Header().Get("Content-Type"); !strings.HasPrefix(contentType, accept) {
				t.Errorf("%s is accepted: Content-Type = %q", accept, contentType)
			}
			if method == http.MethodGet && got.Body.String() != want {
				t.Errorf("%s is accepted: got %q, want %q", accept, got.Body, want)
			}
		}
	}
}

func TestHandlerPassesOptionsOn(t *testing.T) {
	p := intPoint(1)
	p.Start = time.Unix(5, 0)
	all := fixed{
		family(metric.Descriptor{Name: "c_total", Kind: metric.Counter}, nil, p),
		family(metric.Descriptor{Name: "x", Kind: metric.Histogram, Aggregation: metric.Exact}, nil, exactPoint(metric.ExactPoint{Values: []float64{2}})),
	}
	got := serve(all, Options{Created: WithCreated, Quantiles: []float64{.5}}, http.MethodGet, "Accept", "application/openmetrics-text").Body.String()
	for _, line := range []string{"c_created 5\n", "x_quantile{quantile=\"0.5\"} 2\n"} {
		if !strings.Contains(got, line) {
			t.Errorf("no line %q in:\n%s", line, got)
		}
	}
}

func TestCodingsThatCannotBeUsedAreLeftOut(t *testing.T) {
	h := Options{Encodings: []Encoding{{Name: "br"}, {New: gzipEncoding.New}}}
	got := serve(oneGauge, h, http.MethodGet, "Accept-Encoding", "br")
	if coding := got.Header().Get("Content-Encoding"); coding != "" || got.Body.String() != oneGaugeText {
		t.Errorf("Content-Encoding %q: %q", coding, got.Body)
	}
}

// reversing is a coding that nobody has: every piece the other way round.
type reversing struct {
	to     io.Writer
	resets int
}

func (r *reversing) Write(p []byte) (int, error) {
	for i := len(p) - 1; i >= 0; i-- {
		if _, err := r.to.Write(p[i : i+1]); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (r *reversing) Close() error {
	_, err := io.WriteString(r.to, "!")
	return err
}

func (r *reversing) Reset(w io.Writer) {
	r.to = w
	r.resets++
}

func TestHandlerTakesOtherCodings(t *testing.T) {
	var made []*reversing
	var told []Scrape
	h := Handler(oneGauge, Options{
		OnScrape: func(s Scrape) { told = append(told, s) },
		Encodings: []Encoding{{Name: "reverse", New: func(w io.Writer) Encoder {
			made = append(made, &reversing{to: w})
			return made[len(made)-1]
		}}},
	})
	for range 20 {
		request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		request.Header.Set("Accept-Encoding", "gzip, reverse")
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, request)
		if coding := recorder.Header().Get("Content-Encoding"); coding != "reverse" || !strings.HasSuffix(recorder.Body.String(), "A a PLEH #!") {
			t.Fatalf("Content-Encoding %q: %q", coding, recorder.Body)
		}
	}
	resets := 0
	for _, r := range made {
		resets += r.resets
	}
	// Each encoder is reset when it is given back, and when it is taken again.
	if want := 20 + 20 - len(made); resets != want {
		t.Errorf("%d encoders were reset %d times, want %d", len(made), resets, want)
	}
	if s := told[0]; s.Coding != "reverse" || s.Bytes != int64(len(oneGaugeText)) || s.Sent != s.Bytes+1 {
		t.Errorf("told %+v", s)
	}
}

func TestHandlerTellsOfScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []Scrape
		slow := producerFunc(func(context.Context) iter.Seq[*metric.Family] {
			return func(yield func(*metric.Family) bool) {
				<-time.After(3 * time.Second)
				_ = yield(oneGauge[0]) && yield(largeHistogram(2))
			}
		})
		serve(slow, Options{OnScrape: func(s Scrape) { told = append(told, s) }}, http.MethodGet, "Accept", "application/openmetrics-text")
		if len(told) != 1 {
			t.Fatalf("told %d times", len(told))
		}
		s := told[0]
		if s.Format != OpenMetrics || s.Coding != "" || s.Series != 3 || s.Bytes != s.Sent || s.Bytes < 100 || s.Duration != 3*time.Second || s.Err != nil {
			t.Errorf("told %+v", s)
		}
		serve(slow, Options{Timeout: time.Second, OnScrape: func(s Scrape) { told = append(told, s) }}, http.MethodGet)
		if s := told[1]; !errors.Is(s.Err, context.DeadlineExceeded) || s.Bytes != 0 {
			t.Errorf("told %+v", s)
		}
	})
}

func TestHandlerTellsOfRefusedScrapes(t *testing.T) {
	p := newBlocking()
	told := make(chan Scrape, 1)
	h := Handler(p, Options{MaxConcurrent: 1, OnScrape: func(s Scrape) { told <- s }})
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
	}()
	<-p.entered
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if s := <-told; !errors.Is(s.Err, ErrTooManyScrapes) {
		t.Errorf("told %+v", s)
	}
	close(p.release)
	<-done
	if s := <-told; s.Err != nil {
		t.Errorf("told %+v", s)
	}
}

// endless is a producer that only its reader can stop.
var endless = producerFunc(func(context.Context) iter.Seq[*metric.Family] {
	return func(yield func(*metric.Family) bool) {
		for yield(largeFamily(1000)) {
		}
	}
})

// A scraper that asks and then reads nothing is given up.
func TestHandlerGivesUpOnWhoReadsNothing(t *testing.T) {
	for _, accept := range []string{"text/plain", "application/openmetrics-text", "application/vnd.google.protobuf"} {
		t.Run(accept, func(t *testing.T) {
			t.Parallel()
			told := make(chan Scrape, 1)
			server := httptest.NewServer(Handler(endless, Options{Timeout: 50 * time.Millisecond, OnScrape: func(s Scrape) { told <- s }}))
			defer server.Close()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nAccept: %s\r\n\r\n", accept); err != nil {
				t.Fatal(err)
			}
			select {
			case s := <-told:
				if !errors.Is(s.Err, context.DeadlineExceeded) {
					t.Errorf("ended with %v", s.Err)
				}
			case <-time.After(30 * time.Second):
				t.Fatal("still answering 30 s after the scrape's end")
			}
		})
	}
}

func TestHandlerTellsOfScrapersThatGoAway(t *testing.T) {
	told := make(chan Scrape, 1)
	server := httptest.NewServer(Handler(endless, Options{OnScrape: func(s Scrape) { told <- s }}))
	defer server.Close()
	response := get(t, server.URL, "identity")
	if _, err := io.CopyN(io.Discard, response.Body, 1000); err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if s := <-told; s.Err == nil || s.Sent < 1000 || s.Series == 0 {
		t.Errorf("told %+v", s)
	}
}

// No format of a scrape that was cut can be taken for a whole one.
func TestCutScrapesAreErrorsInEveryFormat(t *testing.T) {
	for _, accept := range []string{"text/plain", "application/openmetrics-text", "application/vnd.google.protobuf"} {
		for _, coding := range []string{"identity", "gzip"} {
			server := httptest.NewServer(Handler(endless, Options{Timeout: 100 * time.Millisecond}))
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Accept", accept)
			request.Header.Set("Accept-Encoding", coding)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body := io.Reader(response.Body)
			if coding == "gzip" {
				if body, err = gzip.NewReader(body); err != nil {
					t.Fatal(err)
				}
			}
			if n, err := io.Copy(io.Discard, body); err == nil {
				t.Errorf("%s, %s: read %d bytes and no error", accept, coding, n)
			}
			response.Body.Close()
			server.Close()
		}
	}
}
