// Package probe runs checks, such as of a service, a storage, a retrieval backend,
// a model provider, a queue or encryption, and meters whether they pass.
//
// The names are within the scope given, usually one with the segment probe; the
// probes of a service share it.
//
//	name                                       kind       what
//	up{component}                              gauge      1 if the component works, 0 if it does not
//	duration_seconds{component}                histogram  how long it took to find out
//	last_success_timestamp_seconds{component}  gauge      when the check last passed, Unix time; 0 before
//	failures_total{component,reason}           counter    checks that failed: timeout, error or panic
//
// The first two are those of collect.Probe in the scope above, so that both may be
// used in one service, for different components.
package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// DefaultTimeout is how long a check may take if Config.Timeout is 0.
const DefaultTimeout = 5 * time.Second

// Config describes a probe.
type Config struct {
	// Component names what is checked; it is the value of the label component.
	Component string
	// Check tells whether the component works: nil if it does, and
	// collect.ErrUnknown while it cannot tell. It should return when its context
	// ends.
	Check func(context.Context) error
	// Timeout is how long the check may take; 0 means DefaultTimeout.
	Timeout time.Duration
}

// meters are those of one probe.
type meters struct {
	// up is not bound, because it has no value at first.
	up          meter.Gauge
	seconds     meter.BoundHistogram
	lastSuccess meter.BoundGauge
	failures    map[reason]meter.BoundCounter
}

// reason says why a check failed; empty if it did not.
type reason string

const (
	timeout  reason = "timeout"
	failed   reason = "error"
	panicked reason = "panic"
)

// New makes a probe that nothing runs yet.
func New(scope meter.Scope, config Config) (*Probe, error) {
	switch {
	case config.Component == "":
		return nil, errors.New("probe has no component: set Config.Component, such as storage")
	case config.Check == nil:
		return nil, fmt.Errorf("probe of %q has no check: set Config.Check", config.Component)
	case config.Timeout < 0:
		return nil, fmt.Errorf("probe of %q has the timeout %v: give a positive one, or 0 for the default", config.Component, config.Timeout)
	case config.Timeout == 0:
		config.Timeout = DefaultTimeout
	}
	m, err := newMeters(scope, config.Component)
	if err != nil {
		return nil, fmt.Errorf("probe of %q: %w", config.Component, err)
	}
	return &Probe{config: config, meters: m}, nil
}

func newMeters(scope meter.Scope, component string) (m meters, err error) {
	key, unit := meter.Keys("component"), meter.Unit("seconds")
	var errs [4]error
	m.up, errs[0] = scope.NewGauge("up", key, meter.Fold(metric.FoldMin),
		meter.Help("1 if the component works, 0 if it does not."))
	seconds, err := scope.NewHistogram("duration_seconds", key, unit,
		meter.Help("How long it took to find out whether the component works."))
	errs[1] = err
	lastSuccess, err := scope.NewGauge("last_success_timestamp_seconds", key, unit, meter.Fold(metric.FoldMin),
		meter.Help("When the check last passed, in Unix time; 0 before the first time."))
	errs[2] = err
	failures, err := scope.NewCounter("failures_total", meter.Keys("component", "reason"),
		meter.Help("Checks that failed, by reason."))
	errs[3] = err
	if err := errors.Join(errs[:]...); err != nil {
		return m, err
	}
	m.seconds, m.lastSuccess = seconds.Bind(component), lastSuccess.Bind(component)
	m.failures = map[reason]meter.BoundCounter{}
	for _, r := range []reason{timeout, failed, panicked} {
		m.failures[r] = failures.Bind(component, string(r))
	}
	return m, nil
}

// Collector lets a refresher run the probe. That the check fails is no failure of
// the collector. The refresher's timeout should be longer than the probe's.
func (p *Probe) Collector() collect.Collector {
	run := func(ctx context.Context) (struct{}, error) {
		err := p.Run(ctx)
		if err != nil && ctx.Err() != nil {
			return struct{}{}, err
		}
		return struct{}{}, nil
	}
	return collect.State(run, func(struct{}, *collect.Gauges) {})
}
