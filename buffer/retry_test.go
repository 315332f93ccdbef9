package buffer

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestBackoff(t *testing.T) {
	const forever = time.Duration(math.MaxInt64)
	for _, c := range []struct {
		initial, max time.Duration
		attempts     int
		want         time.Duration
	}{
		{time.Second, time.Minute, 1, time.Second},
		{time.Second, time.Minute, 2, 2 * time.Second},
		{time.Second, time.Minute, 6, 32 * time.Second},
		{time.Second, time.Minute, 7, time.Minute},
		{time.Second, time.Minute, 1_000_000, time.Minute},
		{3, 5, 2, 5},
		{1, 1, 9, 1},
		{1, forever, 62, 1 << 61},
		{1, forever, 200, forever},
	} {
		if got := (Retry{Initial: c.initial, Max: c.max}).backoff(c.attempts); got != c.want {
			t.Errorf("initial %v, max %v, attempts %d: %v, want %v", c.initial, c.max, c.attempts, got, c.want)
		}
	}
}

func TestJitterTakesOffItsShare(t *testing.T) {
	r := Retry{Initial: time.Second, Max: time.Second, Jitter: 0.25}
	least, most := time.Hour, time.Duration(0)
	for range 1000 {
		d := r.delay(1)
		least, most = min(least, d), max(most, d)
	}
	if least < 750*time.Millisecond || most > time.Second {
		t.Errorf("delays from %v to %v leave 750ms to 1s", least, most)
	}
	if least > 800*time.Millisecond || most < 950*time.Millisecond {
		t.Errorf("delays from %v to %v do not spread over 750ms to 1s", least, most)
	}
}

func TestRetryUntilSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, func(b Batch[string]) error {
			if b.Attempt < 3 {
				return errDisk
			}
			return nil
		}, nil)
		h.put("abc", "de")
		h.close(nil)
		h.wantFlushes(event{0, 1, "abc de"}, event{time.Second, 2, "abc de"}, event{3 * time.Second, 3, "abc de"})
		h.wantFailed()
		h.wantMeters(map[string]float64{
			`buffer_flushes_total{status="ok"}`:            1,
			`buffer_flushes_total{status="retried"}`:       2,
			`buffer_flushes_total{status="failed"}`:        0,
			`buffer_flush_records_total{status="ok"}`:      2,
			`buffer_flush_records_total{status="retried"}`: 4,
			`buffer_flush_bytes_total{status="ok"}`:        5,
			`buffer_flush_bytes_total{status="retried"}`:   10,
			`buffer_flush_duration_seconds_count`:          3,
			`buffer_retries_total`:                         2,
			`buffer_failed_records_total`:                  0,
		})
	})
}

func TestRetryEndsAndGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, fail, nil)
		h.put("abc", "de")
		h.close(errDisk)
		h.wantFlushes(event{0, 1, "abc de"}, event{time.Second, 2, "abc de"}, event{3 * time.Second, 3, "abc de"})
		h.wantFailed(event{3 * time.Second, 3, "abc de"})
		h.wantMeters(map[string]float64{
			`buffer_flushes_total{status="retried"}`:    2,
			`buffer_flushes_total{status="failed"}`:     1,
			`buffer_flush_bytes_total{status="failed"}`: 5,
			`buffer_flush_bytes_total{status="ok"}`:     0,
			`buffer_retries_total`:                      2,
			`buffer_failed_records_total`:               2,
			`buffer_failed_bytes_total`:                 5,
			`buffer_immutable_bytes`:                    0,
		})
	})
}

func TestPermanentErrorIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, func(Batch[string]) error { return Permanent(errDisk) }, nil)
		h.put("abc")
		h.close(errDisk)
		h.wantFailed(event{0, 1, "abc"})
		h.wantMeters(map[string]float64{
			`buffer_flushes_total{status="failed"}`: 1,
			`buffer_flushes_total`:                  1,
			`buffer_retries_total`:                  0,
		})
	})
	if Permanent(nil) != nil {
		t.Error("Permanent(nil) is an error")
	}
}

func TestFailingBatchKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, func(b Batch[string]) error {
			if b.Records[0].Item == "1234567890" {
				return errDisk
			}
			return nil
		}, nil)
		h.put("1234567890", "next")
		h.close(errDisk)
		h.wantFlushes(event{0, 1, "1234567890"}, event{time.Second, 2, "1234567890"},
			event{3 * time.Second, 3, "1234567890"}, event{3 * time.Second, 1, "next"})
		h.wantFailed(event{3 * time.Second, 3, "1234567890"})
	})
}
