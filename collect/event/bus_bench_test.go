package event

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// call is an event of an ordinary size.
type call struct {
	operation, status string
	bytes             int64
	seconds           float64
}

// newMeasured returns a bus with as many subscribers that do nothing, the least
// a subscriber can do.
func newMeasured(tb testing.TB, subscribers int) *Bus[call] {
	tb.Helper()
	b, err := New[call](Options{Scope: meter.New(registry.New(registry.Options{}))})
	if err != nil {
		tb.Fatal(err)
	}
	for _, name := range []string{"metrics", "audit", "third", "fourth"}[:subscribers] {
		if _, err := b.Subscribe(name, func(call) {}); err != nil {
			tb.Fatal(err)
		}
	}
	tb.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return b
}

func TestPublishDoesNotAllocate(t *testing.T) {
	// More events than there is room for, so that dropping is measured too.
	publisher := newMeasured(t, 2).Publisher()
	got := testing.AllocsPerRun(3*DefaultCapacity, func() { publisher.Publish(call{operation: "put", status: "ok"}) })
	if got != 0 {
		t.Errorf("publishing an event allocates %v times, want 0", got)
	}
}

// BenchmarkPublish publishes events that are all accepted, and measures that
// alone: the subscribers read when the clock stands still.
func BenchmarkPublish(b *testing.B) {
	for subscribers := 1; subscribers <= 4; subscribers *= 2 {
		b.Run(fmt.Sprintf("subscribers=%d", subscribers), func(b *testing.B) {
			bus := newIdle(subscribers)
			publisher := bus.Publisher()
			b.ReportAllocs()
			var publishing time.Duration
			for left := b.N; left > 0; left -= DefaultCapacity {
				start := time.Now()
				for range min(left, DefaultCapacity) {
					publisher.Publish(call{operation: "put", status: "ok", bytes: 512, seconds: 0.1})
				}
				publishing += time.Since(start)
				for _, s := range *bus.subscribers.Load() {
					s.deliver((*ring[call]).pop)
				}
			}
			b.ReportMetric(float64(publishing.Nanoseconds())/float64(b.N), "ns/op")
		})
	}
}

// newIdle returns a bus whose subscribers have no goroutine.
func newIdle(subscribers int) *Bus[call] {
	b := &Bus[call]{options: Options{Shards: 1, Capacity: DefaultCapacity}}
	var all []*subscription[call]
	for range subscribers {
		all = append(all, newSubscription(b, "idle", func(call) {}))
	}
	b.subscribers.Store(&all)
	return b
}
