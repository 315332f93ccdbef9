package naming

import "testing"

func TestReservedName(t *testing.T) {
	testRule(t, "reserved-name", Options{Reserved: append([]string{"metertree_"}, defaultReserved...)}, []example{
		{named(Gauge, "cache_up"), ""},
		{named(Gauge, "up"), "such as cache_up"},
		{named(Gauge, "scrape_samples"), "scrape_"},
		{named(Gauge, "ALERTS"), "ALERTS"},
		{named(Gauge, "__internal_size"), "__"},
		{named(Gauge, "metertree_series"), "metertree_"},
		{named(Gauge, "job:requests:rate5m"), "recording rules"},
	})
}
