package cache_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/collect/cache"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func Example() {
	reg := registry.New(registry.Options{})
	meters, err := cache.New(meter.New(reg).Scope("cache"), "documents", "l1")
	if err != nil {
		fmt.Println(err)
		return
	}
	entries := map[string]string{}
	get := func(key string) string {
		if value, found := entries[key]; found {
			meters.Hit()
			return value
		}
		meters.Miss()
		load := meters.Loading()
		entries[key] = "value of " + key
		load.Done(nil)
		return entries[key]
	}
	for _, key := range []string{"a", "b", "a", "a"} {
		_ = get(key)
	}
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name == "cache_lookups_total" {
			for point := range family.Points {
				fmt.Println(point.Labels, point.Int)
			}
		}
	}
	// Output:
	// component="documents",level="l1",status="error" 0
	// component="documents",level="l1",status="hit" 2
	// component="documents",level="l1",status="miss" 2
}
