package naming

import "testing"

func TestHealth(t *testing.T) {
	testRule(t, "health", Options{}, []example{
		{named(Gauge, "cache_up"), ""},
		{named(Gauge, "cache_healthy"), ""},
		{named(Counter, "cache_up"), "this is a counter"},
		{inUnit(Gauge, "cache_up", "ratio"), "take ratio away"},
		{named(Gauge, "cache_health"), ": cache_up"},
		{named(Gauge, "cache_is_alive"), ": cache_up"},
		{named(Gauge, "cache_down"), ": cache_up"},
		{named(Counter, "cache_slow_down"), ""},
		{named(Unknown, "cache_up"), ""},
	})
}
