package tasks_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/collect/tasks"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func Example() {
	reg := registry.New(registry.Options{})
	meters, err := tasks.New(meter.New(reg).Scope("tasks"))
	if err != nil {
		fmt.Println(err)
		return
	}
	reindex := func(context.Context) error { return nil }
	if err := meters.Do(context.Background(), "reindex", reindex); err != nil {
		fmt.Println(err)
	}
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name == "tasks_finished_total" {
			for point := range family.Points {
				fmt.Println(point.Labels, point.Int)
			}
		}
	}
	// Output: status="ok",task_type="reindex" 1
}
