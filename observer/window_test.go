package observer

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func newWindow(t *testing.T, o WindowOptions) *Window {
	t.Helper()
	w, err := NewWindow(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

var errDisk = errors.New("disk full")

// record counts outcomes of which some failed.
func record(w *Window, ok, bad int) {
	for range ok {
		w.Record(nil)
	}
	for range bad {
		w.Record(errDisk)
	}
}

func TestWindowThresholds(t *testing.T) {
	for _, tt := range []struct {
		ok, bad int
		want    Health
		state   string
	}{
		{0, 0, Unknown, "nothing happened in the last 5m0s"},
		{1, 0, Up, "0 of 1 failed in the last 5m0s"},
		{96, 4, Up, "4 of 100 failed in the last 5m0s"},
		{95, 5, Degraded, "5 of 100 failed in the last 5m0s"},
		{51, 49, Degraded, ""},
		{50, 50, Down, ""},
		{0, 9, Degraded, ""},
		{0, 10, Down, ""},
	} {
		w := newWindow(t, WindowOptions{})
		record(w, tt.ok, tt.bad)
		got := w.Observe(t.Context())
		if got.Health != tt.want || !strings.HasPrefix(got.State, tt.state) || (got.Err == nil) != (tt.bad == 0) {
			t.Errorf("%d well and %d failed: %+v, want %s", tt.ok, tt.bad, got, tt.want)
		}
	}
}

// What left the window is as if it had not been: nothing is judged by totals.
func TestWindowForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWindow(t, WindowOptions{Length: time.Minute})
		for range 10 {
			record(w, 1000, 0)
			time.Sleep(time.Minute)
		}
		record(w, 0, 10)
		if got := w.Observe(t.Context()); got.Health != Down || got.Err != errDisk {
			t.Errorf("got %+v", got)
		}
		time.Sleep(59 * time.Second)
		record(w, 10, 0)
		if got := w.Observe(t.Context()); got.State != "10 of 20 failed in the last 1m0s" {
			t.Errorf("got %+v", got)
		}
		time.Sleep(time.Second)
		if got := w.Observe(t.Context()); got.Health != Up || got.Err != nil || got.State != "0 of 10 failed in the last 1m0s" {
			t.Errorf("got %+v", got)
		}
		time.Sleep(time.Minute)
		if got := w.Observe(t.Context()); got.Health != Unknown {
			t.Errorf("got %+v", got)
		}
	})
}

func TestWindowClockSetBack(t *testing.T) {
	now := time.Unix(1e9, 0)
	w := newWindow(t, WindowOptions{Length: time.Minute, Now: func() time.Time { return now }})
	record(w, 3, 0)
	for _, back := range []time.Duration{time.Second, time.Hour} {
		now = now.Add(-back)
		record(w, 1, 1)
		w.Observe(context.Background())
	}
	now = time.Unix(1e9, 0)
	if got := w.Observe(t.Context()); got.Health == Unknown {
		t.Errorf("got %+v", got)
	}
}

func TestWindowKeepsTheShareOfManyOutcomes(t *testing.T) {
	var o outcomes
	for i := range 3 * countMask {
		o.add(i%10 == 0)
	}
	if share := float64(o.bad) / float64(o.ok+o.bad); share < 0.099 || share > 0.101 {
		t.Errorf("share %v of %+v", share, o)
	}
	if again := outcomesOf(o.word()); again != o {
		t.Errorf("%+v became %+v", o, again)
	}
}

func TestWindowConcurrently(t *testing.T) {
	w := newWindow(t, WindowOptions{Length: time.Hour})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { record(w, 500, 500) })
	}
	all.Wait()
	if got := w.Observe(t.Context()); got.State != "2000 of 4000 failed in the last 1h0m" {
		t.Errorf("got %+v", got)
	}
}

func TestWindowRecordDoesNotAllocate(t *testing.T) {
	now := time.Now()
	w := newWindow(t, WindowOptions{Now: func() time.Time { return now }})
	w.Record(errDisk)
	if n := testing.AllocsPerRun(100, func() { w.Record(nil); w.Record(errDisk) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestWindowRefuses(t *testing.T) {
	for _, tt := range []struct {
		options WindowOptions
		want    string
	}{
		{WindowOptions{Length: time.Second}, "1s"},
		{WindowOptions{Length: -time.Hour}, "-1h"},
		{WindowOptions{DegradedAt: 0.6}, "0.6"},
		{WindowOptions{DownAt: 1.5}, "1.5"},
		{WindowOptions{DegradedAt: -1}, "-1"},
		{WindowOptions{Enough: -1}, "-1"},
	} {
		if _, err := NewWindow(tt.options); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: err = %v", tt.options, err)
		}
	}
}
