package tasks

import (
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/meter"
)

// Reason says why a session ended. It is a label value: choose from few.
type Reason string

// Common reasons.
const (
	Closed  Reason = "closed"
	Expired Reason = "expired"
	Evicted Reason = "evicted"
	Failed  Reason = "failed"
)

// lifetimes are the bounds for sessions, in seconds: from one to a day.
var lifetimes = []float64{1, 5, 15, 60, 300, 900, 1800, 3600, 2 * 3600, 6 * 3600, 12 * 3600, 24 * 3600}

// Sessions meters sessions. Its methods may be called from any goroutine, and do
// not allocate once their series exist. The zero Sessions does nothing.
type Sessions struct {
	opened   meter.BoundCounter
	closed   meter.Counter
	open     meter.BoundUpDownCounter
	lifetime meter.BoundHistogram
}

// NewSessions defines the meters of sessions.
func NewSessions(scope meter.Scope) (*Sessions, error) {
	var errs [4]error
	opened, err := scope.NewCounter("opened_total", meter.Help("Sessions opened."))
	errs[0] = err
	closed, err := scope.NewCounter("closed_total", meter.Keys("reason"), meter.Help("Sessions that ended, by why they did."))
	errs[1] = err
	open, err := scope.NewUpDownCounter("open", meter.Help("Sessions that are open."))
	errs[2] = err
	lifetime, err := scope.NewHistogram("lifetime_seconds", meter.Unit("seconds"), meter.Buckets(lifetimes...),
		meter.Help("How long sessions were open."))
	errs[3] = err
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("meters of sessions: %w", err)
	}
	return &Sessions{opened.Bind(), closed, open.Bind(), lifetime.Bind()}, nil
}

// Session stands for an open session; keep it with the session.
type Session struct{ since time.Time }

// Opened counts a session that opens.
func (s *Sessions) Opened() Session {
	s.opened.Inc()
	s.open.Add(1)
	return Session{time.Now()}
}

// Closed counts the end of a session that Opened returned. Call it exactly once.
func (s *Sessions) Closed(session Session, why Reason) {
	s.closed.Inc(string(why))
	s.open.Add(-1)
	s.lifetime.ObserveSince(session.since)
}
