package buffer

import (
	"container/list"
	"context"
	"slices"
	"sync"
	"time"
)

// shard is one mutable table, the queue of immutable ones and the writers that
// wait for room in them.
type shard[T any] struct {
	index      int
	config     *Config[T]
	tableBytes int64
	meters     shardMeters
	// wake holds a token when there may be something new for the flusher.
	wake chan struct{}

	mu      sync.Mutex
	mutable *table[T]
	// queue holds the immutable tables, oldest first. A table leaves it when
	// its fate is known.
	queue          []*table[T]
	immutableBytes int64
	// accepted and settled count records: taken in, and flushed or given back.
	// Both are in the same order, so a record is settled when settled has
	// reached what accepted was after it.
	accepted, settled uint64
	// demanded is what settled is to reach without waiting for the age or size
	// of a table.
	demanded uint64
	watchers []*watcher
	// stalled holds a *stall[T] for each waiting writer, in order of arrival.
	stalled list.List
	closed  bool
	// closing are the errors of the batches that failed after closed was set.
	closing []error
}

func newShard[T any](index int, config *Config[T], m shardMeters) *shard[T] {
	s := &shard[T]{
		index:      index,
		config:     config,
		tableBytes: config.tableBytes(),
		meters:     m,
		wake:       make(chan struct{}, 1),
		mutable:    &table[T]{},
	}
	m.maxBytes.Set(float64(config.shardBytes()))
	s.meterLocked()
	return s
}

// put accepts a record, at once or after waiting for room.
func (s *shard[T]) put(ctx context.Context, r Record[T], size int64) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	if s.stalled.Len() == 0 && s.makeRoomLocked(size) {
		s.acceptLocked(r, size)
		s.mu.Unlock()
		return nil
	}
	w := s.stallLocked(r, size)
	s.mu.Unlock()
	return s.await(ctx, w)
}

// makeRoomLocked reports whether the mutable table takes size more, swapping it
// if that helps.
func (s *shard[T]) makeRoomLocked(size int64) bool {
	if s.mutable.bytes+size <= s.tableBytes {
		return true
	}
	if len(s.queue) == s.config.QueueLength {
		return false
	}
	s.swapLocked()
	return true
}

func (s *shard[T]) acceptLocked(r Record[T], size int64) {
	s.mutable.add(r, size)
	s.accepted++
	s.meters.mutableBytes.Set(float64(s.mutable.bytes))
	if len(s.mutable.records) == 1 {
		// The flusher has to watch the age of the table from now on.
		s.signal()
	}
}

// swapLocked moves the mutable table to the queue.
func (s *shard[T]) swapLocked() {
	s.queue = append(s.queue, s.mutable)
	s.immutableBytes += s.mutable.bytes
	s.mutable = s.mutable.successor()
	s.meterLocked()
	s.signal()
}

// removeLocked takes the oldest table, whose fate is now known, out of the
// queue, and lets writers into the room it leaves.
func (s *shard[T]) removeLocked() {
	t := s.queue[0]
	s.queue = slices.Delete(s.queue, 0, 1)
	s.immutableBytes -= t.bytes
	s.settled += uint64(len(t.records))
	s.admitLocked()
	s.meterLocked()
}

// meterLocked sets the gauges of state.
func (s *shard[T]) meterLocked() {
	s.meters.mutableBytes.Set(float64(s.mutable.bytes))
	s.meters.immutableBytes.Set(float64(s.immutableBytes))
	s.meters.oldestAge.Set(s.oldestAgeLocked().Seconds())
}

func (s *shard[T]) oldestAgeLocked() time.Duration {
	switch {
	case len(s.queue) > 0:
		return max(time.Since(s.queue[0].opened), 0)
	case !s.mutable.empty():
		return max(time.Since(s.mutable.opened), 0)
	}
	return 0
}

// refresh sets the gauge that changes by itself.
func (s *shard[T]) refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meters.oldestAge.Set(s.oldestAgeLocked().Seconds())
}

// signal tells the flusher to look again.
func (s *shard[T]) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// close refuses further records, and makes the flusher end when it has settled
// those that were accepted.
func (s *shard[T]) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.refuseLocked()
	s.signal()
}

// retired is called when the flusher has ended.
func (s *shard[T]) retired() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meters.maxBytes.Set(0)
	s.meterLocked()
	return s.closing
}
