package exporttest

import (
	"testing"

	"github.com/metertree/metertree/export"
)

// Subject is an exporter under test, with what the test knows of its backend.
// Only Exporter is required; each other field allows more to be checked.
type Subject struct {
	Exporter export.Exporter
	// Delivered returns all that the backend was given so far, in any form that
	// is equal for equal deliveries. Without it, only what Export returns is
	// checked, not what it does.
	Delivered func() string
	// Break makes the backend fail every delivery until mend is called.
	Break func() (mend func())
	// Stall makes the backend answer nothing until resume is called.
	Stall func() (resume func())
}

// Check holds an exporter to the contract of export.Exporter, in subtests. It
// calls start for a new exporter with a new backend each time; what they need
// freed belongs into t.Cleanup.
//
// It checks that every kind of metric and every odd value is taken without an
// error; that the memory of a batch is not used after Export; that a call
// returns soon after its context ended; that nil is returned only if all was
// delivered; and that Shutdown may be called without an export, and twice.
func Check(t *testing.T, start func(t *testing.T) Subject) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			t.Helper()
			run := newChecking(func() Subject { return start(t) })
			c.run(run)
			for _, fault := range run.faults {
				t.Error(fault)
			}
		})
	}
}

// checks are what Check runs.
var checks = []struct {
	name string
	run  func(*checking)
}{
	{"every kind of metric", (*checking).everyKind},
	{"odd values", (*checking).oddValues},
	{"empty batch", (*checking).emptyBatch},
	{"memory of the batch", (*checking).memory},
	{"batch that was looked at before", (*checking).lookedAt},
	{"ended context", (*checking).endedContext},
	{"stalled backend", (*checking).stalledBackend},
	{"broken backend", (*checking).brokenBackend},
	{"shutdown", (*checking).shutdown},
}
