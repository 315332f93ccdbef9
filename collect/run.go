package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// run asks a source once. How it ended is settled once: when the source has
// returned, or when the time is up.
type run struct {
	entry *entry
	stop  context.CancelFunc
	// over is closed when it is settled how the run ended, expired when that it
	// ran out of time is logged, and ended when its goroutine is about to end.
	over, expired, ended chan struct{}
	// started is when the source was asked.
	started time.Time
	// settled and returned are guarded by the entry's lock.
	settled, returned bool
}

// reason says why a run failed; empty if it did not.
type reason string

const (
	failedError   reason = "error"
	failedTimeout reason = "timeout"
	failedPanic   reason = "panic"
)

var reasons = [...]reason{failedError, failedTimeout, failedPanic}

// outcome is how a run ended.
type outcome struct {
	points []point
	reason reason
	err    error
}

// perform is the goroutine of a run. It waits until the goroutine of the run
// before is gone, which has nothing left to do, and until few enough others run.
func (r *run) perform(ctx context.Context, before *run) {
	defer close(r.ended)
	defer r.stop()
	if before != nil {
		<-before.ended
	}
	slots := r.entry.refresher.slots
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		// The entry is closed.
		close(r.over)
		return
	}
	r.started = time.Now()
	ctx, cancel := context.WithTimeout(ctx, r.entry.schedule.Timeout)
	defer cancel()
	watch := context.AfterFunc(ctx, r.expire)
	// Deferred, because a source may end the goroutine.
	o := outcome{reason: failedPanic, err: errors.New("the source ended its goroutine")}
	defer func() {
		if !watch() {
			<-r.expired
		}
		// The source may have seen the deadline just before expire would.
		if o.err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			o.reason = failedTimeout
		}
		r.finish(o)
	}()
	o = r.read(ctx)
}

// read asks the source, and makes a failure of a panic.
func (r *run) read(ctx context.Context) (o outcome) {
	defer func() {
		if v := recover(); v != nil {
			o = outcome{reason: failedPanic, err: fmt.Errorf("panic: %v\n%s", v, debug.Stack())}
		}
	}()
	points, err := r.entry.collector.read(ctx)
	if err != nil {
		return outcome{reason: failedError, err: err}
	}
	return outcome{points: points}
}

// expire settles that the source did not answer in time.
func (r *run) expire() {
	defer close(r.expired)
	r.entry.mu.Lock()
	log := r.settleLocked(outcome{
		reason: failedTimeout, err: fmt.Errorf("no answer within %v", r.entry.schedule.Timeout),
	})
	r.entry.mu.Unlock()
	log()
}

// finish settles what the source told, and lets the next run begin.
func (r *run) finish(o outcome) {
	r.entry.mu.Lock()
	r.returned = true
	log := r.settleLocked(o)
	r.entry.mu.Unlock()
	log()
}

// settleLocked takes over how the run ended, unless that is settled already, and
// returns what is to be logged of it.
func (r *run) settleLocked(o outcome) (log func()) {
	log = func() {}
	if r.settled {
		return log
	}
	r.settled = true
	<-r.entry.refresher.slots
	if !r.entry.closed {
		log = r.entry.takeLocked(o, r.started)
	}
	close(r.over)
	return log
}

// takeLocked shows what a run told, and returns what is to be logged of it.
func (e *entry) takeLocked(o outcome, started time.Time) (log func()) {
	now := time.Now()
	e.meters.seconds.Observe(now.Sub(started).Seconds())
	changed := e.failing != (o.reason != "")
	e.failing = o.reason != ""
	if !e.failing {
		e.ledger.apply(o.points)
		e.fresh, e.due = now, now.Add(e.schedule.TTL)
		e.meters.succeeded.Set(float64(now.UnixNano()) / 1e9)
		e.meters.up.Set(1)
		return e.logger(changed, "collector works again", o)
	}
	if e.collector.failed != nil {
		e.ledger.patch(e.collector.failed())
	}
	e.due = now.Add(min(e.schedule.TTL, retryAfter))
	e.meters.failures[o.reason].Inc()
	e.meters.up.Set(0)
	return e.logger(changed, "collector fails; what it told before is shown, and further failures are only counted", o)
}

// logger returns what logs a change.
func (e *entry) logger(changed bool, message string, o outcome) func() {
	logger := e.refresher.options.Logger
	if logger == nil || !changed {
		return func() {}
	}
	attrs := []slog.Attr{slog.String("collector", e.name)}
	level := slog.LevelInfo
	if o.err != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("reason", string(o.reason)), slog.Any("err", o.err))
	}
	return func() { logger.LogAttrs(context.Background(), level, message, attrs...) }
}
