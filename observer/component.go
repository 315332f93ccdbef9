package observer

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Report is what is known about one component.
type Report struct {
	Name   string `json:"name"`
	Health Health `json:"health"`
	State  string `json:"state,omitempty"`
	// Since is when the health was first seen to be as it is.
	Since time.Time `json:"since"`
	// LastError stays after a recovery, with the time it was last seen.
	LastError   string     `json:"last_error,omitempty"`
	LastErrorAt *time.Time `json:"last_error_at,omitempty"`
}

// component runs one observe function, never twice at once.
type component struct {
	observe func(context.Context) Status
	timeout time.Duration
	now     func() time.Time

	mu     sync.Mutex
	report Report
	// running is closed when the observation under way is over; nil if none is.
	running chan struct{}
}

// look observes the component, or joins the observation under way, and returns
// what is known when it is over or the time is up.
func (c *component) look(ctx context.Context) Report {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	select {
	case <-c.start():
		return c.known()
	case <-ctx.Done():
	}
	late := c.known()
	late.Health = Unknown
	late.State = fmt.Sprintf("no answer within %v", c.timeout)
	return late
}

func (c *component) known() Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.report
}

func (c *component) start() (over <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running != nil {
		return c.running
	}
	running := make(chan struct{})
	c.running = running
	go func() {
		// Not the asker's context: others may have joined.
		ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
		defer cancel()
		c.finish(c.guarded(ctx))
		close(running)
	}()
	return running
}

// guarded makes a status of a panic.
func (c *component) guarded(ctx context.Context) (s Status) {
	defer func() {
		if cause := recover(); cause != nil {
			s = Failing(fmt.Errorf("observing panicked: %v", cause))
		}
	}()
	return c.observe(ctx)
}

func (c *component) finish(s Status) {
	if s.Health == "" {
		s.Health = Unknown
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = nil
	if c.report.Health != s.Health {
		c.report.Since = c.now()
	}
	c.report.Health, c.report.State = s.Health, s.State
	if s.Err != nil {
		at := c.now()
		c.report.LastError, c.report.LastErrorAt = s.Err.Error(), &at
	}
}
