package serve

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/server/internal/crowd"
	"github.com/metertree/metertree/server/internal/webconfig"
)

// inBubble serves by connections without a network, in time that does not pass by
// itself, and hands a connection to the test.
func inBubble(t *testing.T, handler http.Handler, test func(t *testing.T, conn net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		listener := newInside()
		guard, err := webconfig.New(webconfig.Options{}, webconfig.Settings{Changes: changes, MaxRequestBytes: maxRequestBytes, Logger: log}, &net.TCPAddr{IP: net.IPv6loopback})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		limited := crowd.Limit((*insideListener)(listener), 10)
		self, _, err := newProcessMetrics("", limited, log)
		if err != nil {
			t.Fatal(err)
		}
		entrance := &entrance{limited, guard, self.door, log}
		go func() { ended <- entrance.serve(ctx, handler, 2*time.Minute) }()
		conn, err := listener.dial(ctx)
		if err != nil {
			t.Fatal(err)
		}
		test(t, conn)
		_ = conn.Close()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// endsAfter reads until the server ends the connection, and holds it to its time.
func endsAfter(t *testing.T, conn net.Conn, want time.Duration) {
	t.Helper()
	began := time.Now()
	// What comes, if anything, is no matter.
	_, err := io.Copy(io.Discard, conn)
	if took := time.Since(began); took < want-time.Second || took > want+2*time.Second {
		t.Errorf("the connection ended after %v (%v), want %v", took, err, want)
	}
}

// Nobody holds a connection by being slow.
func TestSlowClientsAreCutOff(t *testing.T) {
	reading := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	// drip writes a character each second, to be cut off after this time.
	drip := func(t *testing.T, conn net.Conn, text string, want time.Duration) {
		var dripping sync.WaitGroup
		dripping.Go(func() {
			for _, character := range text {
				if _, err := io.WriteString(conn, string(character)); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		})
		endsAfter(t, conn, want)
		_ = conn.Close()
		dripping.Wait()
	}
	t.Run("silent", func(t *testing.T) {
		inBubble(t, reading, func(t *testing.T, conn net.Conn) { endsAfter(t, conn, 10*time.Second) })
	})
	t.Run("header by drops", func(t *testing.T) {
		inBubble(t, reading, func(t *testing.T, conn net.Conn) {
			drip(t, conn, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "+strings.Repeat("z", 200), 10*time.Second)
		})
	})
	t.Run("body by drops", func(t *testing.T) {
		inBubble(t, reading, func(t *testing.T, conn net.Conn) {
			if _, err := io.WriteString(conn, "POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			drip(t, conn, strings.Repeat("z", 1000), time.Minute)
		})
	})
	t.Run("idle between requests", func(t *testing.T) {
		inBubble(t, reading, func(t *testing.T, conn net.Conn) {
			if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			reader := bufio.NewReader(conn)
			response, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, response.Body); err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			endsAfter(t, conn, 2*time.Minute)
		})
	})
	t.Run("answer not read", func(t *testing.T) {
		cut := make(chan error, 1)
		writing := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			var err error
			for chunk := strings.Repeat("z", 64<<10); err == nil; {
				_, err = io.WriteString(w, chunk)
			}
			cut <- err
		})
		inBubble(t, writing, func(t *testing.T, conn net.Conn) {
			began := time.Now()
			if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			time.Sleep(3 * time.Minute) // without reading
			synctest.Wait()
			select {
			case err := <-cut:
				if err == nil {
					t.Error("no error")
				}
			default:
				t.Errorf("still writing after %v", time.Since(began))
			}
		})
	})
}

// Two readings of where a request ends carry one request into another.
func TestAmbiguousRequestsAreRefused(t *testing.T) {
	for name, head := range map[string]string{
		"two lengths":       "Content-Length: 1\r\nContent-Length: 2\r\n",
		"negative length":   "Content-Length: -1\r\n",
		"signed length":     "Content-Length: +1\r\n",
		"unknown coding":    "Transfer-Encoding: xchunked\r\n",
		"coding twice":      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
		"space in the name": "Content-Length : 1\r\n",
		"folded header":     "X: a\r\n b\r\nContent-Length : 1\r\n",
		"zero byte":         "X: a\x00b\r\n",
		"two hosts":         "Host: other\r\n",
		"header of 80 K":    "X: " + strings.Repeat("x", 80<<10) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, http.NotFoundHandler(), func(t *testing.T, conn net.Conn) {
				var writing sync.WaitGroup
				writing.Go(func() {
					// The server may end before it has read all.
					_, _ = io.WriteString(conn, "POST /api/v1/write HTTP/1.1\r\nHost: localhost\r\n"+head+"\r\n")
				})
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				_ = response.Body.Close()
				if s := response.StatusCode; s != http.StatusBadRequest && s != http.StatusRequestHeaderFieldsTooLarge && s != http.StatusNotImplemented {
					t.Errorf("status %d", s)
				}
				if !response.Close {
					t.Error("the connection stays open for what follows")
				}
				_ = conn.Close()
				writing.Wait()
			})
		})
	}
}

// A length beside chunks is not believed, and no second request comes out of the
// body.
func TestLengthBesideChunks(t *testing.T) {
	asked := make(chan string, 4)
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			body = []byte(err.Error())
		}
		asked <- r.Method + " " + r.URL.Path + " " + string(body)
	})
	inBubble(t, handler, func(t *testing.T, conn net.Conn) {
		var written sync.WaitGroup
		written.Go(func() {
			_, _ = io.WriteString(conn, "POST /one HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"+
				"1c\r\nGET /smuggled HTTP/1.1\r\nX: y\r\n0\r\n\r\n")
		})
		endsAfter(t, conn, 2*time.Minute)
		_ = conn.Close()
		written.Wait()
		close(asked)
		var requests []string
		for request := range asked {
			requests = append(requests, request)
		}
		if want := "POST /one GET /smuggled HTTP/1.1\r\nX: y"; len(requests) != 1 || requests[0] != want {
			t.Errorf("read as %q, want %q", requests, want)
		}
	})
}

// The time for a request to arrive is not that for its answer.
func TestLongAnswersAreNotCancelled(t *testing.T) {
	for name, request := range map[string]string{
		"without a body": "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"with a body":    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nxy",
	} {
		t.Run(name, func(t *testing.T) {
			long := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				select {
				case <-r.Context().Done():
				case <-time.After(100 * time.Second):
					_, _ = io.WriteString(w, "done in time")
				}
			})
			inBubble(t, long, func(t *testing.T, conn net.Conn) {
				if _, err := io.WriteString(conn, request); err != nil {
					t.Fatal(err)
				}
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer response.Body.Close()
				if body, err := io.ReadAll(response.Body); err != nil || string(body) != "done in time" {
					t.Errorf("answered %q, %v", body, err)
				}
			})
		})
	}
}
