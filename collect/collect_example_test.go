package collect_test

import (
	"context"
	"fmt"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/collect/event"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// broker is some business. It knows nothing of metrics; Queues is a source.
type broker struct{ waiting map[string]int }

func (b *broker) Queues(context.Context) (map[string]int, error) { return b.waiting, nil }

// queues is the collector for brokers.
func queues(scope meter.Scope, source collect.StateSource[map[string]int]) collect.Collector {
	waiting := scope.Gauge("waiting_messages", meter.Keys("queue"), meter.Fold(metric.FoldSum),
		meter.Help("Messages that wait to be taken."))
	return collect.State(source, func(queues map[string]int, out *collect.Gauges) {
		for name, n := range queues {
			out.Set(waiting, float64(n), name)
		}
	})
}

// A collector for a source of one's own, from its declaration to its release.
func Example() {
	reg := registry.New(registry.Options{})
	root := meter.New(reg)
	refresher, err := collect.NewRefresher(collect.Options{Scope: root})
	if err != nil {
		fmt.Println(err)
		return
	}

	b := &broker{waiting: map[string]int{"mail": 3, "thumbnails": 0}}
	handle, err := refresher.Add("broker", queues(root.Scope("broker"), b.Queues), collect.Schedule{TTL: time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Each collection of the registry, as for a scrape, refreshes first.
	for _, line := range shown(context.Background(), reg) {
		fmt.Println(line)
	}

	ctx := context.Background()
	if err := handle.Release(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(len(shown(ctx, reg)), "series after the release")
	if err := refresher.Close(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// broker_waiting_messages{queue="mail"} 3
	// broker_waiting_messages{queue="thumbnails"} 0
	// 0 series after the release
}

// A library that counts by itself is asked for its totals. When it is restarted
// its totals begin anew, and the counter goes on.
func ExampleStatistics() {
	reg := registry.New(registry.Options{})
	refresher, err := collect.NewRefresher(collect.Options{Scope: meter.New(reg)})
	if err != nil {
		fmt.Println(err)
		return
	}
	var hits int64
	cache := func(context.Context) (int64, error) { return hits, nil }
	counter := meter.New(reg).Counter("cache_hits_total", meter.Help("Reads that the cache answered."))
	_, err = refresher.Add("cache", collect.Statistics(cache, func(hits int64, out *collect.Totals) {
		out.Total(counter, hits)
	}), collect.Schedule{TTL: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, hits = range []int64{100, 130, 5} {
		fmt.Println("the cache says", hits, "and shown is", shown(context.Background(), reg))
	}
	if err := refresher.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// the cache says 100 and shown is [cache_hits_total{} 100]
	// the cache says 130 and shown is [cache_hits_total{} 130]
	// the cache says 5 and shown is [cache_hits_total{} 135]
}

// Whether something works is 0 or 1, and never a label.
func ExampleProbe() {
	reg := registry.New(registry.Options{})
	refresher, err := collect.NewRefresher(collect.Options{Scope: meter.New(reg)})
	if err != nil {
		fmt.Println(err)
		return
	}
	ping := func(context.Context) error { return nil }
	probe, err := collect.Probe(meter.New(reg), "storage", ping)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := refresher.Add("storage", probe, collect.Schedule{TTL: 10 * time.Second}); err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range shown(context.Background(), reg)[1:] {
		fmt.Println(line)
	}
	if err := refresher.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: probe_up{component="storage"} 1
}

// The business says what happened, and does not wait for it to be counted.
func ExampleEvents() {
	type saved struct {
		Status string
		Bytes  int64
	}
	reg := registry.New(registry.Options{})
	root, ctx := meter.New(reg), context.Background()
	bus, err := event.New[saved](event.Options{Scope: root})
	if err != nil {
		fmt.Println(err)
		return
	}
	refresher, err := collect.NewRefresher(collect.Options{Scope: root})
	if err != nil {
		fmt.Println(err)
		return
	}
	savedBytes := root.Counter("saved_bytes_total", meter.Keys("status"), meter.Unit("bytes"), meter.Help("Bytes saved."))
	collector := collect.Events(bus.Subscribe, func(e saved, out *collect.Updates) {
		out.Add(savedBytes, e.Bytes, e.Status)
	})
	if _, err := refresher.Add("saved", collector, collect.Schedule{}); err != nil {
		fmt.Println(err)
		return
	}

	events := bus.Publisher()
	events.Publish(saved{"ok", 512})
	events.Publish(saved{"ok", 88})

	if err := bus.Close(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(shown(ctx, reg))
	if err := refresher.Close(ctx); err != nil {
		fmt.Println(err)
	}
	// Output: [saved_bytes_total{status="ok"} 600]
}
