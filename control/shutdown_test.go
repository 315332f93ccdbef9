package control

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/export/exporttest"
)

func TestShutdownDeliversTheRest(t *testing.T) {
	bubble(t, "a b", nil, func(h *harness) {
		h.Start()
		h.record(1)
		time.Sleep(1500 * ms)
		h.record(2)
		h.mustShut()
		h.mustShut()
		h.checkExact()
		for name, s := range h.sinks {
			if got, want := s.times(), []time.Duration{second, 1500 * ms}; !slices.Equal(got, want) {
				t.Errorf("target %s: exports at %v, want %v", name, got, want)
			}
			if s.Shutdowns() != 1 {
				t.Errorf("target %s: %d shutdowns", name, s.Shutdowns())
			}
		}
		h.Start()
		time.Sleep(5 * second)
		if n := h.sinks["a"].Attempts(); n != 2 {
			t.Errorf("%d exports after Start of what is shut down", n)
		}
		if err := h.Flush(h.t.Context()); !errors.Is(err, ErrShutdown) {
			t.Errorf("Flush after Shutdown = %v", err)
		}
	})
}

func TestShutdownWithoutStart(t *testing.T) {
	bubble(t, "a", nil, func(h *harness) {
		h.record(5)
		if err := h.Flush(h.t.Context()); !errors.Is(err, errNotStarted) {
			t.Errorf("Flush before Start = %v", err)
		}
		h.mustShut()
		h.checkExact()
		if h.sinks["a"].Shutdowns() != 1 {
			t.Error("the exporter is not shut down")
		}
	})
}

func TestShutdownTellsWhatFailed(t *testing.T) {
	bubble(t, "a b c", nil, func(h *harness) {
		h.sinks["a"].Always(exporttest.Fail(errDown))
		h.sinks["b"].shutdown = exporttest.Panic("boom")
		err := h.shut()
		for _, says := range []string{`target "a": backend is down`, `target "b": shutdown: panicked: boom`} {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("Shutdown = %v, want it to say %s", err, says)
			}
		}
		if strings.Contains(err.Error(), `"c"`) {
			t.Errorf("Shutdown = %v, and c has not failed", err)
		}
		if again := h.shut(); again == nil || again.Error() != err.Error() {
			t.Errorf("the second Shutdown = %v, the first %v", again, err)
		}
	})
}

func TestShutdownGivesEachStepItsTime(t *testing.T) {
	bubble(t, "a", func(o *PushOptions) { o.Timeout = time.Hour }, func(h *harness) {
		h.sinks["a"].Always(exporttest.Hang)
		shutAt := time.Duration(-1)
		h.sinks["a"].shutdown = func(ctx context.Context) error {
			shutAt = time.Since(h.sinks["a"].start)
			return exporttest.Hang(ctx)
		}
		h.Start()
		time.Sleep(1500 * ms)
		ctx, cancel := context.WithTimeout(h.t.Context(), 10*second)
		defer cancel()
		err := h.Shutdown(ctx)
		want := []time.Duration{second, 6500 * ms}
		if got := h.sinks["a"].times(); !slices.Equal(got, want) || shutAt != 9500*ms {
			t.Errorf("exports at %v and Shutdown at %v, want %v and 9.5s", got, shutAt, want)
		}
		if got := time.Since(h.sinks["a"].start); got != 11*second {
			t.Errorf("returned at %v, want 11s", got)
		}
		if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "left behind") {
			t.Errorf("Shutdown = %v", err)
		}
	})
}

func TestShutdownLeavesBehindWhatIgnoresItsContext(t *testing.T) {
	letGo := make(chan struct{})
	bubble(t, "bad good", nil, func(h *harness) {
		letGo = make(chan struct{})
		h.sinks["bad"].Next(stubborn(letGo))
		h.record(1)
		h.Start()
		time.Sleep(2500 * ms)
		h.record(1)
		ctx, cancel := context.WithTimeout(h.t.Context(), second)
		defer cancel()
		before := time.Now()
		err := h.Shutdown(ctx)
		if waited := time.Since(before); waited != second {
			t.Errorf("Shutdown took %v, want the second it was given", waited)
		}
		if err == nil || !strings.Contains(err.Error(), `target "bad": has not returned and is left behind`) ||
			strings.Contains(err.Error(), `"good"`) {
			t.Errorf("Shutdown = %v", err)
		}
		if got := h.sinks["good"].sum(); got != 2 || h.sinks["good"].Shutdowns() != 1 {
			t.Errorf("the good target was given %d and shut down %d times", got, h.sinks["good"].Shutdowns())
		}
		close(letGo)
		if err := h.shut(); err == nil || !strings.Contains(err.Error(), `target "bad": collection`) {
			t.Errorf("Shutdown of what came back = %v, want that its last export came too late", err)
		}
		if got, pending := h.sinks["bad"].sum(), h.sources["bad"].pending(); got != 1 || pending != 1 {
			t.Errorf("%d delivered and %d pending, want 1 and 1", got, pending)
		}
		if h.sinks["bad"].Shutdowns() != 1 {
			t.Error("the exporter that came back was not shut down")
		}
	})
}

func TestShutdownUnderAnEndedContextReturnsAtOnce(t *testing.T) {
	bubble(t, "a", nil, func(h *harness) {
		h.record(1)
		h.sources["a"].answer = func(ctx context.Context) error { return context.Cause(ctx) }
		h.Start()
		ctx, cancel := context.WithCancel(h.t.Context())
		cancel()
		before := time.Now()
		if err := h.Shutdown(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Shutdown = %v", err)
		}
		if time.Since(before) != 0 {
			t.Errorf("took %v", time.Since(before))
		}
		// The goroutines end by themselves, or the bubble could not.
	})
}

func TestFlushWaitsForABusyTargetAndIsShared(t *testing.T) {
	bubble(t, "a", func(o *PushOptions) { o.Timeout = time.Minute }, func(h *harness) {
		h.sinks["a"].Next(pause(5 * second))
		h.Start()
		time.Sleep(second)
		synctest.Wait()
		h.record(7)
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				if err := h.Flush(h.t.Context()); err != nil {
					t.Error(err)
				}
				if got := h.sinks["a"].sum(); got != 7 {
					t.Errorf("%d delivered when Flush returned, want 7", got)
				}
			})
		}
		group.Wait()
		if want := []time.Duration{second, 6 * second}; !slices.Equal(h.sinks["a"].times()[:2], want) {
			t.Errorf("exports at %v, want %v", h.sinks["a"].times(), want)
		}
		if n := h.sinks["a"].Attempts(); n > 3 {
			t.Errorf("%d exports for ten calls of Flush at once", n)
		}
		h.mustShut()
	})
}

func TestFlushStopsWaitingWithItsContext(t *testing.T) {
	bubble(t, "a b", nil, func(h *harness) {
		h.sinks["a"].Next(pause(300 * ms))
		h.Start()
		h.record(1)
		ctx, cancel := context.WithTimeout(h.t.Context(), 100*ms)
		defer cancel()
		err := h.Flush(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `target "a": still exporting`) ||
			strings.Contains(err.Error(), `"b"`) {
			t.Errorf("Flush = %v", err)
		}
		time.Sleep(300 * ms)
		h.checkExact()
		h.mustShut()
	})
}
