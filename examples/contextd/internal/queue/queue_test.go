package queue

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func newQueue(t *testing.T, capacity int, scope meter.Scope) *Queue[int] {
	t.Helper()
	q, err := New[int]("test", capacity, scope)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestOneWorkerKeepsTheOrder(t *testing.T) {
	q := newQueue(t, 10, meter.Scope{})
	for i := range 10 {
		if err := q.Push(i); err != nil {
			t.Fatal(err)
		}
	}
	q.Close()
	var got []int
	q.Work(t.Context(), 1, func(_ context.Context, i int) { got = append(got, i) })
	if want := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}; !slices.Equal(got, want) {
		t.Errorf("handled %v, want %v", got, want)
	}
}

func TestFullAndClosed(t *testing.T) {
	q := newQueue(t, 1, meter.Scope{})
	if err := q.Push(1); err != nil {
		t.Fatal(err)
	}
	if err := q.Push(2); !errors.Is(err, ErrFull) {
		t.Errorf("push beyond the capacity: %v, want ErrFull", err)
	}
	q.Close()
	q.Close()
	if err := q.Push(3); !errors.Is(err, ErrClosed) {
		t.Errorf("push after Close: %v, want ErrClosed", err)
	}
}

// TestEveryAcceptedItemIsHandled pushes from several goroutines while the queue is
// being closed.
func TestEveryAcceptedItemIsHandled(t *testing.T) {
	q := newQueue(t, 16, meter.Scope{})
	var mu sync.Mutex
	accepted, handled := map[int]bool{}, map[int]bool{}
	var pushing sync.WaitGroup
	for g := range 4 {
		pushing.Go(func() {
			for i := g; ; i += 4 {
				err := q.Push(i)
				if errors.Is(err, ErrClosed) {
					return
				}
				if err == nil {
					mu.Lock()
					accepted[i] = true
					mu.Unlock()
				}
			}
		})
	}
	q.Work(t.Context(), 3, func(_ context.Context, i int) {
		mu.Lock()
		defer mu.Unlock()
		handled[i] = true
		if len(handled) == 1000 {
			go q.Close()
		}
	})
	pushing.Wait()
	if len(handled) != len(accepted) || len(handled) < 1000 {
		t.Errorf("%d items accepted, %d handled; want all of at least 1000", len(accepted), len(handled))
	}
}

func TestWaitIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := registry.New(registry.Options{})
		q := newQueue(t, 2, meter.New(reg).Scope("queue"))
		for i := range 2 {
			if err := q.Push(i); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Second)
		q.Close()
		q.Work(t.Context(), 1, func(context.Context, int) {})
		for family := range reg.Collect(t.Context()) {
			if family.Descriptor.Name != "queue_wait_seconds" {
				continue
			}
			for point := range family.Points {
				if point.Histogram.Sum != 6 {
					t.Errorf("waits add up to %v s; want 6", point.Histogram.Sum)
				}
				return
			}
		}
		t.Error("no queue_wait_seconds was collected")
	})
}

// counts are the counters of the queue by name, without their labels, and its
// depth.
func counts(t *testing.T, reg *registry.Registry) map[string]float64 {
	t.Helper()
	counts := map[string]float64{}
	for family := range reg.Collect(t.Context()) {
		for point := range family.Points {
			counts[family.Descriptor.Name] += float64(point.Int) + point.Float
		}
	}
	return counts
}

func TestEveryItemIsAccountedFor(t *testing.T) {
	reg := registry.New(registry.Options{})
	q := newQueue(t, 3, meter.New(reg))
	for i := range 5 {
		if err := q.Push(i); (err != nil) != (i >= 3) {
			t.Fatalf("item %d: %v", i, err)
		}
	}
	retried := 0
	q.Close()
	q.Work(t.Context(), 1, func(_ context.Context, i int) {
		if i == 0 {
			q.SetAside()
		}
		if err := q.Retry(i); !errors.Is(err, ErrClosed) {
			t.Errorf("retry of %d: %v; want ErrClosed", i, err)
		}
		retried++
	})
	got := counts(t, reg)
	want := map[string]float64{"enqueued_total": 3, "rejected_total": 2, "dequeued_total": 3, "dead_lettered_total": 4, "depth": 0}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s is %v, want %v", name, got[name], n)
		}
	}
	if retried != 3 {
		t.Errorf("%d items were handled, want 3", retried)
	}
}

func TestRetry(t *testing.T) {
	reg := registry.New(registry.Options{})
	q := newQueue(t, 2, meter.New(reg))
	if err := q.Push(0); err != nil {
		t.Fatal(err)
	}
	var handled []int
	q.Work(t.Context(), 1, func(_ context.Context, i int) {
		handled = append(handled, i)
		if i == 3 {
			q.Close()
			return
		}
		if err := q.Retry(i + 1); err != nil {
			t.Error(err)
		}
	})
	if got := counts(t, reg); !slices.Equal(handled, []int{0, 1, 2, 3}) || got["retried_total"] != 3 || got["depth"] != 0 {
		t.Errorf("handled %v, counted %v", handled, got)
	}
}

func TestDiscardDropsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := registry.New(registry.Options{})
		scope := meter.New(reg)
		refresher, err := collect.NewRefresher(collect.Options{Scope: scope.Scope("any")})
		if err != nil {
			t.Fatal(err)
		}
		q := newQueue(t, 4, scope)
		if _, err := refresher.Add("queue", q.Collector(), collect.Schedule{TTL: -1}); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if err := q.Push(i); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if got := counts(t, reg); got["depth"] != 3 || got["capacity"] != 4 || got["oldest_age_seconds"] != 3 {
			t.Errorf("state %v; want 3 of 4 places taken, for 3 s", got)
		}
		q.Discard()
		q.Discard()
		if got := counts(t, reg); got["dropped_total"] != 3 || got["depth"] != 0 || got["oldest_age_seconds"] != 0 {
			t.Errorf("after the end: %v; want 3 dropped and none waiting", got)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	if _, err := New[int]("test", 0, meter.Scope{}); err == nil {
		t.Error("a queue without room was made")
	}
}
