package exporter_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// receiver is a Graphite that keeps what it is sent.
type receiver struct {
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	text   strings.Builder
	broken bool
	// stalled is closed when connections that came meanwhile are let go.
	stalled chan struct{}
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{listener: listener}
	r.running.Go(r.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		r.running.Wait()
	})
	return r
}

func (r *receiver) address() string { return r.listener.Addr().String() }

func (r *receiver) serve() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.running.Go(func() { r.take(conn.(*net.TCPConn)) })
	}
}

func (r *receiver) take(conn *net.TCPConn) {
	defer conn.Close()
	r.mu.Lock()
	broken, stalled := r.broken, r.stalled
	r.mu.Unlock()
	switch {
	case broken:
		_ = conn.SetLinger(0) // resets the connection
	case stalled != nil:
		<-stalled
	default:
		text, err := io.ReadAll(conn)
		if err != nil {
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.text.Write(text)
	}
}

func (r *receiver) delivered() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *receiver) breaks() (mend func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = true
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.broken = false
	}
}

func (r *receiver) stalls() (resume func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stalled = make(chan struct{})
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		close(r.stalled)
		r.stalled = nil
	}
}
