package crowd

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

const most = 4

// serve runs a server of which no more than most connections are open.
func serve(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Listener = Limit(server.Listener, most)
	server.Config.ConnState = Follow
	t.Cleanup(server.Close)
	return server
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// silence opens connections that send half a request and gives them.
func silence(t *testing.T, server *httptest.Server, count int) []net.Conn {
	t.Helper()
	var silent []net.Conn
	for range count {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := io.WriteString(c, "GET / HT"); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Log("cut off at once:", err)
		}
		silent = append(silent, c)
	}
	return silent
}

func ask(t *testing.T, client *http.Client, url string) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "hello" {
		t.Fatalf("answered %q, %v", body, err)
	}
}

// Ten times as many silent connections as may be open keep nobody out, by TLS or
// without, and the oldest are closed.
func TestTheSilentMakeRoom(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){
		"plain": (*httptest.Server).Start, "TLS": (*httptest.Server).StartTLS,
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, http.HandlerFunc(hello))
			start(server)
			silent := silence(t, server, 10*most)
			ask(t, server.Client(), server.URL)
			if err := silent[0].SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			_, err := io.Copy(io.Discard, silent[0])
			var late net.Error
			if errors.As(err, &late) && late.Timeout() {
				t.Error("the oldest connection is still open")
			}
		})
	}
}

// A connection between two requests makes room; one whose request is being
// answered does not, and whoever comes then waits.
func TestTheBusyStay(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/long" {
			entered <- struct{}{}
			<-leave
		}
		hello(w, r)
	}))
	server.Start()
	results := make(chan error, most)
	for range most {
		go func() {
			response, err := http.Get(server.URL + "/long")
			if err == nil {
				var body []byte
				body, err = io.ReadAll(response.Body)
				_ = response.Body.Close()
				if string(body) != "hello" {
					err = fmt.Errorf("answered %q", body)
				}
			}
			results <- err
		}()
	}
	for range most {
		<-entered
	}
	silence(t, server, 2*most)
	close(leave)
	for range most {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	// The connections of the answered are idle now, and make room.
	ask(t, &http.Client{Transport: &http.Transport{}}, server.URL)
}

func TestCloseEndsAccept(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Limit(inner, 1)
	first, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	Follow(accepted, http.StateActive)
	second, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	ended := make(chan error)
	go func() {
		_, err := l.Accept()
		ended <- err
	}()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept ended with %v", err)
	}
}
