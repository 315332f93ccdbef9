package retrieval_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/collect/retrieval"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func Example() {
	reg := registry.New(registry.Options{})
	meters, err := retrieval.New(meter.New(reg).Scope("retrieval"))
	if err != nil {
		fmt.Println(err)
		return
	}
	search := meters.Started("query")
	// Search here.
	search.Done(retrieval.Candidates{Scanned: 900, Scored: 40, Passed: 9, Returned: 5}, nil)
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name == "retrieval_candidates_scanned_total" {
			for point := range family.Points {
				fmt.Println(point.Labels, point.Int)
			}
		}
	}
	// Output: operation="query" 900
}
