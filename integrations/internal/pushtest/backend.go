package pushtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Backend stands in for one: it reads requests, each as an R, answers them as it
// is told, and keeps those that it takes. It may be used from several goroutines.
type Backend[R any] struct {
	*httptest.Server
	read func(r *http.Request, body []byte) (R, error)
	take Answer[R]

	t  testing.TB
	mu sync.Mutex
	// queue is what the next requests are answered with, and always, unless nil,
	// what those after them are.
	queue  []Answer[R]
	always Answer[R]
	taken  []R
	asked  []*Asked[R]
}

// Asked is a request that was answered.
type Asked[R any] struct {
	Request R
	// Taken says that the backend has kept it.
	Taken bool
}

// Answer answers a request, whose body was read, and reports whether the backend
// keeps what is in it.
type Answer[R any] func(w http.ResponseWriter, r *http.Request, asked R) (taken bool)

// NewBackend starts a backend for the time of a test. It answers with take unless
// it is told otherwise. A request that it cannot read fails the test.
func NewBackend[R any](t testing.TB, read func(r *http.Request, body []byte) (R, error), take Answer[R]) *Backend[R] {
	t.Helper()
	b := &Backend[R]{read: read, take: take, t: t}
	b.Server = httptest.NewServer(b)
	t.Cleanup(b.Close)
	return b
}

// ServeHTTP implements http.Handler.
func (b *Backend[R]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	request, err := b.read(r, body)
	if err != nil {
		b.t.Errorf("a request cannot be read: %v", err)
	}
	asked := &Asked[R]{Request: request}
	if b.next(asked)(w, r, request) {
		// The answer leaves when this returns.
		b.mu.Lock()
		defer b.mu.Unlock()
		asked.Taken = true
		b.taken = append(b.taken, request)
	}
}

// next notes a request and returns what it is answered with.
func (b *Backend[R]) next(asked *Asked[R]) Answer[R] {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, asked)
	if len(b.queue) > 0 {
		first := b.queue[0]
		b.queue = b.queue[1:]
		return first
	}
	if b.always != nil {
		return b.always
	}
	return b.take
}

// Answer tells how the next requests are answered, one by each.
func (b *Backend[R]) Answer(answers ...Answer[R]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queue = append(b.queue, answers...)
}

// Until has everything answered in one way until it is told to end.
func (b *Backend[R]) Until(a Answer[R]) (end func()) {
	set := func(a Answer[R]) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.always = a
	}
	set(a)
	return func() { set(nil) }
}

// Requests returns those that were taken, in their order.
func (b *Backend[R]) Requests() []R {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.taken)
}

// Attempts returns all requests there were, in their order.
func (b *Backend[R]) Attempts() (all []Asked[R]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.asked {
		all = append(all, *a)
	}
	return all
}
