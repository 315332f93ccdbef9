package naming

import (
	"fmt"
	"strings"
)

// levels are ends of the names of what can fall; events are ends of the names of
// what only grows.
var (
	levels = []string{"in_flight", "inflight", "current", "active", "pending", "depth", "utilization", "utilisation", "usage", "capacity", "temperature", "ratio", "goroutines"}
	events = []string{"requests", "errors", "failures", "retries", "hits", "misses", "events", "calls", "evictions"}
)

// kindMismatch compares what a name says is measured with the metric's kind.
func kindMismatch(_ *Linter, m Metric) []string {
	stem := strings.TrimSuffix(m.Name, "_total")
	switch {
	case m.Kind == Counter:
		for _, word := range levels {
			if strings.HasSuffix(stem, "_"+word) {
				return []string{fmt.Sprintf("%s can fall, and a counter cannot: make it a gauge, or an up-down counter", word)}
			}
		}
	case m.Kind.level():
		if saysNow(stem) {
			return nil
		}
		for _, word := range events {
			if strings.HasSuffix(stem, "_"+word) {
				return []string{fmt.Sprintf("%s only grow, and a %s may fall, so that rates of it mean nothing: make it a counter, or say in the name what there is now, such as %s_in_flight", word, m.Kind, stem)}
			}
		}
	}
	return nil
}

// saysNow reports whether a name says that it counts what there is at a moment,
// as http_in_flight_requests does.
func saysNow(stem string) bool {
	for _, word := range levels {
		if strings.Contains("_"+stem+"_", "_"+word+"_") {
			return true
		}
	}
	return false
}
