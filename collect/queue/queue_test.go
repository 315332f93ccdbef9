package queue

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/collect/internal/collecttest"
	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func newQueue(t *testing.T) (*Queue, *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	q, err := New(meter.New(r).Scope("queue"), "ingest")
	if err != nil {
		t.Fatal(err)
	}
	return q, r
}

func TestGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := newQueue(t)
		first, second, third := q.Enqueued(), q.Enqueued(), q.Enqueued()
		q.Rejected(Full)
		time.Sleep(40 * time.Millisecond)
		q.Dequeued(first)
		again := q.Retried(Failed)
		time.Sleep(time.Second)
		q.Dropped(second, Expired)
		q.Dequeued(again)
		q.DeadLettered(Invalid)
		oldest := time.Now().Add(-1500 * time.Millisecond)
		q.SetState(State{Depth: 1, Capacity: 16, Oldest: oldest})
		_ = third
		collecttest.Golden(t, r, prometheus.Write, "queue")
	})
}

// Whatever happens in whichever order, no item is lost from the books.
func TestEveryItemIsAccountedFor(t *testing.T) {
	q, r := newQueue(t)
	var workers sync.WaitGroup
	for seed := range uint64(4) {
		workers.Go(func() {
			random := rand.New(rand.NewPCG(seed, 0))
			var waiting []Ticket
			for range 2000 {
				if len(waiting) == 0 || random.IntN(2) == 0 {
					waiting = append(waiting, q.Enqueued())
					continue
				}
				item := waiting[0]
				waiting = waiting[1:]
				switch random.IntN(4) {
				case 0:
					q.Dropped(item, Expired)
				case 1:
					q.Dequeued(item)
					waiting = append(waiting, q.Retried(Failed))
				default:
					q.Dequeued(item)
				}
			}
		})
	}
	workers.Wait()
	v := collecttest.Values(t, r)
	in := v[`queue_enqueued_total{queue="ingest"}`] + v[`queue_retried_total{queue="ingest",reason="failed"}`]
	out := v[`queue_dequeued_total{queue="ingest"}`] + v[`queue_dropped_total{queue="ingest",reason="expired"}`]
	if depth := v[`queue_depth{queue="ingest"}`]; in != out+depth || in == 0 {
		t.Errorf("%v entered, %v left and %v wait", in, out, depth)
	}
	if waits := v[`queue_wait_seconds{queue="ingest"}`]; waits != v[`queue_dequeued_total{queue="ingest"}`] {
		t.Errorf("%v waits", waits)
	}
}

func TestUnknownWaitIsNotObserved(t *testing.T) {
	q, r := newQueue(t)
	q.Dequeued(Ticket{})
	v := collecttest.Values(t, r)
	if v[`queue_wait_seconds{queue="ingest"}`] != 0 || v[`queue_dequeued_total{queue="ingest"}`] != 1 {
		t.Errorf("got %v", v)
	}
}

func TestReadingReplacesWhatWasCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const depth = `queue_depth{queue="ingest"}`
		q, r := newQueue(t)
		q.Enqueued()
		q.SetState(State{Depth: 5})
		q.Enqueued()
		if got := collecttest.Values(t, r)[depth]; got != 6 {
			t.Errorf("depth %v, want 6: 5 read and 1 enqueued since", got)
		}
	})
}

func TestCollector(t *testing.T) {
	q, r := newQueue(t)
	refresher, err := collect.NewRefresher(collect.Options{Scope: meter.New(r)})
	if err != nil {
		t.Fatal(err)
	}
	read := func(context.Context) (State, error) { return State{Depth: 3, Capacity: 8}, nil }
	if _, err := refresher.Add("queue", q.Collector(read), collect.Schedule{}); err != nil {
		t.Fatal(err)
	}
	v := collecttest.Values(t, r)
	if v[`queue_depth{queue="ingest"}`] != 3 || v[`queue_capacity{queue="ingest"}`] != 8 {
		t.Errorf("got %v", v)
	}
	if err := refresher.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestQueuesShareAScope(t *testing.T) {
	q, r := newQueue(t)
	other, err := New(meter.New(r).Scope("queue"), "mail")
	if err != nil {
		t.Fatal(err)
	}
	q.Enqueued()
	other.Enqueued()
	other.Enqueued()
	v := collecttest.Values(t, r)
	if v[`queue_depth{queue="ingest"}`] != 1 || v[`queue_depth{queue="mail"}`] != 2 {
		t.Errorf("got %v", v)
	}
}

func TestConflictIsAnError(t *testing.T) {
	scope := meter.New(registry.New(registry.Options{}))
	scope.Counter("depth")
	if _, err := New(scope, "ingest"); err == nil {
		t.Error("a counter and a gauge share the name depth")
	}
}

func TestUpdatesDoNotAllocate(t *testing.T) {
	q, _ := newQueue(t)
	updates := func(q *Queue) func() {
		return func() {
			q.Dequeued(q.Enqueued())
			q.Dequeued(q.Retried(Failed))
			q.Dropped(q.Enqueued(), Expired)
			q.Rejected(Full)
			q.DeadLettered(Invalid)
			q.SetState(State{Depth: 1, Capacity: 2})
		}
	}
	collecttest.NoAllocs(t, updates(q))
	collecttest.NoAllocs(t, updates(&Queue{}))
}
