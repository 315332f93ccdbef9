package locks_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/collect/locks"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func Example() {
	reg := registry.New(registry.Options{})
	meters, err := locks.New(meter.New(reg).Scope("locks"), locks.Config{Name: "index", HoldTime: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	var (
		mu    = locks.Mutex{Meters: meters}
		index = map[string]int{} // guarded by mu
	)
	mu.Lock()
	index["a"] = 1
	mu.Unlock()
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name == "locks_hold_seconds" {
			for point := range family.Points {
				fmt.Println(point.Labels, point.Histogram.Count())
			}
		}
	}
	// Output: component="index",operation="lock" 1
}
