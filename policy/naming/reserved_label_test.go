package naming

import "testing"

func TestReservedLabel(t *testing.T) {
	testRule(t, "reserved-label", Options{}, []example{
		{labelled(Gauge, "a_b", "status"), ""},
		{labelled(Gauge, "a_b", "le"), "label le"},
		{labelled(Counter, "a_b", "quantile"), "label quantile"},
		{labelled(Gauge, "a_b", "__meta"), "two underscores"},
		{labelled(Gauge, "a_b", "job"), "exported_job"},
		{labelled(Gauge, "a_b", "instance"), "exported_instance"},
	})
}
