package naming

import "testing"

func TestDomain(t *testing.T) {
	testRule(t, "domain", Options{}, []example{
		{named(Counter, "http_requests_total"), ""},
		{named(Gauge, "go_goroutines"), ""},
		{named(Gauge, "queue_depth"), ""},
		{named(Counter, "requests_total"), "does not say what it belongs to"},
		{named(Gauge, "depth"), "<prefix>_<domain>_<metric>_<unit>"},
		{inUnit(Histogram, "latency_seconds", "seconds"), "does not say"},
		{named(Histogram, "latency_seconds"), "does not say"},
		{named(Gauge, "up"), ""},
	})
	testRule(t, "domain", Options{Prefixes: []string{"shop", "go"}}, []example{
		{named(Counter, "shop_orders_placed_total"), ""},
		{named(Gauge, "go_memory_bytes"), ""},
		{named(Gauge, "shop_orders"), "<domain>"},
		{named(Counter, "http_requests_total"), "none of shop, go"},
		{named(Counter, "shopping_carts_total"), "none of shop, go"},
	})
}
