package process_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/collect/process"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func ExampleRegister() {
	reg := registry.New(registry.Options{})
	if err := process.Register(meter.New(reg)); err != nil {
		fmt.Println(err)
		return
	}
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name != "process_resident_memory_bytes" {
			continue
		}
		for point := range family.Points {
			fmt.Println(family.Descriptor.Name, "is positive:", point.Float > 0)
		}
	}
	// Output: process_resident_memory_bytes is positive: true
}
