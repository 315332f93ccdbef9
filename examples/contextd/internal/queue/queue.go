// Package queue is a bounded in-memory work queue with its meters.
package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// What Push may answer.
var (
	ErrFull   = errors.New("queue is full: try again later")
	ErrClosed = errors.New("queue is closed: the service is stopping")
)

// Queue hands items to workers in the order they came. Its methods may be called
// from any goroutine.
type Queue[T any] struct {
	items    chan waiting[T]
	accepted meter.BoundCounter
	rejected meter.BoundCounter
	wait     meter.BoundHistogram

	mu     sync.RWMutex
	closed bool
}

type waiting[T any] struct {
	item  T
	since time.Time
}

type push struct{ Queue, Status string }

// New makes a queue that holds up to capacity items. The name is the value of
// the label queue. The scope gets pushes_total, wait_seconds, depth and capacity;
// it can have one queue of a name only.
func New[T any](name string, capacity int, scope meter.Scope) (*Queue[T], error) {
	if capacity < 1 {
		return nil, fmt.Errorf("queue %q holds %d items: give a capacity of at least 1", name, capacity)
	}
	q := &Queue[T]{items: make(chan waiting[T], capacity)}
	pushes, pushesErr := meter.NewCounter[push](scope, "pushes_total",
		meter.Help("Items offered to the queue, accepted or rejected because it was full."))
	wait, waitErr := scope.NewHistogram("wait_seconds", meter.Unit("seconds"), meter.Keys("queue"),
		meter.Help("Time from enqueue to dequeue."))
	limit, limitErr := scope.NewGauge("capacity", meter.Keys("queue"), meter.Fold(metric.FoldSum),
		meter.Help("Items the queue can hold."))
	depthErr := scope.GaugeFunc("depth", func(o *meter.Observer) { o.Float(float64(q.Depth()), name) },
		meter.Keys("queue"), meter.Fold(metric.FoldSum), meter.Help("Items waiting in the queue."))
	if err := errors.Join(pushesErr, waitErr, limitErr, depthErr); err != nil {
		return nil, err
	}
	limit.Set(float64(capacity), name)
	q.accepted = pushes.With(push{name, "accepted"})
	q.rejected = pushes.With(push{name, "rejected"})
	q.wait = wait.Bind(name)
	return q, nil
}

// Depth is how many items wait.
func (q *Queue[T]) Depth() int { return len(q.items) }

// Capacity is how many items may wait.
func (q *Queue[T]) Capacity() int { return cap(q.items) }

// Push adds an item without waiting, or fails with ErrFull or ErrClosed.
func (q *Queue[T]) Push(item T) error {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.closed {
		return ErrClosed
	}
	select {
	case q.items <- waiting[T]{item, time.Now()}:
		q.accepted.Inc()
		return nil
	default:
		q.rejected.Inc()
		return ErrFull
	}
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

// Work hands items to handle in the given number of goroutines. It returns when
// the queue is closed and every item was handled. The context is only passed on:
// a handler decides what to do with its item when it ends.
func (q *Queue[T]) Work(ctx context.Context, workers int, handle func(context.Context, T)) {
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for w := range q.items {
				q.wait.ObserveSince(w.since)
				handle(ctx, w.item)
			}
		})
	}
	group.Wait()
}
