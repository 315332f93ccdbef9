package remotewrite

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/metertree/metertree/integrations/internal/push"
	"github.com/metertree/metertree/meter"
)

// Stats counts what an exporter has done since it was made.
type Stats struct {
	// Version is the one that is spoken: Negotiate until the receiver has shown
	// what it knows.
	Version Version
	// Delivered samples are written, Rejected ones the receiver will never take;
	// both count native histograms and ends of series too. What has to be
	// repeated is neither yet.
	Delivered, Rejected uint64
	// Ends of series are delivered or rejected; LostEnds were given up because
	// too many had to wait.
	Ends, LostEnds uint64
	// Attempts to write a request, Retries among them, and Failures: requests
	// that were not written as a whole.
	Attempts, Retries, Failures uint64
	// Split requests were too large for the receiver.
	Split uint64
}

// counts are Stats while they are counted.
type counts struct {
	push.Counts
	ends, lostEnds atomic.Uint64
}

// Stats returns what was counted so far. It may be called from any goroutine.
func (e *Exporter) Stats() Stats {
	c := &e.counts
	return Stats{
		Version:   Version(e.version.Load()),
		Delivered: c.Delivered.Load(), Rejected: c.Rejected.Load(), Ends: c.ends.Load(), LostEnds: c.lostEnds.Load(),
		Attempts: c.Attempts.Load(), Retries: c.Retries.Load(), Failures: c.Failures.Load(), Split: c.Split.Load(),
	}
}

// Instrument shows the stats as metrics, in the namespace metertree_remotewrite
// of a scope. It fails if they are defined there already: for several exporters
// there is InstrumentAll.
func (e *Exporter) Instrument(scope meter.Scope) error { return instrument(scope, push.Only(e)) }

// InstrumentAll shows the stats of several exporters as Instrument does those of
// one, with the names they are given here as the label target.
func InstrumentAll(scope meter.Scope, targets map[string]*Exporter) error {
	return instrument(scope, targets)
}

func instrument(scope meter.Scope, targets push.Targets[*Exporter]) error {
	scope = scope.Scope("metertree").Scope("remotewrite")
	all := targets.Counts(func(e *Exporter) *push.Counts { return &e.counts.Counts })
	err := errors.Join(
		push.InstrumentItems(scope, all, "samples_total", "Samples by what became of them, the ends of series included."),
		targets.Counter(scope, "ended_series_total", "Ends of series by whether the receiver was told.", []string{"outcome"},
			func(e *Exporter, show func(uint64, ...string)) {
				s := e.Stats()
				show(s.Ends, "told")
				show(s.LostEnds, "lost")
			}),
		push.InstrumentRequests(scope, all),
	)
	if err != nil {
		return fmt.Errorf("metrics of the remote write exporter, which several show by InstrumentAll: %w", err)
	}
	return nil
}
