package influxdb

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/metertree/metertree/integrations/internal/push"
	"github.com/metertree/metertree/meter"
)

// Stats counts what an exporter has done since it was made.
type Stats struct {
	// Delivered points are written, Rejected ones the database will never take.
	// What has to be repeated is neither yet.
	Delivered, Rejected uint64
	// Unwritable values are NaN or infinite, which the protocol cannot hold.
	Unwritable uint64
	// Attempts to write a request, Retries among them, and Failures: requests
	// that were not written as a whole.
	Attempts, Retries, Failures uint64
	// Split requests were too large for the database.
	Split uint64
}

// counts are Stats while they are counted.
type counts struct {
	push.Counts
	unwritable atomic.Uint64
}

// Stats returns what was counted so far. It may be called from any goroutine.
func (e *Exporter) Stats() Stats {
	c := &e.counts
	return Stats{
		Delivered: c.Delivered.Load(), Rejected: c.Rejected.Load(), Unwritable: c.unwritable.Load(),
		Attempts: c.Attempts.Load(), Retries: c.Retries.Load(), Failures: c.Failures.Load(), Split: c.Split.Load(),
	}
}

// Instrument shows the stats as metrics, in the namespace metertree_influxdb of a
// scope. It fails if they are defined there already: for several exporters there
// is InstrumentAll.
func (e *Exporter) Instrument(scope meter.Scope) error { return instrument(scope, push.Only(e)) }

// InstrumentAll shows the stats of several exporters as Instrument does those of
// one, with the names they are given here as the label target.
func InstrumentAll(scope meter.Scope, targets map[string]*Exporter) error {
	return instrument(scope, targets)
}

func instrument(scope meter.Scope, targets push.Targets[*Exporter]) error {
	scope = scope.Scope("metertree").Scope("influxdb")
	all := targets.Counts(func(e *Exporter) *push.Counts { return &e.counts.Counts })
	err := errors.Join(
		push.InstrumentItems(scope, all, "points_total", "Points by what became of them."),
		targets.Counter(scope, "unwritable_values_total", "Values that the line protocol cannot hold: NaN and infinite ones.", nil,
			func(e *Exporter, show func(uint64, ...string)) { show(e.counts.unwritable.Load()) }),
		push.InstrumentRequests(scope, all),
	)
	if err != nil {
		return fmt.Errorf("metrics of the InfluxDB exporter, which several show by InstrumentAll: %w", err)
	}
	return nil
}
