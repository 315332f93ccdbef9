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
func Limit(listener net.Listener, most int) *Listener {
	if most <= 0 {
		panic("crowd: the number of connections must be positive")
	}
	l := &Listener{Listener: listener, silent: list.New(), idle: list.New()}
	l.counts.Most = most
	l.room = sync.NewCond(&l.mu)
	return l
}

// Listener is a listener with a bound.
type Listener struct {
	net.Listener

	mu     sync.Mutex
	room   *sync.Cond // signalled when a connection or the listener is closed, or one falls silent
	counts Counts
	closed bool
	// Connections that may be closed, the oldest first.
	silent, idle *list.List
}

// Counts are what a listener has done.
type Counts struct {
	// Open are the connections that are open, and Most how many may be.
	Open, Most int
	// DroppedSilent and DroppedIdle are how many were closed to make room: those
	// that had never sent a whole request, and those between two.
	DroppedSilent, DroppedIdle uint64
	// Waited is how many had to wait, because every connection was being answered.
	Waited uint64
}

// Counts are those of now. It is safe for concurrent use.
func (l *Listener) Counts() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for waited := false; l.counts.Open >= l.counts.Most && !l.closed; {
		if l.dropLocked() {
			continue
		}
		if !waited {
			l.counts.Waited++
		}
		waited = true
		l.room.Wait()
	}
	if l.closed {
		_ = c.Close() // nothing was sent on it
		return nil, net.ErrClosed
	}
	l.counts.Open++
	member := &conn{Conn: c, listener: l}
	member.waitLocked(l.silent)
	return member, nil
}

// dropLocked closes the connection that has waited longest, if one waits.
func (l *Listener) dropLocked() (dropped bool) {
	waiting, count := l.silent, &l.counts.DroppedSilent
	if waiting.Len() == 0 {
		waiting, count = l.idle, &l.counts.DroppedIdle
	}
	oldest := waiting.Front()
	if oldest == nil {
		return false
	}
	member := oldest.Value.(*conn)
	member.leaveLocked()
	// Nobody was promised an answer on it.
	_ = member.Conn.Close()
	*count++
	return true
}

// Close implements net.Listener.
func (l *Listener) Close() error {
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
	listener *Listener

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
		c.listener.counts.Open--
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
