// Package crowd bounds the connections of a listener so that those that never ask
// for anything cannot keep out those that do.
package crowd

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// Limit bounds the connections that a listener has open at once. One more than
// that takes the place of the one that has waited longest without a whole request
// being read: first of those that never sent one, then of those between two. If
// every connection is being answered, it waits until one is closed.
//
// The http.Server must have Follow as its ConnState. It panics if most is not
// positive.
func Limit(listener net.Listener, most int) net.Listener {
	if most <= 0 {
		panic("crowd: the number of connections must be positive")
	}
	l := &limited{Listener: listener, most: most, silent: list.New(), idle: list.New()}
	l.room = sync.NewCond(&l.mu)
	return l
}

// limited is a listener with a bound.
type limited struct {
	net.Listener
	most int

	mu     sync.Mutex
	room   *sync.Cond // signalled when a connection or the listener is closed, or one falls silent
	open   int
	closed bool
	// Connections that may be closed, the oldest first.
	silent, idle *list.List
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.open >= l.most && !l.closed {
		if !l.dropLocked() {
			l.room.Wait()
		}
	}
	if l.closed {
		_ = c.Close() // nothing was sent on it
		return nil, net.ErrClosed
	}
	l.open++
	member := &conn{Conn: c, listener: l}
	member.waitLocked(l.silent)
	return member, nil
}

// dropLocked closes the connection that has waited longest, if one waits.
func (l *limited) dropLocked() (dropped bool) {
	for _, waiting := range []*list.List{l.silent, l.idle} {
		if oldest := waiting.Front(); oldest != nil {
			member := oldest.Value.(*conn)
			member.leaveLocked()
			// Nobody was promised an answer on it.
			_ = member.Conn.Close()
			return true
		}
	}
	return false
}

// Close implements net.Listener.
func (l *limited) Close() error {
	err := l.Listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.room.Broadcast()
	return err
}

// conn is a connection of a limited listener.
type conn struct {
	net.Conn
	listener *limited

	// Guarded by the listener's lock.
	gone    bool
	waiting *list.List // in which it waits, or nil
	place   *list.Element
}

func (c *conn) waitLocked(in *list.List) {
	c.busyLocked()
	if !c.gone {
		c.waiting, c.place = in, in.PushBack(c)
	}
}

func (c *conn) busyLocked() {
	if c.waiting != nil {
		c.waiting.Remove(c.place)
		c.waiting, c.place = nil, nil
	}
}

func (c *conn) leaveLocked() {
	c.busyLocked()
	if !c.gone {
		c.gone = true
		c.listener.open--
	}
}

// Close implements net.Conn.
func (c *conn) Close() error {
	l := c.listener
	l.mu.Lock()
	c.leaveLocked()
	l.room.Broadcast()
	l.mu.Unlock()
	return c.Conn.Close()
}

// Follow is the ConnState of a server that serves a limited listener, by TLS or
// without. Of other connections it takes no notice.
func Follow(of net.Conn, state http.ConnState) {
	if encrypted, ok := of.(*tls.Conn); ok {
		of = encrypted.NetConn()
	}
	c, ok := of.(*conn)
	if !ok {
		return
	}
	l := c.listener
	l.mu.Lock()
	defer l.mu.Unlock()
	switch state {
	case http.StateActive, http.StateHijacked:
		c.busyLocked()
	case http.StateIdle:
		c.waitLocked(l.idle)
		l.room.Broadcast()
	}
}
