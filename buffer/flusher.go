package buffer

import (
	"context"
	"fmt"
	"time"
)

// flusher settles the tables of one shard, one after the other.
type flusher[T any] struct {
	*shard[T]
	// ctx ends when Close runs out of time; its cause says so.
	ctx context.Context
	// slots has room for as many tokens as calls of Flush may run at once.
	slots chan struct{}
}

// run ends when the shard is closed and everything it accepted is settled.
func (f flusher[T]) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		t, due, ended := f.next()
		switch {
		case ended:
			return
		case t != nil:
			f.settle(t, f.flush(t))
			continue
		case due > 0:
			timer.Reset(due)
		default:
			timer.Stop()
		}
		select {
		case <-f.wake:
		case <-timer.C:
		}
	}
}

// next returns the table to flush now. If there is none, due is how long until
// the mutable table is old enough, if above 0, and ended tells that there
// will be none.
func (f flusher[T]) next() (t *table[T], due time.Duration, ended bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) > 0 {
		return f.queue[0], 0, false
	}
	if f.mutable.empty() {
		return nil, 0, f.closed
	}
	if !f.closed && f.demanded <= f.settled {
		if due = f.untilOldLocked(); due != 0 {
			return nil, due, false
		}
	}
	f.swapLocked()
	return f.queue[0], 0, false
}

// never is a due time that does not come.
const never = -1

// untilOldLocked returns how long until the mutable table is old enough to be
// swapped: 0 if it is, never if its age does not matter.
func (f flusher[T]) untilOldLocked() time.Duration {
	if f.config.FlushInterval < 0 {
		return never
	}
	return max(f.config.FlushInterval-time.Since(f.mutable.opened), 0)
}

// flush attempts a table until it succeeds or finally fails.
func (f flusher[T]) flush(t *table[T]) error {
	for {
		if err := f.acquire(); err != nil {
			return f.failed(t, err)
		}
		if t.attempts > 0 {
			f.meters.retries.Inc()
		}
		t.attempts++
		outcome, err := f.attempt(t)
		switch outcome {
		case statusOK:
			return nil
		case statusFailed:
			return f.failed(t, err)
		}
		if cause := f.pause(f.config.Retry.delay(t.attempts)); cause != nil {
			return f.failed(t, cutShort(err, cause))
		}
	}
}

// acquire takes a slot for a call of Flush.
func (f flusher[T]) acquire() error {
	if f.ctx.Err() != nil {
		return context.Cause(f.ctx)
	}
	select {
	case f.slots <- struct{}{}:
		return nil
	case <-f.ctx.Done():
		return context.Cause(f.ctx)
	}
}

// attempt hands a table to Flush, gives the slot back and meters the outcome.
func (f flusher[T]) attempt(t *table[T]) (status, error) {
	start := time.Now()
	err := guard(func() error { return f.config.Flush(f.ctx, t.batch(f.index)) })
	<-f.slots
	outcome, err := f.judge(t, err)
	m := f.meters.outcomes[outcome]
	m.seconds.ObserveSince(start)
	m.flushes.Inc()
	m.records.Add(int64(len(t.records)))
	m.bytes.Add(t.bytes)
	return outcome, err
}

// judge says what comes of an attempt, and completes its error.
func (f flusher[T]) judge(t *table[T], err error) (status, error) {
	switch {
	case err == nil:
		return statusOK, nil
	case !f.config.Retry.allows(t.attempts, err):
		return statusFailed, err
	case f.ctx.Err() != nil:
		return statusFailed, cutShort(err, context.Cause(f.ctx))
	}
	return statusRetried, err
}

// cutShort adds to an attempt's error why it was not repeated.
func cutShort(err, cause error) error {
	return fmt.Errorf("%w; not repeated: %w", err, cause)
}

// pause waits, and returns why it was cut short if it was.
func (f flusher[T]) pause(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-f.ctx.Done():
		return context.Cause(f.ctx)
	}
}

func (f flusher[T]) failed(t *table[T], err error) error {
	return &BatchError{
		Shard:    f.index,
		Records:  len(t.records),
		Bytes:    t.bytes,
		Attempts: t.attempts,
		Err:      err,
	}
}

// settle gives a table back if it failed, and takes it out of the queue.
func (f flusher[T]) settle(t *table[T], err error) {
	if err != nil {
		f.meters.failedRecords.Add(int64(len(t.records)))
		f.meters.failedBytes.Add(t.bytes)
		err = f.giveBack(t, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.removeLocked()
	f.informLocked(err)
	if err != nil && f.closed {
		f.closing = append(f.closing, err)
	}
}

// giveBack hands a table to Failed and returns the error to report, which
// includes a panic of Failed itself.
func (f flusher[T]) giveBack(t *table[T], err error) error {
	broken := guard(func() error {
		f.config.Failed(t.batch(f.index), err)
		return nil
	})
	if broken != nil {
		return fmt.Errorf("%w; giving it back: %w", err, broken)
	}
	return err
}
