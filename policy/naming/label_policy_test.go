package naming

import (
	"testing"

	"github.com/metertree/metertree/policy"
)

func TestLabelPolicy(t *testing.T) {
	options := Options{
		Labels: policy.DefaultLabels(),
		Conditions: func(metric, label string) policy.Condition {
			if metric == "model_calls_total" && label == "provider" {
				return policy.Normalised
			}
			return 0
		},
	}
	counted := func(label string, values int) Metric {
		return Metric{Name: "a_b", Labels: []Label{{Name: label, Values: values}}}
	}
	testRule(t, "label-policy", options, []example{
		{labelled(Counter, "a_b", "status"), ""},
		{labelled(Counter, "a_b", "user_id"), `label "user_id" is forbidden`},
		{labelled(Counter, "model_calls_total", "provider"), ""},
		{labelled(Counter, "other_calls_total", "provider"), "normaliser"},
		{labelled(Counter, "a_b", "account_id"), "tenant guard"},
		{counted("account_id", 100), ""},
		{counted("account_id", 101), "tenant guard"},
		{counted("model_name", 1), ""},
		{counted("user_id", 1), "forbidden"},
	})
	testRule(t, "label-policy", Options{}, []example{{labelled(Counter, "a_b", "user_id"), ""}})
}
