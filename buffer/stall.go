package buffer

import (
	"container/list"
	"context"
	"fmt"
	"time"
)

// stall is a writer that waits for room. Whoever makes room accepts the record
// on its behalf, so writers are admitted in order and none is woken in vain.
type stall[T any] struct {
	record  Record[T]
	size    int64
	since   time.Time
	element *list.Element
	// over is closed, and err set before, when the wait has ended.
	over chan struct{}
	err  error
}

func (s *shard[T]) stallLocked(r Record[T], size int64) *stall[T] {
	w := &stall[T]{record: r, size: size, since: time.Now(), over: make(chan struct{})}
	w.element = s.stalled.PushBack(w)
	s.meters.stalledWriters.Add(1)
	return w
}

// await returns when the writer is admitted or refused, or ctx ends.
func (s *shard[T]) await(ctx context.Context, w *stall[T]) error {
	select {
	case <-w.over:
	case <-ctx.Done():
		s.withdraw(ctx, w)
	}
	return w.err
}

// withdraw ends the wait of a writer whose context has ended, unless it was
// admitted or refused meanwhile.
func (s *shard[T]) withdraw(ctx context.Context, w *stall[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.element == nil {
		return
	}
	s.endLocked(w, fmt.Errorf("no room in shard %d of the buffer for %v: %w",
		s.index, time.Since(w.since), contextError(ctx)))
	// The next in line may be smaller.
	s.admitLocked()
}

// admitLocked accepts the records of waiting writers while there is room.
func (s *shard[T]) admitLocked() {
	for front := s.stalled.Front(); front != nil; front = s.stalled.Front() {
		w := front.Value.(*stall[T])
		if !s.makeRoomLocked(w.size) {
			return
		}
		s.acceptLocked(w.record, w.size)
		s.endLocked(w, nil)
	}
}

// refuseLocked ends all waits because the buffer is closed.
func (s *shard[T]) refuseLocked() {
	for front := s.stalled.Front(); front != nil; front = s.stalled.Front() {
		s.endLocked(front.Value.(*stall[T]), ErrClosed)
	}
}

func (s *shard[T]) endLocked(w *stall[T], err error) {
	s.stalled.Remove(w.element)
	w.element = nil
	w.err = err
	s.meters.stalledWriters.Add(-1)
	s.meters.stallSeconds.Observe(time.Since(w.since).Seconds())
	close(w.over)
}
