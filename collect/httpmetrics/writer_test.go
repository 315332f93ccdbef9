package httpmetrics

import (
	"bufio"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// plain is a writer that can do nothing special; the others add one ability
// each, and note that it was used.
type (
	plain      struct{ used *[]string }
	flushes    struct{ plain }
	hijacks    struct{ plain }
	readsFrom  struct{ plain }
	pushes     struct{ plain }
	flushing   interface{ Flush() }
	hijacking  = http.Hijacker
	readingOf  = io.ReaderFrom
	pushing    = http.Pusher
	underlying = http.ResponseWriter
)

func (p plain) Header() http.Header         { return http.Header{} }
func (p plain) Write(b []byte) (int, error) { p.use("write"); return len(b), nil }
func (p plain) WriteHeader(int)             { p.use("status") }
func (p plain) use(what string)             { *p.used = append(*p.used, what) }
func (p flushes) Flush()                    { p.use("flush") }

func (p hijacks) Hijack() (net.Conn, *bufio.ReadWriter, error) { p.use("hijack"); return nil, nil, nil }
func (p readsFrom) ReadFrom(r io.Reader) (int64, error) {
	p.use("read from")
	return io.Copy(io.Discard, r)
}
func (p pushes) Push(string, *http.PushOptions) error { p.use("push"); return nil }

// writerWith returns a writer with a set of abilities.
func writerWith(set int, used *[]string) http.ResponseWriter {
	p := plain{used}
	f, h, r, u := flushes{p}, hijacks{p}, readsFrom{p}, pushes{p}
	return [...]http.ResponseWriter{
		p, f, h,
		struct {
			underlying
			flushing
			hijacking
		}{p, f, h},
		r,
		struct {
			underlying
			flushing
			readingOf
		}{p, f, r},
		struct {
			underlying
			hijacking
			readingOf
		}{p, h, r},
		struct {
			underlying
			flushing
			hijacking
			readingOf
		}{p, f, h, r},
		u,
		struct {
			underlying
			flushing
			pushing
		}{p, f, u},
		struct {
			underlying
			hijacking
			pushing
		}{p, h, u},
		struct {
			underlying
			flushing
			hijacking
			pushing
		}{p, f, h, u},
		struct {
			underlying
			readingOf
			pushing
		}{p, r, u},
		struct {
			underlying
			flushing
			readingOf
			pushing
		}{p, f, r, u},
		struct {
			underlying
			hijacking
			readingOf
			pushing
		}{p, h, r, u},
		struct {
			underlying
			flushing
			hijacking
			readingOf
			pushing
		}{p, f, h, r, u},
	}[set]
}

func TestWritersCanDoWhatTheServersCan(t *testing.T) {
	for set := range 16 {
		var used []string
		w := writerWith(set, &used)
		if got := abilities(w); got != set {
			t.Fatalf("the writer made for %04b can do %04b", set, got)
		}
		rec := &recorder{ResponseWriter: w}
		view := rec.view()
		if got := abilities(view); got != set {
			t.Errorf("over a writer that can do %04b, the view can do %04b", set, got)
		}
		if recorderOf(view) != rec {
			t.Errorf("%04b: the recorder is not found under its view", set)
		}
		if under := view.(interface{ Unwrap() http.ResponseWriter }).Unwrap(); under != w {
			t.Errorf("%04b: unwraps to %T", set, under)
		}
		if n := testing.AllocsPerRun(100, func() { _ = rec.view() }); n != 0 {
			t.Errorf("%04b: the view costs %v allocations", set, n)
		}
		var wanted []string
		if set&canFlush != 0 {
			view.(http.Flusher).Flush()
			wanted = append(wanted, "flush")
		}
		if set&canReadFrom != 0 {
			if n, err := view.(io.ReaderFrom).ReadFrom(strings.NewReader("12345")); n != 5 || err != nil || rec.written != 5 {
				t.Errorf("%04b: read %d bytes, err %v, %d noted", set, n, err, rec.written)
			}
			wanted = append(wanted, "read from")
		}
		if set&canPush != 0 {
			if err := view.(http.Pusher).Push("/", nil); err != nil {
				t.Error(err)
			}
			wanted = append(wanted, "push")
		}
		if set&canHijack != 0 {
			if _, _, err := view.(http.Hijacker).Hijack(); err != nil {
				t.Error(err)
			}
			wanted = append(wanted, "hijack")
		}
		if strings.Join(used, " ") != strings.Join(wanted, " ") {
			t.Errorf("%04b: the server's writer was asked to %q, want %q", set, used, wanted)
		}
		if rec.hijacked != (set&canHijack != 0) {
			t.Errorf("%04b: hijacked is %v", set, rec.hijacked)
		}
	}
}

func TestFlushErrorOfAWriterThatCannot(t *testing.T) {
	var used []string
	rec := &recorder{ResponseWriter: writerWith(0, &used)}
	if err := http.NewResponseController(rec.view()).Flush(); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("err = %v, want one that is http.ErrNotSupported", err)
	}
	if rec.status != 0 {
		t.Errorf("status %d was noted though nothing was sent", rec.status)
	}
}

