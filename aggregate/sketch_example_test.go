package aggregate_test

import (
	"fmt"

	"github.com/metertree/metertree/aggregate"
)

func ExampleSketch() {
	latency, err := aggregate.NewSketch(aggregate.SketchOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for ms := 1; ms <= 1000; ms++ {
		latency.Observe(float64(ms) / 1000)
	}
	var state aggregate.SketchState
	latency.Checkpoint(&state)
	fmt.Printf("%d values at scale %d\n", state.Count(), state.Scale)
	fmt.Printf("p99 = %.3f s within %.1f %%\n", state.Quantile(0.99), 100*state.RelativeError())
	// Output:
	// 1000 values at scale 4
	// p99 = 0.978 s within 2.2 %
}

// A reader that reports what is new keeps the state that was acknowledged last.
func ExampleSketchState_Sub() {
	sizes, err := aggregate.NewSketch(aggregate.SketchOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var acknowledged, now, delta aggregate.SketchState
	for period := range 3 {
		for range period + 1 {
			sizes.Observe(512)
		}
		sizes.Checkpoint(&now)
		delta.CopyFrom(&now)
		if err := delta.Sub(&acknowledged); err != nil {
			fmt.Println(err)
			return
		}
		failed := period == 1
		fmt.Printf("period %d: %d new, failed: %v\n", period, delta.Count(), failed)
		if !failed {
			acknowledged.CopyFrom(&now)
		}
	}
	// Output:
	// period 0: 1 new, failed: false
	// period 1: 2 new, failed: true
	// period 2: 5 new, failed: false
}
