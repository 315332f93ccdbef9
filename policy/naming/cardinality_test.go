package naming

import (
	"testing"

	"github.com/metertree/metertree/policy"
)

func TestCardinality(t *testing.T) {
	counted := func(values int) Metric {
		return Metric{Name: "a_b", Labels: []Label{{Name: "route", Values: values}}}
	}
	testRule(t, "cardinality", Options{}, []example{
		{counted(0), ""},
		{counted(100), ""},
		{counted(101), "label route has 101 values: take it off, or map its values to a few; below 10 is good"},
	})
	testRule(t, "cardinality", Options{Thresholds: policy.Thresholds{Good: 3, Questioned: 5}}, []example{
		{counted(5), ""},
		{counted(6), "below 3 is good"},
	})
}
