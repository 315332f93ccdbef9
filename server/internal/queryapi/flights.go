package queryapi

import (
	"context"
	"sync"
	"time"
)

const (
	// maxCached bounds the answers that are kept, and maxCachedSeries the series
	// in them.
	maxCached       = 512
	maxCachedSeries = 200_000
)

// flights lets those who ask the same share one request and, for a moment, its
// answer. A request ends when nobody waits for it any more.
type flights struct {
	keep    time.Duration
	timeout time.Duration
	now     func() time.Time

	mu      sync.Mutex
	calls   map[string]*flight
	series  int // in finished calls
	closed  bool
	running sync.WaitGroup
}

// flight is one request and its answer.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int

	// Written before done is closed.
	answer *answer
	err    error
	at     time.Time
}

func newFlights(keep, timeout time.Duration, now func() time.Time) *flights {
	return &flights{keep: keep, timeout: timeout, now: now, calls: make(map[string]*flight)}
}

// do returns what ask answers for the key, asking only if nobody does so now or
// did a moment ago.
func (f *flights) do(ctx context.Context, key string, ask func(context.Context) (*answer, error)) (*answer, error) {
	call, err := f.join(ctx, key, ask)
	if err != nil {
		return nil, err
	}
	select {
	case <-call.done:
		f.leave(key, call)
		return call.answer, call.err
	case <-ctx.Done():
		f.leave(key, call)
		return nil, ctx.Err()
	}
}

func (f *flights) join(ctx context.Context, key string, ask func(context.Context) (*answer, error)) (*flight, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, errClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.expireLocked()
	call := f.calls[key]
	if call == nil {
		// Not the caller's own context: others may join.
		shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.timeout)
		call = &flight{done: make(chan struct{}), cancel: cancel}
		f.calls[key] = call
		f.running.Go(func() {
			defer cancel()
			call.answer, call.err = ask(shared)
			f.land(key, call)
		})
	}
	call.waiting++
	return call, nil
}

// land ends a request. An error is for those who wait, not for those who come.
func (f *flights) land(key string, call *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	call.at = f.now()
	if f.calls[key] == call {
		if call.err != nil {
			delete(f.calls, key)
		} else {
			f.series += call.answer.size()
		}
	}
	close(call.done)
}

// leave counts one who waits no more.
func (f *flights) leave(key string, call *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	call.waiting--
	if call.waiting == 0 && !call.landed() {
		call.cancel()
		delete(f.calls, key)
	}
}

// expireLocked forgets answers that are old or, all of them, when they are too many.
func (f *flights) expireLocked() {
	all := len(f.calls) >= maxCached || f.series > maxCachedSeries
	now := f.now()
	for key, call := range f.calls {
		if call.landed() && (all || now.Sub(call.at) >= f.keep) {
			f.series -= call.answer.size()
			delete(f.calls, key)
		}
	}
}

func (c *flight) landed() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// close ends all requests and waits for them.
func (f *flights) close() {
	f.mu.Lock()
	f.closed = true
	for _, call := range f.calls {
		call.cancel()
	}
	f.mu.Unlock()
	f.running.Wait()
}

// size is how many elements an answer holds; a series over time counts for more.
func (a *answer) size() int {
	n := len(a.samples) + len(a.strings) + len(a.meta)
	for _, s := range a.series {
		n += 1 + len(s.Points)/8
	}
	return n
}
