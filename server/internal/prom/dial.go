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
}

func newCuttable(alive context.Context) *cuttable {
	return &cuttable{alive: alive, dialer: net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}}
}

func (c *cuttable) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(c.alive, cancel)
	defer stop()
	conn, err := c.dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	// The error of closing a connection that is given up interests nobody.
	forget := context.AfterFunc(c.alive, func() { _ = conn.Close() })
	return &cuttableConn{Conn: conn, forget: forget}, nil
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
