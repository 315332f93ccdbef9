package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrate"
)

// worker exports to one target. Its goroutine alone calls the exporter, and the
// integrator but for Push.Between.
type worker struct {
	Target
	timeout time.Duration
	running context.Context
	meters  meters
	logger  *slog.Logger
	// failing tells whether the last export failed; it is the goroutine's.
	failing   bool
	rejecting bool // the last export was rejected
	// over is set when the goroutine is not to go on; it is the goroutine's.
	over bool
	// inside is whoever uses the integrator.
	inside turnstile

	// wake has a token if there may be something to do.
	wake chan struct{}

	mu sync.Mutex
	// next is the turn that the goroutine takes when it is free, or nil.
	next *turn
	// busy is set while a turn is being taken, until its outcome is known.
	busy bool
	// last is set when the next turn is to be the last.
	last *lastContexts
	// closed is set when no turn will be taken any more.
	closed bool

	// ended is closed, and closingErr set before, when the goroutine ends.
	ended      chan struct{}
	closingErr error
}

// turn is one collection and export of a target.
type turn struct {
	// done is closed, and err set before, when the outcome is known.
	done chan struct{}
	err  error
}

// wait returns the outcome, or an error when ctx ends first.
func (t *turn) wait(ctx context.Context) error {
	if t == nil {
		return ErrShutdown
	}
	select {
	case <-t.done:
		return t.err
	case <-ctx.Done():
	}
	select {
	case <-t.done:
		return t.err
	default:
		return fmt.Errorf("still exporting: %w", context.Cause(ctx))
	}
}

func newWorker(running context.Context, t Target, o PushOptions, i instruments) *worker {
	return &worker{
		Target:  t,
		timeout: o.Timeout,
		running: running,
		meters:  i.bind(t.Name),
		logger:  o.Logger.With("target", t.Name),
		inside:  newTurnstile(),
		wake:    make(chan struct{}, 1),
		ended:   make(chan struct{}),
	}
}

// wrap says of an error whose it is.
func (w *worker) wrap(err error) error { return fmt.Errorf("target %q: %w", w.Name, err) }

// tick asks for a turn unless the target is busy.
func (w *worker) tick() {
	w.mu.Lock()
	busy := w.busy
	if !busy {
		w.requestLocked()
	}
	w.mu.Unlock()
	if busy {
		w.meters.count(skipped)
	}
}

// request asks for a turn that begins after the call, and returns nil if there
// will be none.
func (w *worker) request() *turn {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requestLocked()
}

func (w *worker) requestLocked() *turn {
	if w.next == nil && !w.closed {
		w.next = &turn{done: make(chan struct{})}
		w.wakeUp()
	}
	return w.next
}

// close asks for a last turn, after which the exporter is shut down.
func (w *worker) close(last lastContexts) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = &last
	w.requestLocked()
}

func (w *worker) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run takes turns until the worker is closed. An exporter that ends the
// goroutine does not end the worker, which goes on in another one.
func (w *worker) run() {
	defer func() {
		if !w.over {
			go w.run()
		}
	}()
	for !w.over {
		t, last := w.await()
		switch {
		case t != nil:
			w.take(t, last)
		default:
			w.shutdown(last)
		}
	}
}

// await waits for something to do: a turn, or without one the end.
func (w *worker) await() (*turn, *lastContexts) {
	for {
		if t, last := w.poll(); t != nil || last != nil {
			return t, last
		}
		<-w.wake
	}
}

func (w *worker) poll() (*turn, *lastContexts) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.next
	w.next, w.busy = nil, t != nil
	w.closed = t == nil && w.last != nil
	return t, w.last
}

// take takes a turn, the last one if last is set.
func (w *worker) take(t *turn, last *lastContexts) {
	parent := w.running
	if last != nil {
		parent = last.export
	}
	ctx, cancel := withTimeout(parent, "export", w.timeout)
	defer cancel()
	var err error
	start := time.Now()
	defer func() {
		w.meters.seconds.ObserveSince(start)
		w.report(err)
		if last != nil {
			w.closingErr = err
		}
		w.mu.Lock()
		w.busy = false
		w.mu.Unlock()
		t.err = err
		close(t.done)
	}()
	w.export(ctx, &err)
}

// export collects, exports and acknowledges. The error is set also if a call
// ends the goroutine.
func (w *worker) export(ctx context.Context, err *error) {
	if *err = w.inside.enter(ctx); *err != nil {
		*err = fmt.Errorf("collection: %w", *err)
		return
	}
	defer w.inside.leave()
	var c *integrate.Checkpoint
	guard(err, func() error {
		var err error
		c, err = w.Integrator.Checkpoint(ctx)
		return err
	})
	if *err != nil {
		*err = fmt.Errorf("collection: %w", *err)
		return
	}
	guard(err, func() error { return w.Exporter.Export(ctx, batchOf(c)) })
	result := *err
	if outcomeOf(result) != delivered && outcomeOf(result) != rejected {
		return
	}
	guard(err, c.Ack)
	if *err != nil {
		*err = fmt.Errorf("the batch is not acknowledged and will come again: %w", *err)
		return
	}
	*err = result
}

// report counts and logs an outcome.
func (w *worker) report(err error) {
	o := outcomeOf(err)
	w.meters.count(o)
	switch {
	case o == delivered && w.failing:
		w.logger.Info("export works again")
	case o == panicked:
		w.logPanic(err)
	case o == rejected && !w.rejecting:
		w.logger.Warn("export was rejected, and what the backend refused is not sent again", "err", err)
	case o == failed && !w.failing:
		w.logger.Warn("export failed; what it held is kept for the next one, unless this was the last", "err", err)
	}
	w.failing = o == failed || o == panicked
	w.rejecting = o == rejected // said once, until something else happens
}

func (w *worker) logPanic(err error) {
	var p *PanicError
	errors.As(err, &p)
	w.logger.Error("export panicked; what it held is kept for the next one", "err", err, "stack", string(p.Stack))
}

// shutdown shuts the exporter down and ends the worker.
func (w *worker) shutdown(last *lastContexts) {
	w.over = true
	defer close(w.ended)
	var err error
	defer func() {
		if err != nil {
			w.closingErr = errors.Join(w.closingErr, fmt.Errorf("shutdown: %w", err))
		}
	}()
	guard(&err, func() error { return w.Exporter.Shutdown(last.shutdown) })
}

// outcomeOf says what became of a batch.
func outcomeOf(err error) outcome {
	var p *PanicError
	switch {
	case err == nil:
		return delivered
	case errors.As(err, &p):
		return panicked
	case errors.Is(err, export.ErrRejected):
		return rejected
	}
	return failed
}
