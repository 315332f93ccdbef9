package health_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/metertree/metertree/collect/health"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func Example() {
	reg := registry.New(registry.Options{})
	components, err := health.New(meter.New(reg).Scope("component"))
	if err != nil {
		fmt.Println(err)
		return
	}
	store := components.Component("store")
	store.Up()
	store.Checked(errors.New("connection refused"))
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name == "component_up" {
			for point := range family.Points {
				fmt.Println(point.Labels, point.Float)
			}
		}
	}
	// Output: component="store" 0
}
