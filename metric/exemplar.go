package metric

import "time"

// Exemplar links one observation to the trace in which it was made.
type Exemplar struct {
	// TraceID and SpanID are in hexadecimal, as traces are shown.
	TraceID, SpanID string
	Value           float64
	Time            time.Time
}
