package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/meter"
)

// What the zero fields of PushOptions mean.
const (
	DefaultPeriod  = time.Minute
	DefaultTimeout = 30 * time.Second
	DefaultJitter  = 1
)

// Target is an exporter with the integrator that feeds it. Neither may be used
// by anything else but a call of Push.Between, nor by another target, which would
// break the promise that each is called from one goroutine at a time.
type Target struct {
	// Name tells targets apart in metrics, errors and logs. It is required, and
	// each name is used once.
	Name string
	// Exporter and Integrator are required. Both should return soon after their
	// context ended; one that does not makes only its own target skip.
	Exporter   export.Exporter
	Integrator Integrator
}

// PushOptions configure a Push. Targets are required; for every other field the
// zero value is useful.
type PushOptions struct {
	// Targets are what is exported to.
	Targets []Target
	// Period is the time between two ticks; 0 means DefaultPeriod.
	Period time.Duration
	// Jitter spreads the load of processes that start together: the first tick
	// comes up to this share of a period, at random, before a whole period has
	// passed since Start. Further ticks follow exactly one Period apart. 0 means
	// DefaultJitter, a whole period; negative turns it off.
	Jitter float64
	// Timeout bounds each collection with its export, and each refresh; 0 means
	// DefaultTimeout. It may be longer than the period.
	Timeout time.Duration
	// Refresh runs once before the collections of a tick, of Flush and of
	// Shutdown, for all targets together. It never runs twice at once: a tick
	// goes on without it while an earlier call has not returned. nil refreshes
	// nothing.
	Refresh func(context.Context)
	// Scope is where metertree_exports_total and its kin are defined, usually a
	// root scope; the zero Scope records nothing.
	Scope meter.Scope
	// Logger receives one line when a target begins to fail, one when it
	// delivers again, one when batches begin to be rejected, and one for each
	// panic. nil logs nothing.
	Logger *slog.Logger
}

// complete returns the options with their defaults, or what is wrong.
func (o PushOptions) complete() (PushOptions, error) {
	switch {
	case o.Period < 0:
		return o, fmt.Errorf("push options: Period is %v: give a positive duration, or 0 for the default", o.Period)
	case o.Timeout < 0:
		return o, fmt.Errorf("push options: Timeout is %v: give a positive duration, or 0 for the default", o.Timeout)
	case !(o.Jitter <= 1):
		return o, fmt.Errorf("push options: Jitter is %v: give a share of the period, at most 1", o.Jitter)
	case len(o.Targets) == 0:
		return o, errors.New("push options: there are no targets: give at least one")
	}
	if o.Period == 0 {
		o.Period = DefaultPeriod
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Jitter == 0 {
		o.Jitter = DefaultJitter
	}
	o.Jitter = max(o.Jitter, 0)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, checkTargets(o.Targets)
}

func checkTargets(targets []Target) error {
	names := map[string]bool{}
	for i, t := range targets {
		switch {
		case t.Name == "":
			return fmt.Errorf("push options: target %d has no name: name it, such as otlp", i)
		case names[t.Name]:
			return fmt.Errorf("push options: two targets are named %q: give each its own name", t.Name)
		case t.Exporter == nil:
			return fmt.Errorf("push options: target %q has no exporter: give it one", t.Name)
		case t.Integrator == nil:
			return fmt.Errorf("push options: target %q has no integrator: give it one of its own", t.Name)
		}
		names[t.Name] = true
	}
	return nil
}
