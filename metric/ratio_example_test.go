package metric_test

import (
	"fmt"

	"github.com/metertree/metertree/metric"
)

// Two shards: the errors of each, how much each contributes to all errors, and
// the errors of both, which are no mean of the two.
func ExampleRatioMode_Quotient() {
	small := metric.RatioSums{Numerator: metric.AmountOf(5), Denominator: metric.AmountOf(10)}
	large := metric.RatioSums{Numerator: metric.AmountOf(1), Denominator: metric.AmountOf(90)}
	both := small.Plus(large)
	fmt.Printf("both %.2f\n", both.Quotient().Value)
	for _, shard := range []metric.RatioSums{small, large} {
		fmt.Printf("within %.2f, share %.2f\n",
			metric.WithinGroup.Quotient(shard, both).Value, metric.ShareOfParent.Quotient(shard, both).Value)
	}
	// Output:
	// both 0.06
	// within 0.50, share 0.05
	// within 0.01, share 0.01
}

// A viewer reads from the labels of metertree_ratio_info what was declared beside
// the instruments.
func ExampleParseRatioInfo() {
	labels := map[string]string{
		"ratio":              "app_call_error_ratio",
		"numerator":          "app_calls_total",
		"numerator_matchers": `status=~"error|timeout"`,
		"denominator":        "app_calls_total",
		"axes":               "operation,tenant",
		"scope":              "app",
		"role":               "errors",
	}
	ratio, err := metric.ParseRatioInfo(func(name string) string { return labels[name] })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ratio.Numerator, "/", ratio.Denominator, "by", ratio.Axes)
	// Output: app_calls_total{status=~"error|timeout"} / app_calls_total by [operation tenant]
}
