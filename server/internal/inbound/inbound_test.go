package inbound

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/crowd"
)

// site is a server behind a door, of which two connections may be open.
type site struct {
	*httptest.Server
	registry *registry.Registry
	log      *apitest.Log
}

func open(t *testing.T, handler http.HandlerFunc) *site {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := crowd.Limit(inner, 2)
	s := &site{registry: registry.New(registry.Options{}), log: &apitest.Log{}}
	door, err := New(meter.New(s.registry), listener, slog.New(slog.NewTextHandler(s.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewUnstartedServer(door.Around(handler))
	_ = s.Listener.Close() // the one that it made for itself
	s.Listener = listener
	s.Config.ConnState = crowd.Follow
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// shows waits until the metrics have a line.
func (s *site) shows(t *testing.T, line string) {
	t.Helper()
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		var page bytes.Buffer
		if _, err := prometheus.Write(context.Background(), &page, s.registry.Collect(context.Background())); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(page.String(), line+"\n"), fmt.Sprintf("there is no line %q in\n%s", line, page.String())
	})
}

func TestAnswersAreCounted(t *testing.T) {
	s := open(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/busy":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/early":
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusNotFound)
		case "/panic":
			panic("oh <script>")
		case "/abort":
			panic(http.ErrAbortHandler)
		}
		w.(http.Flusher).Flush()
		if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil {
			t.Errorf("%s: the writer does not reach the server's: %v", r.URL.Path, err)
		}
	})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for path, want := range map[string]int{"/": 200, "/busy": 503, "/early": 404} {
		response, err := client.Get(s.URL + path)
		if err != nil || response.StatusCode != want {
			t.Fatalf("%s: %v, %v", path, response, err)
		}
		_ = response.Body.Close()
	}
	for _, path := range []string{"/panic", "/abort"} {
		if response, err := client.Get(s.URL + path); err == nil {
			_ = response.Body.Close()
			t.Errorf("%s is answered %s", path, response.Status)
		}
	}
	for _, line := range []string{
		`http_responses_total{code="200"} 1`, `http_responses_total{code="503"} 1`, `http_responses_total{code="404"} 1`,
		`http_responses_total{code="429"} 0`, `http_panics_total 1`, `http_connections_max 2`,
	} {
		s.shows(t, line)
	}
	if log := s.log.String(); strings.Count(log, "panicked") != 1 || !strings.Contains(log, "oh <script>") || !strings.Contains(log, "inbound_test.go") {
		t.Errorf("the log says %q", log)
	}
}

func TestConnectionsAreCounted(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := open(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/long" {
			entered <- struct{}{}
			<-leave
		}
	})
	dial := func(say string) net.Conn {
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := io.WriteString(c, say); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for range 3 {
		dial("GET / HT")
	}
	s.shows(t, `http_dropped_connections_total{state="silent"} 1`)
	const long = "GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n"
	dial(long)
	<-entered
	dial(long)
	<-entered
	s.shows(t, `http_dropped_connections_total{state="silent"} 3`)
	s.shows(t, `http_connections 2`)
	dial("GET / HT")
	s.shows(t, `http_delayed_connections_total 1`)
	close(leave)
	s.shows(t, `http_dropped_connections_total{state="idle"} 1`)
}
