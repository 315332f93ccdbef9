package push

import "sync/atomic"

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
