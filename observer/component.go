package observer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// component runs one observe function, never twice at once.
type component struct {
	registry *Registry
	observe  func(context.Context) Status
	// ctx ends when the component is removed.
	ctx    context.Context
	remove context.CancelFunc

	mu     sync.Mutex
	report Report
	last   finding
	// running is the observation under way; nil if none is.
	running *observation
}

// observation is one call of an observe function.
type observation struct {
	// asked is when it was called, zero before; guarded by the component's lock.
	asked time.Time
	// over is closed when it has returned, late when its time was up before.
	over, late chan struct{}
}

// look observes the component, or joins the observation under way, and returns
// what is known when it is over or its time is up. It waits for neither if the
// time was up before.
func (c *component) look(ctx context.Context) Report {
	o := c.start()
	select {
	case <-o.over:
	case <-o.late:
	case <-ctx.Done():
	}
	return c.known(o)
}

// known returns what is known now, to someone who waited for an observation.
func (c *component) known(o *observation) Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch now := c.registry.options.Now(); {
	case c.running != o:
		return c.report
	case o.asked.IsZero():
		return c.report.waiting(now)
	default:
		return c.report.late(o.asked, now, c.registry.options.DownAfter)
	}
}

func (c *component) start() *observation {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running == nil {
		c.running = &observation{over: make(chan struct{}), late: make(chan struct{})}
		go c.perform(c.running)
	}
	return c.running
}

// perform is the goroutine of an observation. It holds one of the registry's
// places until it is over or late, so that one that hangs holds up nobody.
func (c *component) perform(o *observation) {
	defer close(o.over)
	places := c.registry.places
	select {
	case places <- struct{}{}:
	case <-c.ctx.Done():
		c.giveUp()
		return
	}
	c.mu.Lock()
	o.asked = c.registry.options.Now()
	c.mu.Unlock()
	// Not the asker's context: others may have joined.
	ctx, cancel := context.WithTimeout(c.ctx, c.registry.options.Timeout)
	defer cancel()
	leave := sync.OnceFunc(func() { <-places })
	defer leave()
	expiry := time.AfterFunc(c.registry.options.Timeout+c.registry.grace(), func() {
		leave()
		close(o.late)
	})
	defer expiry.Stop()
	// Deferred, because the function may end the goroutine.
	f := failure(errors.New("observing ended its goroutine"))
	defer func() { c.finish(o, f) }()
	f = c.guarded(ctx)
}

// guarded makes a finding of a panic.
func (c *component) guarded(ctx context.Context) (f finding) {
	defer func() {
		if cause := recover(); cause != nil {
			f = failure(fmt.Errorf("observing panicked: %v", cause))
		}
	}()
	return found(c.observe(ctx))
}

func failure(err error) finding { return found(Failing(err)) }

// giveUp ends an observation of a component that was removed before it was asked.
func (c *component) giveUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = nil
}

func (c *component) finish(o *observation, f finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.registry.options.Now()
	interrupted := false
	select {
	case <-o.late:
		interrupted = true
	default:
	}
	c.running = nil
	c.report.take(f, c.last, interrupted, now)
	c.last = f
}
