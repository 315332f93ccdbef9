package control_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/control"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func ExamplePull() {
	reg := registry.New(registry.Options{})
	meter.New(reg).Counter("calls_total").Add(3)
	totals, err := integrate.New(reg, integrate.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	pull := control.NewPull(totals, control.PullOptions{Refresh: reg.Refresh})
	// An exposition iterates like this, in any number of goroutines.
	for f := range pull.Collect(context.Background()) {
		for p := range f.Points {
			if f.Descriptor.Name == "calls_total" {
				fmt.Println(f.Descriptor.Name, p.Int)
			}
		}
	}
	// Output: calls_total 3
}
