// Package queue is a bounded in-memory work queue with its meters.
package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/metertree/metertree/collect"
	queuemeters "github.com/metertree/metertree/collect/queue"
	"github.com/metertree/metertree/meter"
)

// What Push may answer.
var (
	ErrFull   = errors.New("queue is full: try again later")
	ErrClosed = errors.New("queue is closed: the service is stopping")
)

// Queue hands items to workers in the order they came. Its methods may be called
// from any goroutine.
type Queue[T any] struct {
	items  chan waiting[T]
	meters *queuemeters.Queue

	// mu lets one item in at a time, so that there is room for what was counted.
	mu     sync.Mutex
	closed bool
	// since holds when each item that waits came, the oldest first.
	since []time.Time
}

type waiting[T any] struct {
	item   T
	ticket queuemeters.Ticket
}

// New makes a queue that holds up to capacity items. The name is the value of
// the label queue. The scope gets the metrics of package collect/queue, which
// queues share.
func New[T any](name string, capacity int, scope meter.Scope) (*Queue[T], error) {
	if capacity < 1 {
		return nil, fmt.Errorf("queue %q holds %d items: give a capacity of at least 1", name, capacity)
	}
	meters, err := queuemeters.New(scope, name)
	if err != nil {
		return nil, err
	}
	return &Queue[T]{items: make(chan waiting[T], capacity), meters: meters}, nil
}

// Depth is how many items wait.
func (q *Queue[T]) Depth() int { return len(q.items) }

// Capacity is how many items may wait.
func (q *Queue[T]) Capacity() int { return cap(q.items) }

// Collector reads how much waits, and for how long.
func (q *Queue[T]) Collector() collect.Collector {
	return q.meters.Collector(func(context.Context) (queuemeters.State, error) {
		q.mu.Lock()
		defer q.mu.Unlock()
		state := queuemeters.State{Depth: q.Depth(), Capacity: q.Capacity()}
		if len(q.since) > 0 {
			state.Oldest = q.since[0]
		}
		return state, nil
	})
}

// Push adds an item without waiting, or fails with ErrFull or ErrClosed.
func (q *Queue[T]) Push(item T) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.roomLocked(); err != nil {
		q.meters.Rejected(reason(err))
		return err
	}
	q.putLocked(item, q.meters.Enqueued())
	return nil
}

// Retry puts an item back that was handed to a worker. If there is no room, or no
// more, it is set aside for good, and Retry fails with ErrFull or ErrClosed.
func (q *Queue[T]) Retry(item T) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.roomLocked(); err != nil {
		q.meters.DeadLettered(reason(err))
		return err
	}
	q.putLocked(item, q.meters.Retried(queuemeters.Failed))
	return nil
}

// SetAside gives up an item that was handed to a worker and failed too often.
func (q *Queue[T]) SetAside() { q.meters.DeadLettered(queuemeters.Failed) }

func (q *Queue[T]) roomLocked() error {
	switch {
	case q.closed:
		return ErrClosed
	case len(q.items) == cap(q.items):
		return ErrFull
	}
	return nil
}

// putLocked needs room, which only those who hold the lock take.
func (q *Queue[T]) putLocked(item T, ticket queuemeters.Ticket) {
	q.since = append(q.since, time.Now())
	q.items <- waiting[T]{item, ticket}
}

func reason(err error) queuemeters.Reason {
	if errors.Is(err, ErrClosed) {
		return queuemeters.Closed
	}
	return queuemeters.Full
}

// Close refuses further items; those that wait are still handed out.
func (q *Queue[T]) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.items)
	}
}

// Discard closes the queue and drops the items that wait.
func (q *Queue[T]) Discard() {
	q.Close()
	for w := range q.items {
		q.left()
		q.meters.Dropped(w.ticket, queuemeters.Closed)
	}
}

// Work hands items to handle in the given number of goroutines. It returns when
// the queue is closed and every item was handled. The context is only passed on:
// a handler decides what to do with its item when it ends.
func (q *Queue[T]) Work(ctx context.Context, workers int, handle func(context.Context, T)) {
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for w := range q.items {
				q.left()
				q.meters.Dequeued(w.ticket)
				handle(ctx, w.item)
			}
		})
	}
	group.Wait()
}

// left notes that the oldest item has left the queue.
func (q *Queue[T]) left() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.since = q.since[1:]
}
