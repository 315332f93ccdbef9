package queue

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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

func TestNewRefuses(t *testing.T) {
	if _, err := New[int]("test", 0, meter.Scope{}); err == nil {
		t.Error("a queue without room was made")
	}
}
