package buffer

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestSizeSwapsTheTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, succeed, nil)
		h.put("12345", "67890")
		synctest.Wait()
		h.wantFlushes()
		h.put("x")
		synctest.Wait()
		h.wantFlushes(event{0, 1, "12345 67890"})
		h.wantMeters(map[string]float64{"buffer_mutable_bytes": 1, "buffer_immutable_bytes": 0})
		h.close(nil)
	})
}

func TestAgeSwapsTheTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, succeed, nil)
		time.Sleep(30 * time.Second)
		h.put("a")
		time.Sleep(20 * time.Second)
		h.put("b")
		time.Sleep(40*time.Second + time.Nanosecond)
		h.wantFlushes(event{90 * time.Second, 1, "a b"})
		h.put("c")
		time.Sleep(2 * time.Minute)
		h.wantFlushes(event{90 * time.Second, 1, "a b"}, event{150*time.Second + time.Nanosecond, 1, "c"})
		h.close(nil)
	})
}

func TestNegativeIntervalTurnsAgeOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, succeed, func(c *Config[string]) { c.FlushInterval = -1 })
		h.put("a")
		time.Sleep(10 * time.Hour)
		h.wantFlushes()
		h.close(nil)
		h.wantFlushes(event{10 * time.Hour, 1, "a"})
	})
}

func TestConcurrencyBoundsFlushesButNotPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most int
		var h *harness
		answer := func(b Batch[string]) error {
			h.mu.Lock()
			running++
			most = max(most, running)
			h.mu.Unlock()
			time.Sleep(time.Second)
			h.mu.Lock()
			running--
			h.mu.Unlock()
			if b.Shard == 0 {
				return errDisk
			}
			return nil
		}
		h = newHarness(t, answer, func(c *Config[string]) {
			c.Shards, c.MaxBytes, c.Concurrency = 4, 400, 2
			c.Retry = Retry{Attempts: 2, Initial: time.Hour, Max: time.Hour, Jitter: -1}
		})
		for i := range 100 {
			if err := h.Put(context.Background(), fmt.Sprint(i), "x"); err != nil {
				t.Fatal(err)
			}
		}
		h.close(errDisk)
		if most != 2 {
			t.Errorf("%d flushes ran at once, want 2", most)
		}
		// Four first attempts two at a time, an hour's pause, one more attempt.
		if got, want := time.Since(h.start), time.Hour+2*time.Second; got < want || got > want+time.Second {
			t.Errorf("closed after %v, want about %v", got, want)
		}
	})
}

func TestCallbackThatPanicsHasFailed(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(Batch[string]) error
		want   func(error) bool
	}{
		"panic with a value": {
			func(Batch[string]) error { panic("boom") },
			func(err error) bool {
				var p *PanicError
				return errors.As(err, &p) && p.Value == "boom" && len(p.Stack) > 0
			},
		},
		"panic with an error": {
			func(Batch[string]) error { panic(errDisk) },
			func(err error) bool { return errors.Is(err, errDisk) },
		},
		"end of the goroutine": {
			func(Batch[string]) error { runtime.Goexit(); return nil },
			func(err error) bool { return errors.Is(err, errGoexit) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHarness(t, c.answer, nil)
				h.put("a")
				if err := h.Close(context.Background()); !c.want(err) {
					t.Errorf("Close: %v", err)
				}
				h.wantFailed(event{3 * time.Second, 3, "a"})
			})
		})
	}
}

func TestFailedThatPanicsEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var given []string
		h := newHarness(t, func(Batch[string]) error { return Permanent(errDisk) }, func(c *Config[string]) {
			c.Failed = func(b Batch[string], _ error) {
				given = append(given, b.Records[0].Item)
				panic("no room for failures")
			}
		})
		h.put("1234567890", "next")
		err := h.Close(context.Background())
		var p *PanicError
		if !errors.Is(err, errDisk) || !errors.As(err, &p) {
			t.Errorf("Close: %v, want the flush's error and the panic", err)
		}
		if fmt.Sprint(given) != "[1234567890 next]" {
			t.Errorf("given back: %v", given)
		}
	})
}

func TestBatchErrorNamesTheBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, fail, nil)
		h.put("abc", "de")
		h.close(errDisk)
		var b *BatchError
		if !errors.As(h.errs[0], &b) {
			t.Fatalf("Failed was given %v", h.errs[0])
		}
		want := "flush of 2 records (5 bytes) of shard 0 failed after 3 attempts: disk on fire"
		if b.Error() != want {
			t.Errorf("error %q, want %q", b, want)
		}
	})
}
