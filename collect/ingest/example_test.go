package ingest_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/collect/ingest"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func Example() {
	reg := registry.New(registry.Options{})
	meters, err := ingest.New(meter.New(reg).Scope("ingest"))
	if err != nil {
		fmt.Println(err)
		return
	}
	note := meters.Started("note")
	parse := note.Stage("parse")
	// Parse here.
	parse.Done()
	note.Done(ingest.Size{Bytes: 2048, Chunks: 3}, nil)
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name == "ingest_chunks_total" {
			for point := range family.Points {
				fmt.Println(point.Labels, point.Int)
			}
		}
	}
	// Output: context_type="note" 3
}
