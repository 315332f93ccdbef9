package otlp

import "sync/atomic"

// Stats are what an exporter has done since it was made. All are totals that
// only grow, so they can be shown as counters.
type Stats struct {
	// Requests counts requests that were sent, repetitions included, and
	// Repetitions those of them that were repetitions.
	Requests, Repetitions uint64
	// DeliveredPoints counts data points that the backend took, RejectedPoints
	// those that it will never take: they are lost.
	DeliveredPoints, RejectedPoints uint64
	// FailedExports counts calls of Export whose batch comes again.
	FailedExports uint64
	// Splits counts requests that were too large for the backend and were
	// halved.
	Splits uint64
	// Warnings counts answers with a warning from a backend that took
	// everything.
	Warnings uint64
}

// counters are Stats while they are counted.
type counters struct {
	requests, repetitions, delivered, rejected, failed, splits, warnings atomic.Uint64
}

// Stats returns what the exporter has done. It may be called from any goroutine.
func (e *Exporter) Stats() Stats {
	c := &e.counters
	return Stats{
		Requests: c.requests.Load(), Repetitions: c.repetitions.Load(),
		DeliveredPoints: c.delivered.Load(), RejectedPoints: c.rejected.Load(),
		FailedExports: c.failed.Load(), Splits: c.splits.Load(), Warnings: c.warnings.Load(),
	}
}
