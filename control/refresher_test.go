package control

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRefreshIsSharedByTheTargets(t *testing.T) {
	var at []time.Duration
	start := time.Time{}
	bubble(t, "a b c", func(o *PushOptions) {
		start, at = time.Now(), nil
		o.Refresh = func(context.Context) {
			at = append(at, time.Since(start))
			time.Sleep(200 * ms)
		}
	}, func(h *harness) {
		h.Start()
		time.Sleep(2500 * ms)
		if err := h.Flush(h.t.Context()); err != nil {
			t.Error(err)
		}
		h.mustShut()
		if want := []time.Duration{second, 2 * second, 2500 * ms, 2700 * ms}; !slices.Equal(at, want) {
			t.Errorf("refreshed at %v, want %v", at, want)
		}
		for name, s := range h.sinks {
			want := []time.Duration{1200 * ms, 2200 * ms, 2700 * ms, 2900 * ms}
			if got := s.times(); !slices.Equal(got, want) {
				t.Errorf("target %s: exports at %v, want %v", name, got, want)
			}
		}
	})
}

func TestARefreshThatFailsDelaysNobodyForLong(t *testing.T) {
	bubble(t, "a", func(o *PushOptions) {
		o.Refresh = func(context.Context) { panic("boom") }
	}, func(h *harness) {
		h.Start()
		time.Sleep(second)
		h.mustShut()
		if got := h.sinks["a"].times(); len(got) == 0 || got[0] != second {
			t.Errorf("exports at %v", got)
		}
	})
	letGo := make(chan struct{})
	bubble(t, "a", func(o *PushOptions) {
		letGo = make(chan struct{})
		o.Refresh = func(context.Context) { <-letGo }
	}, func(h *harness) {
		h.Start()
		time.Sleep(3200 * ms)
		// The first tick waits for its timeout, those after it not at all.
		if got, want := h.sinks["a"].times(), []time.Duration{1500 * ms, 2 * second, 3 * second}; !slices.Equal(got, want) {
			t.Errorf("exports at %v, want %v", got, want)
		}
		before := time.Now()
		if err := h.Flush(h.t.Context()); err != nil || time.Since(before) != 500*ms {
			t.Errorf("Flush = %v after %v, want it to wait for the timeout", err, time.Since(before))
		}
		ctx, cancel := context.WithTimeout(h.t.Context(), 10*second)
		defer cancel()
		err := h.Shutdown(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "refresh has not returned") ||
			strings.Contains(err.Error(), "target") {
			t.Errorf("Shutdown = %v", err)
		}
		h.checkExact()
		close(letGo)
		h.mustShut()
	})
}
