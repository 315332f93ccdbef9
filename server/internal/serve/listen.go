package serve

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/metertree/metertree/server/internal/crowd"
)

// maxConnections bounds the connections that are open at once.
const maxConnections = 512

// listen binds the address, or says in one line why it cannot be bound.
func listen(address string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("listen address %q is not host:port: give one such as --web.listen-address=%s", address, DefaultListenAddress)
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

// dialable is the host:port by which this machine reaches the listener.
func dialable(listener net.Listener) string {
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
