package buffer

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFlushHandsOnEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, func(Batch[string]) error { time.Sleep(time.Second); return nil }, nil)
		if err := h.Flush(context.Background()); err != nil {
			t.Errorf("Flush of an empty buffer: %v", err)
		}
		h.put("1234567890", "abc")
		if err := h.Flush(context.Background()); err != nil {
			t.Errorf("Flush: %v", err)
		}
		h.wantFlushes(event{0, 1, "1234567890"}, event{time.Second, 1, "abc"})
		if got := time.Since(h.start); got != 2*time.Second {
			t.Errorf("Flush returned after %v, want 2s", got)
		}
		h.close(nil)
	})
}

func TestFlushReturnsWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, fail, nil)
		h.put("a")
		var failed *BatchError
		if err := h.Flush(context.Background()); !errors.As(err, &failed) || failed.Attempts != 3 {
			t.Errorf("Flush: %v, want a *BatchError after 3 attempts", err)
		}
		h.wantFailed(event{3 * time.Second, 3, "a"})
		// It was reported; Close has nothing to add.
		h.close(nil)
	})
}

func TestFlushEndsWithTheContextButGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, func(Batch[string]) error { time.Sleep(time.Minute); return nil }, nil)
		h.put("a")
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := h.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Flush: %v, want context.DeadlineExceeded", err)
		}
		time.Sleep(time.Hour)
		h.wantMeters(map[string]float64{`buffer_flush_bytes_total{status="ok"}`: 1, "buffer_immutable_bytes": 0})
		h.close(nil)
	})
}

func TestCloseOutOfTimeGivesBackTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, nil, func(c *Config[string]) {
			c.Flush = func(ctx context.Context, _ Batch[string]) error {
				<-ctx.Done()
				return ctx.Err()
			}
		})
		h.put("1234567890", "abc")
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := h.Close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, context.Canceled) {
			t.Errorf("Close: %v, want both why it ended and what Flush returned", err)
		}
		h.wantFailed(event{time.Second, 1, "1234567890"}, event{time.Second, 0, "abc"})
		h.wantMeters(map[string]float64{
			`buffer_flush_records_total{status="failed"}`: 1,
			`buffer_flush_records_total`:                  1,
			`buffer_failed_records_total`:                 2,
			`buffer_immutable_bytes`:                      0,
			`buffer_mutable_bytes`:                        0,
		})
		if again := h.Close(context.Background()); again != err {
			t.Errorf("Close again: %v, want the same error", again)
		}
	})
}

func TestCloseOutOfTimeAttemptsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, func(Batch[string]) error { time.Sleep(time.Minute); return nil }, func(c *Config[string]) {
			c.QueueLength, c.MaxBytes = 40, 410
		})
		for range 40 {
			h.put("1234567890")
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := h.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v, want context.DeadlineExceeded", err)
		}
		h.wantFlushes(event{0, 1, "1234567890"})
		if len(h.failed) != 39 {
			t.Errorf("%d batches were given back, want 39", len(h.failed))
		}
	})
}

func TestCloseOutOfTimeEndsPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, fail, func(c *Config[string]) {
			c.Retry = Retry{Initial: time.Hour, Max: time.Hour}
		})
		h.put("a")
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := h.Close(ctx); !errors.Is(err, errDisk) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v, want the last attempt's error and why it ended", err)
		}
		h.wantFailed(event{time.Second, 1, "a"})
		h.wantMeters(map[string]float64{"buffer_retries_total": 0})
	})
}

func TestLateSuccessCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, nil, func(c *Config[string]) {
			c.Flush = func(ctx context.Context, _ Batch[string]) error { <-ctx.Done(); return nil }
		})
		h.put("a")
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		synctest.Wait()
		if err := h.Flush(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Flush: %v, want context.Canceled", err)
		}
		synctest.Wait()
		if err := h.Close(ctx); err != nil {
			t.Errorf("Close: %v, want nil: the flush did succeed", err)
		}
		h.wantFailed()
	})
}

func TestClosedBufferRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, succeed, nil)
		h.close(nil)
		if err := h.Put(context.Background(), "key", "a"); !errors.Is(err, ErrClosed) {
			t.Errorf("Put: %v, want ErrClosed", err)
		}
		if err := h.Flush(context.Background()); !errors.Is(err, ErrClosed) {
			t.Errorf("Flush: %v, want ErrClosed", err)
		}
		h.close(nil)
	})
}

func TestRecordSizes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, succeed, nil)
		err := h.Put(context.Background(), "key", "12345678901")
		if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), `11 bytes under key "key", a table takes 10`) {
			t.Errorf("Put of more than a table takes: %v", err)
		}
		// Items of no size count for one, so their number is bounded too.
		for range 10 {
			h.put("")
		}
		synctest.Wait()
		h.wantFlushes()
		h.wantMeters(map[string]float64{"buffer_mutable_bytes": 10})
		h.put("")
		synctest.Wait()
		h.wantMeters(map[string]float64{"buffer_mutable_bytes": 1, `buffer_flush_records_total{status="ok"}`: 10})
		h.close(nil)
	})
}

func TestFlushMayKeepItsBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept []Batch[string]
		h := newHarness(t, func(b Batch[string]) error { kept = append(kept, b); return nil }, nil)
		want := [][]string{{"a", "b", "c"}, {"d"}, {"e", "f"}}
		for _, items := range want {
			h.put(items...)
			if err := h.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		h.close(nil)
		for i, items := range want {
			got := kept[i].Records
			if cap(got) != len(items) {
				t.Errorf("batch %d has room for %d records more: an append would share it", i, cap(got)-len(items))
			}
			for j, item := range items {
				if got[j] != (Record[string]{"key", item}) {
					t.Errorf("record %d of batch %d is %v, want %s", j, i, got[j], item)
				}
			}
		}
	})
}
