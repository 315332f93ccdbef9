package aggregate_test

import (
	"fmt"

	"github.com/metertree/metertree/aggregate"
)

// Histograms of the same bounds merge, others do not.
func ExampleExplicitState_Merge() {
	all := aggregate.ExplicitState{}
	for _, bounds := range [][]float64{{1, 2}, {1, 2}, {1, 3}} {
		shard, err := aggregate.NewExplicit(bounds)
		if err != nil {
			fmt.Println(err)
			return
		}
		shard.Observe(0.5)
		shard.Observe(1.5)
		var state aggregate.ExplicitState
		shard.Checkpoint(&state)
		if err := all.Merge(&state); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(all.Counts, all.Quantile(0.5))
	// Output:
	// merge: histograms have different bounds [1 2] and [1 3]: declare the same bounds for both, or use a sketch
	// [2 2 0] 1
}
