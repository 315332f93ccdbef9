package push

import (
	"sync/atomic"

	"github.com/metertree/metertree/meter"
)

// Counts are what exporters that push count alike. They may be used from several
// goroutines.
type Counts struct {
	// Delivered items are written, Rejected ones the backend will never take. What
	// the items are, such as points, the exporter says.
	Delivered, Rejected atomic.Uint64
	// Attempts to write a request, Retries among them, and Failures: requests
	// that were not written as a whole.
	Attempts, Retries, Failures atomic.Uint64
	// Split requests were too large for the backend.
	Split atomic.Uint64
}

// InstrumentItems shows by a counter of a scope what became of the items.
func (c *Counts) InstrumentItems(scope meter.Scope, name, help string) error {
	return scope.CounterFunc(name, func(o *meter.Observer) {
		o.Float(float64(c.Delivered.Load()), "delivered")
		o.Float(float64(c.Rejected.Load()), "rejected")
	}, meter.Keys("outcome"), meter.Help(help))
}

// InstrumentRequests shows by requests_total of a scope what became of requests.
func (c *Counts) InstrumentRequests(scope meter.Scope) error {
	return scope.CounterFunc("requests_total", func(o *meter.Observer) {
		o.Float(float64(c.Attempts.Load()), "attempted")
		o.Float(float64(c.Retries.Load()), "retried")
		o.Float(float64(c.Failures.Load()), "failed")
		o.Float(float64(c.Split.Load()), "split")
	}, meter.Keys("outcome"), meter.Help("Requests attempted, and of these those repeated, failed for good or too large."))
}
