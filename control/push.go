package control

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ErrShutdown is returned by Flush once Shutdown was called.
var ErrShutdown = errors.New("push controller is shut down")

// errNotStarted is returned by Flush before Start.
var errNotStarted = errors.New("push controller was not started: call Start before Flush")

// Push exports to its targets at a fixed period. All methods may be called from
// any goroutine.
//
// Targets are isolated: each has a goroutine, which alone calls its integrator
// and its exporter. A target that is still busy when its turn comes skips it,
// and what it would have delivered is in its next batch; so it is after every
// error but export.ErrRejected, and after a panic.
type Push struct {
	options PushOptions
	refresh refresher
	workers []*worker
	// running ends when exports that are under way at Shutdown have to.
	running context.Context
	stop    context.CancelCauseFunc

	mu      sync.Mutex
	started bool
	// closing is closed, and last set before, when Shutdown is called.
	closing chan struct{}
	last    lastContexts
	// done is closed when every goroutine has ended.
	done chan struct{}
}

// NewPush returns a controller that does nothing until Start. It fails if the
// options make no sense.
func NewPush(options PushOptions) (*Push, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	p := &Push{
		options: options,
		refresh: newRefresher(options.Refresh, options.Logger),
		closing: make(chan struct{}),
		done:    make(chan struct{}),
	}
	p.running, p.stop = context.WithCancelCause(context.Background())
	instruments := newInstruments(options.Scope)
	for _, t := range options.Targets {
		p.workers = append(p.workers, newWorker(p.running, t, options, instruments))
	}
	return p, nil
}

// Start begins to export. After the first call, and after Shutdown, it does
// nothing.
func (p *Push) Start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.startLocked()
}

func (p *Push) startLocked() {
	if p.started {
		return
	}
	p.started = true
	for _, w := range p.workers {
		go w.run()
	}
	go p.run()
}

// Flush refreshes, collects and exports once for every target, and waits for
// it: when it returns nil, all that was recorded before the call is delivered. A
// target that is busy is waited for, and calls that wait for the same target
// share one export. Flush returns the errors of the targets, joined. When ctx
// ends it only stops waiting; an export that has begun goes on.
func (p *Push) Flush(ctx context.Context) error {
	p.mu.Lock()
	started := p.started
	p.mu.Unlock()
	switch {
	case p.isClosing():
		return ErrShutdown
	case !started:
		return errNotStarted
	}
	p.refreshWithin(ctx)
	turns := make([]*turn, len(p.workers))
	for i, w := range p.workers {
		turns[i] = w.request()
	}
	errs := make([]error, len(turns))
	for i, t := range turns {
		if err := t.wait(ctx); err != nil {
			errs[i] = p.workers[i].wrap(err)
		}
	}
	return errors.Join(errs...)
}

// Between makes a call while a target's integrator is not in use, such as one of
// its Replace, and returns the call's error, a PanicError if it panicked. It is
// not in use between two exports, before Start, and after Shutdown once the
// target has ended. The target's next export waits for the call, which must not
// export itself. If ctx ends while an export is in the way, the call is not made
// and the error wraps the cause; so it is with an exporter that ignores its
// context, until that returns.
func (p *Push) Between(ctx context.Context, target string, call func() error) error {
	for _, w := range p.workers {
		if w.Name != target {
			continue
		}
		return w.inside.between(ctx, call)
	}
	names := make([]string, len(p.workers))
	for i, w := range p.workers {
		names[i] = strconv.Quote(w.Name)
	}
	return fmt.Errorf("push has no target %q: name one of %s", target, strings.Join(names, ", "))
}

// Shutdown refreshes, collects and exports a last time, for all targets in
// parallel, and then shuts their exporters down, also if Start was never called.
// It returns the errors of the targets, joined.
//
// If ctx has a deadline, an export that is under way may take half of the time
// left, the last one ends when four fifths have passed, and the rest is for the
// exporters' Shutdown. A target that has not returned when ctx ends is left
// behind and named in the error; calling Shutdown again waits for it again.
// Every call returns the same once all have ended.
func (p *Push) Shutdown(ctx context.Context) error {
	p.beginShutdown(ctx)
	select {
	case <-p.done:
		return p.closingError()
	case <-ctx.Done():
	}
	select {
	case <-p.done:
		return p.closingError()
	default:
		return p.unfinished(context.Cause(ctx))
	}
}

// refreshWithin refreshes for no longer than the timeout.
func (p *Push) refreshWithin(ctx context.Context) {
	ctx, cancel := withTimeout(ctx, "refresh", p.options.Timeout)
	defer cancel()
	p.refresh.wait(ctx)
}

func (p *Push) beginShutdown(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isClosing() {
		return
	}
	p.last = newLastContexts(ctx)
	context.AfterFunc(p.last.running, func() { p.stop(context.Cause(p.last.running)) })
	close(p.closing)
	p.startLocked()
}

func (p *Push) isClosing() bool {
	select {
	case <-p.closing:
		return true
	default:
		return false
	}
}

// run ends when all workers have.
func (p *Push) run() {
	defer close(p.done)
	due := time.Now().Add(p.firstDelay())
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	for !p.isClosing() {
		select {
		case <-timer.C:
			p.tick()
			due = p.nextDue(due)
			timer.Reset(time.Until(due))
		case <-p.closing:
		}
	}
	p.close()
}

// firstDelay spreads the first ticks of processes that start together.
func (p *Push) firstDelay() time.Duration {
	early := p.options.Jitter * rand.Float64() * float64(p.options.Period)
	return p.options.Period - time.Duration(early)
}

// nextDue returns the first tick to come. Those that were missed, because a
// refresh took longer than the period, are not made up for.
func (p *Push) nextDue(last time.Time) time.Time {
	due := last.Add(p.options.Period)
	if late := time.Since(due); late > 0 {
		due = due.Add(late.Truncate(p.options.Period) + p.options.Period)
	}
	return due
}

func (p *Push) tick() {
	ctx, cancel := withTimeout(p.running, "refresh", p.options.Timeout)
	defer cancel()
	p.refresh.tryWait(ctx)
	if p.isClosing() {
		return
	}
	for _, w := range p.workers {
		w.tick()
	}
}

func (p *Push) close() {
	defer p.last.cancel()
	p.refreshWithin(p.last.refresh)
	for _, w := range p.workers {
		w.close(p.last)
	}
	for _, w := range p.workers {
		<-w.ended
	}
	p.stop(ErrShutdown)
	p.refresh.join()
}

// closingError returns what the workers failed with, once all have ended.
func (p *Push) closingError() error {
	errs := make([]error, len(p.workers))
	for i, w := range p.workers {
		if w.closingErr != nil {
			errs[i] = w.wrap(w.closingErr)
		}
	}
	return errors.Join(errs...)
}

// unfinished says what had not ended when the time was up, and what those who
// had failed with.
func (p *Push) unfinished(cause error) error {
	var errs []error
	for _, w := range p.workers {
		select {
		case <-w.ended:
			if w.closingErr != nil {
				errs = append(errs, w.wrap(w.closingErr))
			}
		default:
			errs = append(errs, w.wrap(fmt.Errorf("has not returned and is left behind, with what it has not delivered: %w", cause)))
		}
	}
	if p.refresh.busy() {
		errs = append(errs, fmt.Errorf("refresh has not returned and is left behind: %w", cause))
	}
	if len(errs) == 0 {
		// All ended while this looked.
		return nil
	}
	return errors.Join(errs...)
}
