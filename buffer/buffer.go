package buffer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// refreshPeriod is how often the age of the oldest record is metered.
const refreshPeriod = time.Second

// Buffer takes records and hands them on in batches. Make one with New and end
// it with Close, which alone ends its goroutines: one for each shard and, if
// it is metered, one more. All methods may be called at any time from any
// goroutine.
type Buffer[T any] struct {
	config      Config[T]
	instruments instruments
	shards      []*shard[T]

	// giveUp ends the context of the flushers, with a cause.
	giveUp    context.CancelCauseFunc
	closeOnce sync.Once
	closing   chan struct{}
	// closed is closed, and closeErr set before, when all goroutines ended.
	closed   chan struct{}
	closeErr error
	running  sync.WaitGroup
}

// New starts a buffer. It fails if the configuration is incomplete, or if its
// meters conflict with others of the scope's registry.
func New[T any](config Config[T]) (*Buffer[T], error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	m, err := defineInstruments(config.Position.scope(config.Scope))
	if err != nil {
		return nil, err
	}
	ctx, giveUp := context.WithCancelCause(context.Background())
	b := &Buffer[T]{
		config:      config,
		instruments: m,
		giveUp:      giveUp,
		closing:     make(chan struct{}),
		closed:      make(chan struct{}),
	}
	slots := make(chan struct{}, config.Concurrency)
	for i := range config.Shards {
		s := newShard(i, &b.config, m.bind(i))
		b.shards = append(b.shards, s)
		b.running.Go(flusher[T]{shard: s, ctx: ctx, slots: slots}.run)
	}
	if config.Scope.Enabled() {
		b.running.Go(b.refreshPeriodically)
	}
	return b, nil
}

// Put hands in an item. It returns nil if the buffer accepted it; otherwise
// the buffer does not hold it. If the key's shard is full, Put waits for room,
// at the latest until ctx ends, whose error it then wraps. It returns ErrClosed
// once the buffer is closed, also if it was waiting then, and wraps ErrTooLarge
// if the item does not fit into an empty table.
func (b *Buffer[T]) Put(ctx context.Context, key string, item T) error {
	size := int64(max(b.config.Size(item), 1))
	s := b.shards[b.Shard(key)]
	if size > s.tableBytes {
		return fmt.Errorf("%w: %d bytes under key %q, a table takes %d: split it, raise MaxBytes, or lower Shards or QueueLength",
			ErrTooLarge, size, key, s.tableBytes)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("record under key %q was not put: %w", key, contextError(ctx))
	}
	return s.put(ctx, Record[T]{Key: key, Item: item}, size)
}

// Shard returns the index of the shard that a key belongs to. It depends on
// the key and the number of shards alone.
func (b *Buffer[T]) Shard(key string) int { return shardOf(key, len(b.shards)) }

// Flush hands on everything that was accepted before the call, whatever its
// age, and returns when it is flushed or given back. The error wraps a
// *BatchError for each batch that finally failed meanwhile. If ctx ends first,
// Flush returns its error, and the buffer goes on all the same.
func (b *Buffer[T]) Flush(ctx context.Context) error {
	select {
	case <-b.closing:
		return ErrClosed
	default:
	}
	watchers := make([]*watcher, len(b.shards))
	for i, s := range b.shards {
		watchers[i] = s.demand()
	}
	var errs []error
	late := 0
	for i, s := range b.shards {
		failed, reached := s.awaitSettled(ctx, watchers[i])
		errs = append(errs, failed...)
		if !reached {
			late++
		}
	}
	if late > 0 {
		errs = append(errs, fmt.Errorf("%d of %d shards were not flushed in time, and go on: %w", late, len(b.shards), contextError(ctx)))
	}
	return errors.Join(errs...)
}

// Close refuses further records, flushes what the buffer holds, and returns
// when all its goroutines have ended. If ctx ends first, the buffer gives up:
// the context of running calls of Config.Flush ends, nothing is attempted any
// more, and what was not flushed is given back through Config.Failed. Close
// waits for running callbacks even then, since their outcome decides what is
// given back.
//
// The error wraps a *BatchError for each batch that was given back since Close
// was called. Further calls wait likewise and return the same error.
func (b *Buffer[T]) Close(ctx context.Context) error {
	b.closeOnce.Do(func() {
		close(b.closing)
		for _, s := range b.shards {
			s.close()
		}
		go b.join()
	})
	select {
	case <-b.closed:
	case <-ctx.Done():
		b.giveUp(fmt.Errorf("buffer ran out of time to close: %w", contextError(ctx)))
		<-b.closed
	}
	return b.closeErr
}

// join waits for the goroutines to end.
func (b *Buffer[T]) join() {
	b.running.Wait()
	b.giveUp(ErrClosed)
	var errs []error
	for _, s := range b.shards {
		errs = append(errs, s.retired()...)
	}
	b.closeErr = errors.Join(errs...)
	close(b.closed)
}

// Refresh brings the meter of the oldest record's age up to date, which
// otherwise happens every second. Its form is that of a hook for
// registry.Registry.OnCollect.
func (b *Buffer[T]) Refresh(context.Context) {
	for _, s := range b.shards {
		s.refresh()
	}
}

func (b *Buffer[T]) refreshPeriodically() {
	ticker := time.NewTicker(refreshPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-b.closing:
			return
		case <-ticker.C:
			b.Refresh(context.Background())
		}
	}
}

// DeleteSeries ends the series of the buffer's meters, so that positions that
// come and go leave nothing behind. Call it after Close, when the last values
// have been collected.
func (b *Buffer[T]) DeleteSeries() {
	for i := range b.shards {
		b.instruments.remove(i)
	}
}
