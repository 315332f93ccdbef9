package cardinality_test

import (
	"fmt"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/cardinality"
)

// series are 2 operations of 40 accounts.
func series(yield func([]metric.Label) bool) {
	for i := range 80 {
		if !yield([]metric.Label{{Name: "operation", Value: []string{"get", "put"}[i%2]}, {Name: "account_id", Value: fmt.Sprint(i / 2)}}) {
			return
		}
	}
}

func Example() {
	c := cardinality.NewCounter(policy.Thresholds{})
	for labels := range series {
		c.Add("calls_total", labels)
	}
	for _, m := range c.Report().Metrics {
		fmt.Println(m.Name, m.Series)
		for _, l := range m.Labels {
			fmt.Printf("  %s: %d values (%s), %d series without it\n", l.Name, l.Values.Count, l.Level, l.Without.Count)
		}
	}
	// Output:
	// calls_total 80
	//   account_id: 40 values (watched), 2 series without it
	//   operation: 2 values (good), 40 series without it
}

func ExampleFit() {
	steps, err := cardinality.Fit(series, 10)
	fmt.Println(steps[0].Label, steps[0].Series.Count, err)
	// Output: account_id 2 <nil>
}
