package naming

import "testing"

func TestTotalBesideParts(t *testing.T) {
	some := func(values ...string) Metric {
		return Metric{Name: "a_b", Labels: []Label{{Name: "kind", Values: len(values), Some: values}}}
	}
	testRule(t, "total-beside-parts", Options{}, []example{
		{some("read", "write"), ""},
		{some("read", "write", "total"), `label kind has the value "total"`},
		{some("All", "read"), `"All"`},
		{some("all"), ""},
		{Metric{Name: "a_metric_info", Labels: some("sum", "max").Labels}, ""},
		{some(), ""},
	})
}
