package queue_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/collect/queue"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

type job struct {
	name   string
	ticket queue.Ticket
}

func Example() {
	reg := registry.New(registry.Options{})
	meters, err := queue.New(meter.New(reg).Scope("queue"), "mail")
	if err != nil {
		fmt.Println(err)
		return
	}
	jobs := make(chan job, 2)
	for _, name := range []string{"a", "b", "c"} {
		if len(jobs) == cap(jobs) {
			meters.Rejected(queue.Full)
			continue
		}
		jobs <- job{name, meters.Enqueued()}
	}
	next := <-jobs
	meters.Dequeued(next.ticket)
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name == "queue_depth" {
			for point := range family.Points {
				fmt.Println(point.Labels, point.Float)
			}
		}
	}
	// Output: queue="mail" 1
}
