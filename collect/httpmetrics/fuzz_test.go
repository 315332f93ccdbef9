package httpmetrics

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// patterns are routes of every form that a mux knows.
var patterns = []string{"GET /items/{id}", "/items/{id}/", "POST /items/{$}", "/files/{path...}", "example.com/x/", "CONNECT /tunnel/", "/"}

// mostSeries is what patterns, methods and statuses of five classes can make.
var mostSeries = (len(patterns) + 1) * len(methods) * 6

// fuzzed is a server whose handlers answer and redirect as they are asked to.
func fuzzed(s *Server) http.Handler {
	mux := http.NewServeMux()
	for _, p := range patterns {
		mux.HandleFunc(p, func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.RawQuery, "redirect") {
				http.Redirect(w, r, "/", http.StatusMovedPermanently)
			}
		})
	}
	return s.Wrap(mux)
}

// checkLabels checks that no label of a series is anything but a method, a
// route or a status of ours.
func checkLabels(t *testing.T, page string) {
	t.Helper()
	var routes, verbs []string
	for _, p := range append(patterns, Unmatched) {
		routes = append(routes, fmt.Sprintf("route=%q", template(p)))
	}
	for _, m := range methods {
		verbs = append(verbs, fmt.Sprintf("method=%q", m))
	}
	for line := range strings.Lines(page) {
		_, labels, found := strings.Cut(line, "http_server_requests_total{")
		if !found {
			continue
		}
		labels, _, _ = strings.Cut(labels, "}"+" ")
		parts := strings.Split(labels, ",")
		if len(parts) != 3 || !slices.Contains(verbs, parts[0]) || !slices.Contains(routes, parts[1]) {
			t.Errorf("a label is the client's: %s", line)
		}
	}
}

func FuzzRequestLine(f *testing.F) {
	for _, line := range []string{
		"GET /items/1 HTTP/1.1", "get /items/1 HTTP/1.1", "BREW /pot HTTP/1.1", "CONNECT /tunnel HTTP/1.1",
		"CONNECT example.com:443 HTTP/1.1", "OPTIONS * HTTP/1.1", "GET //items//x HTTP/1.0", "GET /items/a%2Fb HTTP/1.1",
		"GET http://example.com/x HTTP/1.1", "GET /items/{id} HTTP/1.1", "GET /a\"b HTTP/1.1", "GET /\xff?redirect HTTP/1.1",
		"CONNECT /items/%7Bx%7D HTTP/1.1", "GET /files/../items/1?redirect HTTP/1.1",
	} {
		f.Add(line)
	}
	s, registry := newServer(f, ServerOptions{})
	h := fuzzed(s)
	f.Fuzz(func(t *testing.T, line string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(line + "\r\nHost: x\r\n\r\n")))
		if err != nil {
			return
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if n := seriesOf(t, registry, "http_server_requests_total"); n > mostSeries {
			t.Errorf("%d series, want %d at most", n, mostSeries)
		}
		checkLabels(t, exposed(t, registry))
	})
}

// Ten thousand different requests are no more than the routes make.
func TestRequestsMakeNoLabels(t *testing.T) {
	s, registry := newServer(t, ServerOptions{})
	h := fuzzed(s)
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	for i := range 10_000 {
		method := pick("GET", "CONNECT", "POST", "HEAD", fmt.Sprintf("M%d", i))
		target := pick("/items", "/items/", "/files", "/tunnel", "//x", "/.", "") + pick("", "/", "//", "/..") +
			fmt.Sprintf("/%d", i) + pick("", "/", "/.", "%2F", "%20", "/%7Bx%7D") + pick("", "?redirect")
		line := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n\r\n", method, target, pick("x", "example.com", fmt.Sprintf("h%d", i)))
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(line)))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	if n := seriesOf(t, registry, "http_server_requests_total"); n > mostSeries || n < len(patterns) {
		t.Errorf("%d series, want %d to %d", n, len(patterns), mostSeries)
	}
	checkLabels(t, exposed(t, registry))
}
