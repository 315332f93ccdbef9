package httpmetrics

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// recorder is the http.ResponseWriter of one request, and remembers what was
// answered. It is not used again for another request: a handler that wrongly
// keeps its writer then cannot write into another one's answer.
type recorder struct {
	http.ResponseWriter
	start time.Time
	// requestSize is negative if the request did not declare it.
	requestSize int64
	// status is 0 until one that is not informational is sent.
	status int
	// written counts bytes of the body.
	written            int64
	hijacked, returned bool
	// routed is the request that the mux was given, if Routed told it.
	routed *http.Request
}

// Unwrap lets http.ResponseController reach what the server's writer can do.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader sends a status. Informational ones come before the one that
// counts, except for 101, after which nothing comes.
func (r *recorder) WriteHeader(code int) {
	r.ResponseWriter.WriteHeader(code)
	if code >= http.StatusOK || code == http.StatusSwitchingProtocols {
		r.sent(code)
	}
}

// sent notes the first status.
func (r *recorder) sent(code int) {
	if r.status == 0 && !r.hijacked {
		r.status = code
	}
}

// Write sends a part of the body, and the status 200 before the first.
func (r *recorder) Write(p []byte) (n int, err error) {
	r.sent(http.StatusOK)
	n, err = r.ResponseWriter.Write(p)
	r.written += int64(n)
	return n, err
}

// WriteString is Write without a copy, if the server can.
func (r *recorder) WriteString(s string) (n int, err error) {
	r.sent(http.StatusOK)
	n, err = io.WriteString(r.ResponseWriter, s)
	r.written += int64(n)
	return n, err
}

// FlushError is called by http.ResponseController. All writers have it; where
// the server's cannot flush, it says so.
func (r *recorder) FlushError() error {
	err := http.NewResponseController(r.ResponseWriter).Flush()
	if !errors.Is(err, http.ErrNotSupported) {
		r.sent(http.StatusOK)
	}
	return err
}

// self is found through the writers of other middlewares.
func (r *recorder) self() *recorder { return r }

// recorderOf returns the recorder under a writer, or nil.
func recorderOf(w http.ResponseWriter) *recorder {
	for {
		switch at := w.(type) {
		case interface{ self() *recorder }:
			return at.self()
		case interface{ Unwrap() http.ResponseWriter }:
			w = at.Unwrap()
		default:
			return nil
		}
	}
}

// flush, hijack, readFrom and push are for views whose server's writer can do
// the same.

func (r *recorder) flush() {
	r.sent(http.StatusOK)
	r.ResponseWriter.(http.Flusher).Flush()
}

func (r *recorder) hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := r.ResponseWriter.(http.Hijacker).Hijack()
	r.hijacked = r.hijacked || err == nil
	return conn, buffered, err
}

func (r *recorder) readFrom(from io.Reader) (n int64, err error) {
	r.sent(http.StatusOK)
	n, err = r.ResponseWriter.(io.ReaderFrom).ReadFrom(from)
	r.written += n
	return n, err
}

func (r *recorder) push(target string, options *http.PushOptions) error {
	return r.ResponseWriter.(http.Pusher).Push(target, options)
}
