package event_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/collect/event"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// The business says what happened. Whoever counts it and whoever writes it down
// do not know of each other, nor does the business of them.
func ExampleBus() {
	type imported struct {
		File  string
		Bytes int64
	}
	reg := registry.New(registry.Options{})
	bus, err := event.New[imported](event.Options{Scope: meter.New(reg)})
	if err != nil {
		fmt.Println(err)
		return
	}
	bytes := meter.New(reg).Counter("imported_bytes_total", meter.Unit("bytes"), meter.Help("Bytes imported."))
	_, _ = bus.Subscribe("metrics", func(e imported) { bytes.Add(e.Bytes) })
	_, _ = bus.Subscribe("audit", func(e imported) { fmt.Println("imported", e.File) })

	events := bus.Publisher()
	events.Publish(imported{File: "a.csv", Bytes: 100})
	events.Publish(imported{File: "b.csv", Bytes: 20})

	if err := bus.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name == "imported_bytes_total" {
			for point := range family.Points {
				fmt.Println(family.Descriptor.Name, point.Int)
			}
		}
	}
	// Output:
	// imported a.csv
	// imported b.csv
	// imported_bytes_total 120
}
