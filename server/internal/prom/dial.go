package prom

import (
	"context"
	"net"
	"time"
)

// cuttable dials connections that all end when its context does. The scrape
// manager waits for scrapes in flight when it stops, each for as long as its
// timeout; a shutdown cannot wait for a target that hangs.
type cuttable struct {
	alive  context.Context
	dialer net.Dialer
	self   dialSelf // nil if there is no such target
}

// selfTarget is the target that stands for the server itself. No machine has a
// name that ends so (RFC 6761).
const selfTarget = "metertree.invalid:80"

// dialSelf connects to what answers with the server's own metrics.
type dialSelf = func(context.Context) (net.Conn, error)

func newCuttable(alive context.Context, self dialSelf) *cuttable {
	return &cuttable{alive: alive, self: self, dialer: net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}}
}

func (c *cuttable) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(c.alive, cancel)
	defer stop()
	conn, err := c.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	// The error of closing a connection that is given up interests nobody.
	forget := context.AfterFunc(c.alive, func() { _ = conn.Close() })
	return &cuttableConn{Conn: conn, forget: forget}, nil
}

func (c *cuttable) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if c.self != nil && address == selfTarget {
		return c.self(ctx)
	}
	return c.dialer.DialContext(ctx, network, address)
}

type cuttableConn struct {
	net.Conn
	forget func() bool
}

// Close implements net.Conn.
func (c *cuttableConn) Close() error {
	c.forget()
	return c.Conn.Close()
}
