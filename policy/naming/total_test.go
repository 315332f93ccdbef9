package naming

import "testing"

func TestTotal(t *testing.T) {
	testRule(t, "total", Options{}, []example{
		{named(Counter, "http_requests_total"), ""},
		{named(Counter, "http_requests"), ": http_requests_total"},
		{named(Counter, "http_requests_count"), ": http_requests_total"},
		{named(Counter, "http_total_requests"), ": http_requests_total"},
		{named(Gauge, "disk_bytes_total"), "this is a gauge: disk_bytes"},
		{named(UpDownCounter, "connections_total"), "updowncounter"},
		{named(Histogram, "sizes_bytes_total"), "histogram"},
		{named(Unknown, "requests_total"), ""},
		{named(Unknown, "requests"), ""},
		{named(Gauge, "disk_bytes"), ""},
	})
}
