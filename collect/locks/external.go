package locks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/meter"
)

// External meters a lock that something else provides. Its methods may be called
// from any goroutine, and do not allocate once their series exist. The zero
// External does nothing.
type External struct {
	ok, timeout, canceled, failed meter.BoundCounter
	lost                          meter.BoundCounter
	held                          meter.BoundUpDownCounter
	waitSeconds, holdSeconds      meter.BoundHistogram
}

type attempted struct{ Component, Status string }

// NewExternal defines the meters of an external lock of the given name.
func NewExternal(scope meter.Scope, name string) (*External, error) {
	var errs [5]error
	acquisitions, err := meter.NewCounter[attempted](scope, "acquisitions_total",
		meter.Help("Attempts to acquire a lock that ended, by how they did."))
	errs[0] = err
	lost, err := scope.NewCounter("lost_total", meter.Keys("component"), meter.Help("Locks lost while they were held."))
	errs[1] = err
	held, err := scope.NewUpDownCounter("held", meter.Keys("component"), meter.Help("Locks that are held."))
	errs[2] = err
	wait, err := defineWait(scope)
	errs[3] = err
	hold, err := defineHold(scope)
	errs[4] = err
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("meters of external lock %q: %w", name, err)
	}
	at := operation{name, acquire}
	return &External{
		ok:          acquisitions.With(attempted{name, "ok"}),
		timeout:     acquisitions.With(attempted{name, "timeout"}),
		canceled:    acquisitions.With(attempted{name, "canceled"}),
		failed:      acquisitions.With(attempted{name, "error"}),
		lost:        lost.Bind(name),
		held:        held.Bind(name),
		waitSeconds: wait.With(at),
		holdSeconds: hold.With(at),
	}, nil
}

// Attempt is an attempt to acquire the lock.
type Attempt struct {
	lock  *External
	start time.Time
}

// Acquiring begins to measure an attempt. Call Acquired or Failed of what it
// returns exactly once.
func (e *External) Acquiring() Attempt { return Attempt{e, time.Now()} }

// Acquired counts the attempt as a success.
func (a Attempt) Acquired() Held {
	now := time.Now()
	a.lock.waitSeconds.Observe(now.Sub(a.start).Seconds())
	a.lock.ok.Inc()
	a.lock.held.Add(1)
	return Held{a.lock, now}
}

// Failed counts the attempt as one without success: its status is timeout if the
// error wraps context.DeadlineExceeded, canceled if it wraps context.Canceled,
// and otherwise error.
func (a Attempt) Failed(err error) {
	a.lock.waitSeconds.ObserveSince(a.start)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		a.lock.timeout.Inc()
	case errors.Is(err, context.Canceled):
		a.lock.canceled.Inc()
	default:
		a.lock.failed.Inc()
	}
}

// Held is a lock that is held. Call Released or Lost exactly once.
type Held struct {
	lock  *External
	since time.Time
}

// Released records that the lock was given back.
func (h Held) Released() {
	h.lock.held.Add(-1)
	h.lock.holdSeconds.ObserveSince(h.since)
}

// Lost counts a lock that was lost before it could be given back, as when its
// lease ran out.
func (h Held) Lost() {
	h.lock.lost.Inc()
	h.Released()
}
