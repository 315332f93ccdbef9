package prometheus

import (
	"fmt"
	"io"
)

// relay hands what is written to it to another writer in a goroutine of its own,
// so that the next part of a scrape is made while the last one is being sent. It
// holds at most relayBuffers parts. What is written first goes straight on, so
// that a scrape of one part needs no goroutine.
type relay struct {
	to    io.Writer
	begun bool
	// full are parts to send, and free buffers for the next; nil before there is
	// a goroutine.
	full, free chan []byte
	done       chan struct{}
	// failed is closed when sending failed, and err set before.
	failed chan struct{}
	err    error
}

const relayBuffers = 2

// Write implements io.Writer. The error of an earlier part may come with a later
// one, or with close.
func (r *relay) Write(p []byte) (int, error) {
	if !r.begun {
		r.begun = true
		return r.to.Write(p)
	}
	if r.full == nil {
		r.start()
	}
	select {
	case <-r.failed:
		return 0, r.err
	case buffer := <-r.free:
		r.full <- append(buffer[:0], p...)
	}
	return len(p), nil
}

func (r *relay) start() {
	r.full, r.free = make(chan []byte, relayBuffers), make(chan []byte, relayBuffers)
	r.done, r.failed = make(chan struct{}), make(chan struct{})
	for range relayBuffers {
		r.free <- nil
	}
	go r.run()
}

// run sends until the first error.
func (r *relay) run() {
	defer close(r.done)
	for part := range r.full {
		if r.err = r.send(part); r.err != nil {
			close(r.failed)
			return
		}
		r.free <- part
	}
}

// send turns a panic into an error, because it would end the program here, and
// not only the request.
func (r *relay) send(part []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("sending panicked: %v", p)
		}
	}()
	n, err := r.to.Write(part)
	if err == nil && n < len(part) {
		err = io.ErrShortWrite
	}
	return err
}

// close waits until everything is sent, or sending failed. Nothing is to be
// written afterwards; closing again tells the same.
func (r *relay) close() error {
	if r.full == nil {
		return r.err
	}
	close(r.full)
	<-r.done
	r.full = nil
	return r.err
}
