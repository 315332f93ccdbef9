package naming

import "testing"

func TestReservedSuffix(t *testing.T) {
	testRule(t, "reserved-suffix", Options{}, []example{
		{named(Gauge, "queue_count"), "such as queue"},
		{named(Counter, "bytes_sum"), "such as bytes_total"},
		{named(Histogram, "leaky_bucket"), "_bucket"},
		{named(Gauge, "file_created"), "_created"},
		{named(Counter, "build_info"), "always 1"},
		{named(Gauge, "build_info"), ""},
		{named(Unknown, "go_gc_count"), ""},
		{named(Gauge, "account_balance"), ""},
	})
}
