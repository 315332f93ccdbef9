// Package bind opens the listeners of the servers.
package bind

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/metertree/metertree/server/internal/crowd"
)

// maxConnections bounds the connections that are open at once. Beyond it those that
// have been silent longest make room: the http.Server must have crowd.Follow as its
// ConnState.
const maxConnections = 512

// Listen binds the address, or says in one line why it cannot be bound. The example
// is an address that could be given instead.
func Listen(address, example string) (*crowd.Listener, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("listen address %q is not host:port: give one such as --web.listen-address=%s", address, example)
	}
	listener, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen address %q is in use by another process: stop it or choose another with --web.listen-address", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen address %q is not permitted to this user: choose a port above 1023 with --web.listen-address", address)
	case err != nil:
		return nil, fmt.Errorf("listen address %q cannot be bound: %w: choose another with --web.listen-address", address, err)
	}
	return crowd.Limit(listener, maxConnections), nil
}

// Dialable is the host:port by which this machine reaches the listener.
func Dialable(listener net.Listener) string {
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return listener.Addr().String()
	}
	host := address.IP
	if host.IsUnspecified() {
		// Go listens on both families when the address names none.
		host = net.IPv4(127, 0, 0, 1)
	}
	return net.JoinHostPort(host.String(), fmt.Sprint(address.Port))
}
