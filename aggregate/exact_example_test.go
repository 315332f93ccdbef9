package aggregate_test

import (
	"fmt"

	"github.com/metertree/metertree/aggregate"
)

func ExampleExact() {
	steps, err := aggregate.NewExact(4)
	if err != nil {
		fmt.Println(err)
		return
	}
	var state aggregate.ExactState
	for _, v := range []float64{30, 10, 20, 40} {
		steps.Observe(v)
	}
	steps.Checkpoint(&state)
	fmt.Println(state.Values)
	fmt.Println(state.Quantile(0.5))

	steps.Observe(50)
	steps.Checkpoint(&state)
	fmt.Println(state.Count(), state.Sum())
	_, err = state.Quantile(0.5)
	fmt.Println(err)
	// Output:
	// [30 10 20 40]
	// 20 <nil>
	// 5 150
	// exact quantile: 1 of 5 values came after the limit of 4 and were not kept: raise the limit, or use a sketch
}
