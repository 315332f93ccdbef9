package declarations_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/collect/declarations"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

func Example() {
	reg := registry.New(registry.Options{})
	scope := meter.New(reg)
	if err := declarations.Register(scope); err != nil {
		fmt.Println(err)
		return
	}
	calls := scope.Scope("app").Counter("calls_total", meter.Keys("operation", "status"))
	if err := meter.Ratio(scope.Scope("app"), "call_error_ratio", calls, meter.Where("status", "error")); err != nil {
		fmt.Println(err)
		return
	}
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name != metric.RatioInfo {
			continue
		}
		for point := range family.Points {
			for name, value := range point.Labels.All(family.Keys) {
				if value != "" {
					fmt.Println(name, "is", value)
				}
			}
		}
	}
	// Output:
	// axes is operation
	// denominator is app_calls_total
	// numerator is app_calls_total
	// numerator_matchers is status="error"
	// ratio is app_call_error_ratio
	// scope is app
}
