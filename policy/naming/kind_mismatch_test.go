package naming

import "testing"

func TestKindMismatch(t *testing.T) {
	testRule(t, "kind", Options{}, []example{
		{named(Counter, "http_requests_total"), ""},
		{named(Counter, "http_requests_in_flight_total"), "in_flight can fall"},
		{named(Counter, "scrapes_exceeded_sample_limit_total"), ""},
		{named(Counter, "queue_depth"), "depth can fall"},
		{named(UpDownCounter, "http_requests_in_flight"), ""},
		{named(Gauge, "promhttp_in_flight_requests"), ""},
		{named(Gauge, "http_requests"), "such as http_requests_in_flight"},
		{named(Gauge, "cache_hits_total"), "make it a counter"},
		{named(Gauge, "queue_depth"), ""},
		{named(Unknown, "http_requests"), ""},
	})
}
