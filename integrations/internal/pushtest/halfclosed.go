package pushtest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// HalfClosed returns the address of a server that closes its side of a connection
// as soon as something is asked there, and listens on.
func HalfClosed(t testing.TB) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer c.Close()
				// That the client is gone is all there is to learn. Before it has
				// asked, a closed connection is only an idle one that ended.
				_, _ = io.CopyN(io.Discard, c, 1)
				_ = c.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Wait()
	})
	return "http://" + l.Addr().String()
}

// Deserted returns an address at which nobody listens.
func Deserted(t testing.TB) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}
