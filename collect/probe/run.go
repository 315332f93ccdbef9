package probe

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/metertree/metertree/collect"
)

// Probe runs one check, never twice at once. Its methods may be called from any
// goroutine.
type Probe struct {
	config Config
	meters meters

	mu sync.Mutex
	// current is the attempt whose check has not returned.
	current *attempt
}

// attempt is one run of the check. How it ended is settled once: when the check
// has returned, or when its time is up.
type attempt struct {
	start   time.Time
	settled sync.Once
	// over is closed when err is settled.
	over chan struct{}
	err  error
}

// outcome is how an attempt ended.
type outcome struct {
	reason reason
	err    error
}

// Run runs the check, records how it ended and returns its error.
//
// The meters show a failure as soon as the time is up, be it the probe's or that
// of ctx, but Run returns only when the check does. While a check is under way, further calls wait until it is
// settled how it ended, or until their context ends; they record nothing. A check
// that fails because ctx was canceled says nothing about the component, and
// neither does collect.ErrUnknown.
func (p *Probe) Run(ctx context.Context) (err error) {
	a, mine := p.begin()
	if !mine {
		return a.join(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, p.config.Timeout)
	defer cancel()
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(fired)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			p.settle(a, outcome{timeout, fmt.Errorf("probe of %q: no answer in time: %w", p.config.Component, ctx.Err())})
		}
	})
	// Deferred, because a check may end the goroutine.
	o := outcome{panicked, fmt.Errorf("probe of %q: the check ended its goroutine", p.config.Component)}
	defer func() {
		if !stop() {
			<-fired
		}
		p.settle(a, o)
		p.end()
		err = a.err
	}()
	o = p.check(ctx)
	return nil
}

// begin returns the attempt under way, or a new one, which is the caller's.
func (p *Probe) begin() (a *attempt, mine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil {
		return p.current, false
	}
	p.current = &attempt{start: time.Now(), over: make(chan struct{})}
	return p.current, true
}

func (p *Probe) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = nil
}

func (a *attempt) join(ctx context.Context) error {
	select {
	case <-a.over:
		return a.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// check asks, and makes a failure of a panic.
func (p *Probe) check(ctx context.Context) (o outcome) {
	defer func() {
		if v := recover(); v != nil {
			o = outcome{panicked, fmt.Errorf("probe of %q: panic: %v\n%s", p.config.Component, v, debug.Stack())}
		}
	}()
	err := p.config.Check(ctx)
	switch {
	case err == nil:
		return outcome{}
	case errors.Is(err, collect.ErrUnknown) || errors.Is(ctx.Err(), context.Canceled):
		return outcome{err: err}
	case ctx.Err() != nil:
		return outcome{timeout, err}
	}
	return outcome{failed, err}
}

// settle records how an attempt ended, unless that is settled.
func (p *Probe) settle(a *attempt, o outcome) {
	a.settled.Do(func() {
		p.record(a.start, o)
		a.err = o.err
		close(a.over)
	})
}

// record meters an outcome; a canceled attempt leaves no trace.
func (p *Probe) record(start time.Time, o outcome) {
	now := time.Now()
	switch {
	case o.err == nil:
		p.meters.up.Set(1, p.config.Component)
		p.meters.lastSuccess.Set(float64(now.UnixNano()) / 1e9)
	case o.reason != "":
		p.meters.up.Set(0, p.config.Component)
		p.meters.failures[o.reason].Inc()
	case errors.Is(o.err, collect.ErrUnknown):
		p.meters.up.Delete(p.config.Component)
	default:
		return
	}
	p.meters.seconds.Observe(now.Sub(start).Seconds())
}

// Repeat runs the check at once and then again whenever the interval, which must
// be positive, has passed since it ended. It returns when ctx ends.
func (p *Probe) Repeat(ctx context.Context, interval time.Duration) {
	timer := time.NewTimer(interval)
	defer timer.Stop()
	for ctx.Err() == nil {
		// It is recorded.
		_ = p.Run(ctx)
		timer.Reset(interval)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}
