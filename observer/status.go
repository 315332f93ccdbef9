package observer

import (
	"context"
	"sync"
)

// Health says how a component is.
type Health string

// The healths, from best to worst.
const (
	// Up does all it should.
	Up Health = "up"
	// Unknown was not found out.
	Unknown Health = "unknown"
	// Degraded works, but worse or less than it should.
	Degraded Health = "degraded"
	// Down does not work.
	Down Health = "down"
)

func (h Health) rank() int {
	switch h {
	case Up:
		return 0
	case Degraded:
		return 2
	case Down:
		return 3
	}
	return 1
}

// Status is what a component tells about itself. It is about now or a window of
// recent time, as a Window tells it, and never about totals since the start:
// those do not recover.
type Status struct {
	// Health says how it is; empty means Unknown.
	Health Health
	// State is one readable phrase, such as "3 of 4 shards open".
	State string
	// Err is what went wrong, if anything did.
	Err error
}

// Healthy is the status of a component that is up.
func Healthy(state string) Status { return Status{Health: Up, State: state} }

// Failing is the status of a component that is down because of err.
func Failing(err error) Status { return Status{Health: Down, Err: err} }

// Reported is a status that a component sets when it changes. Register its
// Observe. The zero value is Unknown; all methods may be called from any
// goroutine.
type Reported struct {
	mu     sync.Mutex
	status Status
}

// Set replaces the status.
func (r *Reported) Set(s Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = s
}

// Observe returns the status that was set last.
func (r *Reported) Observe(context.Context) Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}
