package control_test

import (
	"context"
	"fmt"
	"time"

	"github.com/metertree/metertree/control"
	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

func ExamplePush() {
	reg := registry.New(registry.Options{})
	calls := meter.New(reg).Counter("calls_total")

	// Each target has an integrator of its own; here the exporter only records.
	deltas, err := integrate.New(reg, integrate.Options{Temporality: metric.Delta})
	if err != nil {
		fmt.Println(err)
		return
	}
	backend := &exporttest.Recorder{}
	push, err := control.NewPush(control.PushOptions{
		Period:  10 * time.Second,
		Refresh: reg.Refresh,
		Targets: []control.Target{{Name: "example", Exporter: backend, Integrator: deltas}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	push.Start()

	calls.Add(3)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := push.Shutdown(ctx); err != nil {
		fmt.Println(err)
	}
	for f := range backend.Batches()[0].Families {
		for p := range f.Points {
			if f.Descriptor.Name == "calls_total" {
				fmt.Println(f.Descriptor.Name, p.Int)
			}
		}
	}
	// Output: calls_total 3
}
