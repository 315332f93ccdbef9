package naming

import "testing"

func TestUnitSuffix(t *testing.T) {
	testRule(t, "unit-suffix", Options{}, []example{
		{inUnit(Histogram, "http_request_duration_seconds", "seconds"), ""},
		{inUnit(Counter, "disk_read_bytes_total", "bytes"), ""},
		{inUnit(Gauge, "cache_hit_ratio", "ratio"), ""},
		{named(Gauge, "queue_depth"), ""},
		{named(Gauge, "disk_bytes"), ""},
		{inUnit(Histogram, "http_request_duration", "seconds"), ": http_request_duration_seconds"},
		{inUnit(Counter, "disk_read_total", "bytes"), ": disk_read_bytes_total"},
		{inUnit(Gauge, "disk_bytes", "seconds"), "ends in bytes but the declared unit is seconds"},
		{inUnit(Gauge, "wait_ms", "seconds"), "ends in ms but"},
	})
}
