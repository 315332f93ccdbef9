package locks

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/metertree/metertree/meter"
)

// bounds suit locks in memory, which are held for microseconds, and external
// ones, for which one may wait half a minute.
var bounds = []float64{1e-6, 1e-5, 1e-4, 5e-4, .0025, .01, .05, .1, .25, .5, 1, 5, 30}

// Config describes a lock.
type Config struct {
	// Name is the value of the label component.
	Name string
	// HoldTime measures how long the lock is held by those who may change what
	// it protects, at the cost of two looks at the clock for each locking.
	HoldTime bool
}

// Meters are the meters of one lock, or of several that are alike.
type Meters struct {
	lock, rlock waiting
	// held is nil if it is not measured.
	held *meter.BoundHistogram
}

// waiting are the meters of one operation.
type waiting struct {
	contended meter.BoundCounter
	waiters   meter.BoundUpDownCounter
	seconds   meter.BoundHistogram
}

type operation struct{ Component, Operation string }

// The operations.
const (
	lock    = "lock"
	rlock   = "rlock"
	acquire = "acquire"
)

// New defines the meters of a lock.
func New(scope meter.Scope, config Config) (*Meters, error) {
	m := &Meters{}
	var errs [4]error
	contended, err := meter.NewCounter[operation](scope, "contended_total", meter.Help("Lockings that had to wait."))
	errs[0] = err
	waiters, err := scope.NewUpDownCounter("waiters", meter.Keys("component", "operation"),
		meter.Help("Goroutines that wait for a lock."))
	errs[1] = err
	wait, err := defineWait(scope)
	errs[2] = err
	if config.HoldTime {
		hold, err := defineHold(scope)
		errs[3] = err
		held := hold.With(operation{config.Name, lock})
		m.held = &held
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("meters of lock %q: %w", config.Name, err)
	}
	bind := func(name string) waiting {
		at := operation{config.Name, name}
		return waiting{contended.With(at), waiters.Bind(config.Name, name), wait.With(at)}
	}
	m.lock, m.rlock = bind(lock), bind(rlock)
	return m, nil
}

func defineWait(scope meter.Scope) (meter.HistogramOf[operation], error) {
	return meter.NewHistogram[operation](scope, "wait_seconds", meter.Unit("seconds"), meter.Buckets(bounds...),
		meter.Help("How long one waited for a lock that was not free."))
}

func defineHold(scope meter.Scope) (meter.HistogramOf[operation], error) {
	return meter.NewHistogram[operation](scope, "hold_seconds", meter.Unit("seconds"), meter.Buckets(bounds...),
		meter.Help("How long a lock was held."))
}

// wait locks what an attempt did not.
func (w *waiting) wait(l sync.Locker) {
	w.contended.Inc()
	w.waiters.Add(1)
	start := time.Now()
	l.Lock()
	w.seconds.ObserveSince(start)
	w.waiters.Add(-1)
}
