package naming

import "testing"

func TestKindInName(t *testing.T) {
	testRule(t, "kind-in-name", Options{}, []example{
		{named(Counter, "http_requests_total"), ""},
		{named(Counter, "http_requests_counter_total"), "it is a counter"},
		{named(Gauge, "queue_depth_gauge"), "it is a gauge"},
		{named(Histogram, "latency_histogram_seconds"), "it is a histogram"},
		{named(Summary, "latency_summary"), "it is a summary"},
		{named(Counter, "encounters_total"), ""},
		{named(Gauge, "gauge_readings"), ""},
	})
}
