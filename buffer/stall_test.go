package buffer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// newFullHarness returns a buffer whose one flush lasts until the returned
// channel is closed, and that has no room left.
func newFullHarness(t *testing.T) (*harness, chan struct{}) {
	t.Helper()
	hold := make(chan struct{})
	h := newHarness(t, func(Batch[string]) error { <-hold; return nil }, nil)
	h.put("1234567890", "abcdefghij")
	synctest.Wait()
	return h, hold
}

func TestPutWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, hold := newFullHarness(t)
		time.AfterFunc(7*time.Second, func() { close(hold) })
		h.put("late")
		if got := time.Since(h.start); got != 7*time.Second {
			t.Errorf("Put returned after %v, want 7s", got)
		}
		h.close(nil)
		h.wantFlushes(event{0, 1, "1234567890"}, event{7 * time.Second, 1, "abcdefghij"}, event{7 * time.Second, 1, "late"})
		h.wantMeters(map[string]float64{
			"buffer_stall_seconds_count": 1,
			"buffer_stall_seconds_sum":   7,
			"buffer_stalled_writers":     0,
		})
	})
}

func TestWaitEndsWithTheContext(t *testing.T) {
	errMoved := errors.New("moved on")
	for name, c := range map[string]struct {
		context func() (context.Context, func())
		want    []error
	}{
		"deadline": {
			func() (context.Context, func()) {
				ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
				return ctx, cancel
			},
			[]error{context.DeadlineExceeded},
		},
		"cancellation with a cause": {
			func() (context.Context, func()) {
				ctx, cancel := context.WithCancelCause(context.Background())
				time.AfterFunc(3*time.Second, func() { cancel(errMoved) })
				return ctx, func() {}
			},
			[]error{context.Canceled, errMoved},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, hold := newFullHarness(t)
				ctx, cancel := c.context()
				defer cancel()
				err := h.Put(ctx, "key", "late")
				for _, want := range c.want {
					if !errors.Is(err, want) {
						t.Errorf("Put: %v, want %v", err, want)
					}
				}
				if got := time.Since(h.start); got != 3*time.Second {
					t.Errorf("Put returned after %v, want 3s", got)
				}
				close(hold)
				h.close(nil)
				h.wantFlushes(event{0, 1, "1234567890"}, event{3 * time.Second, 1, "abcdefghij"})
				h.wantMeters(map[string]float64{"buffer_stall_seconds_sum": 3, "buffer_stalled_writers": 0})
			})
		})
	}
}

// A writer may be admitted at the moment its context ends; then its record is
// in, and Put must say so.
func TestAdmissionBeatsTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, hold := newFullHarness(t)
		s := h.shards[0]
		s.mu.Lock()
		w := s.stallLocked(Record[string]{Key: "key", Item: "late"}, 4)
		s.mu.Unlock()
		close(hold)
		synctest.Wait()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		// Both ways out are open, and which one is taken is random.
		for range 100 {
			if err := s.await(ctx, w); err != nil {
				t.Fatalf("the wait of an admitted writer ended with %v", err)
			}
		}
		h.close(nil)
		h.wantFlushes(event{0, 1, "1234567890"}, event{0, 1, "abcdefghij"}, event{0, 1, "late"})
	})
}

func TestEndedContextPutsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, succeed, nil)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := h.Put(ctx, "key", "a"); !errors.Is(err, context.Canceled) {
			t.Errorf("Put: %v, want context.Canceled", err)
		}
		h.close(nil)
		h.wantFlushes()
	})
}

func TestWritersAreAdmittedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, hold := newFullHarness(t)
		var writers sync.WaitGroup
		for i := range 8 {
			writers.Go(func() { h.put(fmt.Sprintf("writer%d", i)) })
			synctest.Wait()
		}
		h.wantMeters(map[string]float64{"buffer_stalled_writers": 8, "buffer_mutable_bytes": 10, "buffer_immutable_bytes": 10})
		close(hold)
		writers.Wait()
		h.close(nil)
		want := []event{{0, 1, "1234567890"}, {0, 1, "abcdefghij"}}
		for i := range 8 {
			want = append(want, event{0, 1, fmt.Sprintf("writer%d", i)})
		}
		h.wantFlushes(want...)
	})
}

func TestSmallRecordDoesNotOvertakeALargeOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		h := newHarness(t, func(Batch[string]) error { <-hold; return nil }, nil)
		h.put("1234567890", "abcde")
		ctx, cancel := context.WithCancel(context.Background())
		var writers sync.WaitGroup
		writers.Go(func() {
			if err := h.Put(ctx, "key", "too long"); !errors.Is(err, context.Canceled) {
				t.Errorf("Put: %v, want context.Canceled", err)
			}
		})
		synctest.Wait()
		admitted := false
		writers.Go(func() { h.put("fits"); admitted = true })
		synctest.Wait()
		if admitted {
			t.Error("the second writer overtook the first")
		}
		cancel()
		writers.Wait()
		h.wantMeters(map[string]float64{"buffer_mutable_bytes": 9})
		close(hold)
		h.close(nil)
		h.wantFlushes(event{0, 1, "1234567890"}, event{0, 1, "abcde fits"})
	})
}

func TestCloseRefusesWaitingWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, hold := newFullHarness(t)
		refused := make(chan error)
		go func() { refused <- h.Put(context.Background(), "key", "late") }()
		synctest.Wait()
		closed := make(chan error)
		go func() { closed <- h.Close(context.Background()) }()
		if err := <-refused; !errors.Is(err, ErrClosed) {
			t.Errorf("Put: %v, want ErrClosed", err)
		}
		close(hold)
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
		h.wantFlushes(event{0, 1, "1234567890"}, event{0, 1, "abcdefghij"})
		h.wantMeters(map[string]float64{"buffer_stalled_writers": 0, "buffer_stall_seconds_count": 1})
	})
}
