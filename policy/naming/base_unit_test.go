package naming

import "testing"

func TestBaseUnit(t *testing.T) {
	testRule(t, "base-unit", Options{}, []example{
		{inUnit(Histogram, "http_request_duration_seconds", "seconds"), ""},
		{inUnit(Histogram, "http_request_duration_milliseconds", "milliseconds"), "the unit milliseconds is no base unit: measure in seconds"},
		{named(Histogram, "http_request_duration_ms"), "the name ends in ms"},
		{named(Counter, "cpu_minutes_total"), "measure in seconds"},
		{named(Gauge, "disk_free_megabytes"), "measure in bytes"},
		{named(Gauge, "disk_used_percent"), "measure in ratio"},
		{named(Gauge, "room_fahrenheit"), "measure in celsius"},
		{named(Gauge, "http_duration_second"), "seconds instead of second"},
		{named(Histogram, "http_request_duration"), "duration needs a unit"},
		{named(Gauge, "queue_oldest_age"), "age needs a unit"},
		{inUnit(Gauge, "queue_oldest_age", "seconds"), ""},
		{named(Gauge, "kept_days_bytes"), ""},
		{named(Gauge, "days"), ""},
	})
}
