package probe_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/collect/probe"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func Example() {
	reg := registry.New(registry.Options{})
	storage, err := probe.New(meter.New(reg).Scope("probe"), probe.Config{
		Component: "storage",
		Check:     func(context.Context) error { return nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := storage.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name == "probe_up" {
			for point := range family.Points {
				fmt.Println(point.Labels, point.Float)
			}
		}
	}
	// Output: component="storage" 1
}
