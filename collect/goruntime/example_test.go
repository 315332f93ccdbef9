package goruntime_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/collect/goruntime"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func ExampleRegister() {
	reg := registry.New(registry.Options{})
	if err := goruntime.Register(meter.New(reg)); err != nil {
		fmt.Println(err)
		return
	}
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name != "go_goroutines" {
			continue
		}
		for point := range family.Points {
			fmt.Println(family.Descriptor.Name, "is positive:", point.Float > 0)
		}
	}
	// Output: go_goroutines is positive: true
}