// settled waits until the server has measured a request: its client may have the
// answer before.
func settled(t *testing.T, server *httptest.Server) {
	t.Helper()
	server.Close()
}

func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	response, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.Proto + " " + string(body)
}

func TestHTTP1Writers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("of a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, r := newServer(t, ServerOptions{})
	mux := http.NewServeMux()
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		if abilities(w) != canFlush|canHijack|canReadFrom {
			t.Errorf("the writer can do %04b", abilities(w))
		}
		c := http.NewResponseController(w)
		if err := errors.Join(c.SetWriteDeadline(time.Now().Add(time.Hour)), c.EnableFullDuplex(), c.Flush()); err != nil {
			t.Error(err)
		}
		http.ServeFile(w, r, file)
	})
	server := httptest.NewUnstartedServer(s.Wrap(mux))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it says that the status is sent already
	server.Start()
	if got := get(t, server.Client(), server.URL+"/file"); got != "HTTP/1.1 of a file" {
		t.Errorf("got %q", got)
	}
	settled(t, server)
	expect(t, r, requests("GET", "/file", "2xx", 1),
		`http_server_response_size_bytes_sum{method="GET",route="/file"} 9`)
}

func TestHTTP2Writers(t *testing.T) {
	s, r := newServer(t, ServerOptions{})
	server := httptest.NewUnstartedServer(s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if abilities(w) != canFlush|canPush {
			t.Errorf("the writer can do %04b", abilities(w))
		}
		writeString(w, "pushed")
		w.(http.Flusher).Flush()
	})))
	server.EnableHTTP2 = true
	server.StartTLS()
	if got := get(t, server.Client(), server.URL); got != "HTTP/2.0 pushed" {
		t.Errorf("got %q", got)
	}
	settled(t, server)
	expect(t, r, requests("GET", Unmatched, "2xx", 1))
}

func TestHijackedConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newServer(t, ServerOptions{})
		l := &pipeListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
		server := &http.Server{Handler: s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			writeString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			if n, err := io.CopyN(conn, conn, 4); n != 4 || err != nil {
				t.Errorf("echoed %d bytes, err %v", n, err)
			}
			time.Sleep(time.Second)
		}))}
		done := make(chan error, 1)
		go func() { done <- server.Serve(l) }()
		near, far := net.Pipe()
		l.conns <- far
		writeString(near, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		answer := bufio.NewReader(near)
		response, err := http.ReadResponse(answer, nil) //nolint:bodyclose // after 101 there is none
		if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("response %v, err %v", response, err)
		}
		writeString(near, "ping")
		echo := make([]byte, 4)
		if _, err := io.ReadFull(answer, echo); err != nil || string(echo) != "ping" {
			t.Errorf("echo %q, err %v", echo, err)
		}
		if n, err := io.Copy(io.Discard, answer); n != 0 || err != nil {
			t.Errorf("%d further bytes, err %v", n, err)
		}
		synctest.Wait()
		expect(t, r, requests("GET", Unmatched, "1xx", 1),
			`http_server_request_duration_seconds_sum{method="GET",route="__unmatched__",status="1xx"} 1`,
			`http_server_response_size_bytes_count{method="GET",route="__unmatched__"} 0`)
		server.Close()
		if err := <-done; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
}

// pipeListener accepts the connections it is given.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func TestClientThatGoesAway(t *testing.T) {
	s, r := newServer(t, ServerOptions{Status: ByCode})
	arrived := make(chan struct{})
	server := httptest.NewServer(s.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})))
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	writeString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-arrived
	conn.Close()
	settled(t, server)
	expect(t, r, requests("GET", Unmatched, "499", 1))
}
