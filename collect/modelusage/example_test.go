package modelusage_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/collect/modelusage"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/policy/normalise"
	"github.com/metertree/metertree/registry"
)

func Example() {
	reg := registry.New(registry.Options{})
	meters, err := modelusage.New(meter.New(reg).Scope("model"), modelusage.Config{
		Provider: normalise.Enum("local").Apply,
		Model:    normalise.Enum("large", "small").Apply,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, model := range []string{"large", "large", "something-new"} {
		call := meters.Started("local", model, "chat")
		for range 3 {
			// A piece of the answer arrives.
			call.Token()
		}
		call.Done(modelusage.Tokens{Input: 100, Output: 3}, nil)
	}
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name == "model_calls_total" {
			for point := range family.Points {
				fmt.Println(point.Labels, point.Int)
			}
		}
	}
	// Output:
	// model_name="large",operation="chat",provider="local",status="ok" 2
	// model_name="other",operation="chat",provider="local",status="ok" 1
}
