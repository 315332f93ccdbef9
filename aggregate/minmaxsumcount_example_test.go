package aggregate_test

import (
	"fmt"

	"github.com/metertree/metertree/aggregate"
)

func ExampleMinMaxSumCount() {
	depth := aggregate.NewMinMaxSumCount()
	for _, v := range []float64{3, 9, 6} {
		depth.Observe(v)
	}
	var state aggregate.MinMaxSumCountState
	depth.Checkpoint(&state)
	fmt.Println(state.Min, state.Max, state.Sum, state.Count)
	// Output: 3 9 18 3
}
