//go:build !metertree_off

package meter_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func Example() {
	r := registry.New(registry.Options{})
	tsdb := meter.New(r).Scope("storage").Scope("tsdb").With("shard", "0")

	flushed := tsdb.Counter("flushed_bytes_total", meter.Unit("bytes"),
		meter.Help("Bytes handed to the table."), meter.Keys("status"))
	flushed.Add(512, "ok")   // direct: looked up
	ok := flushed.Bind("ok") // bound: the fastest
	ok.Add(512)

	for family := range r.Collect(context.Background()) {
		if family.Descriptor.Unit != "bytes" {
			continue
		}
		for point := range family.Points {
			fmt.Printf("%s{%s} %d\n", family.Descriptor.Name, point.Labels, point.Int)
		}
	}
	// Output: storage_tsdb_flushed_bytes_total{shard="0",status="ok"} 1024
}

// With a typed label set, a label that is missing or misspelt does not compile.
func ExampleMustCounter() {
	type call struct{ Operation, Status string }
	r := registry.New(registry.Options{})
	calls := meter.MustCounter[call](meter.New(r), "calls_total", meter.Help("Calls by outcome."))
	calls.Inc(call{Operation: "put", Status: "ok"})
	calls.With(call{"get", "error"}).Add(2)

	for family := range r.Collect(context.Background()) {
		if family.Descriptor.Name != "calls_total" {
			continue
		}
		for point := range family.Points {
			fmt.Println(point.Labels, point.Int)
		}
	}
	// Output:
	// operation="get",status="error" 2
	// operation="put",status="ok" 1
}
