package serve

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// inside is a listener that only this process reaches. The server scrapes itself
// through it where its own address asks for credentials, which it does not have:
// it knows passwords as hashes only.
type inside struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func newInside() *inside {
	return &inside{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// dial connects to it.
func (l *inside) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve answers every request with the handler until close is called.
func (l *inside) serve(handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: time.Minute}
	err := server.Serve((*insideListener)(l))
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return errors.Join(err, server.Close())
}

// close ends serve. Closing nothing does nothing.
func (l *inside) close() {
	if l != nil {
		l.once.Do(func() { close(l.closed) })
	}
}

// insideListener is inside as a net.Listener.
type insideListener inside

// Accept implements net.Listener.
func (l *insideListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *insideListener) Close() error {
	(*inside)(l).close()
	return nil
}

// Addr implements net.Listener.
func (l *insideListener) Addr() net.Addr { return &net.UnixAddr{Net: "pipe", Name: "inside"} }
