package control

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/registry"
)

const (
	second = time.Second
	ms     = time.Millisecond
)

func TestPeriodIsFixed(t *testing.T) {
	bubble(t, "a", nil, func(h *harness) {
		h.sinks["a"].Always(pause(300 * ms))
		h.Start()
		h.Start()
		time.Sleep(3*second + 500*ms)
		h.mustShut()
		want := []time.Duration{second, 2 * second, 3 * second, 3*second + 500*ms}
		if got := h.sinks["a"].times(); !slices.Equal(got, want) {
			t.Errorf("exports at %v, want %v", got, want)
		}
	})
}

func TestJitterMovesTheFirstTickOnly(t *testing.T) {
	firsts := map[time.Duration]bool{}
	for range 10 {
		bubble(t, "a", func(o *PushOptions) { o.Jitter = 0.5 }, func(h *harness) {
			h.Start()
			time.Sleep(10 * second)
			h.mustShut()
			at := h.sinks["a"].times()
			at = at[:len(at)-1]
			if at[0] < 500*ms || at[0] > second {
				t.Errorf("first tick after %v, want it within the second half of the period", at[0])
			}
			for i := range at[1:] {
				if gap := at[i+1] - at[i]; gap != second {
					t.Errorf("ticks %d and %d are %v apart", i, i+1, gap)
				}
			}
			firsts[at[0]] = true
		})
	}
	if len(firsts) < 2 {
		t.Error("ten controllers began at the same moment")
	}
}

func TestABusyTargetSkipsAndLosesNothing(t *testing.T) {
	bubble(t, "slow quick", func(o *PushOptions) { o.Timeout = 10 * second }, func(h *harness) {
		h.sinks["slow"].Next(pause(2500 * ms))
		h.record(1)
		h.Start()
		time.Sleep(second)
		synctest.Wait()
		h.record(1)
		time.Sleep(3200 * ms)
		want := []time.Duration{second, 4 * second}
		if got := h.sinks["slow"].times(); !slices.Equal(got, want) {
			t.Errorf("slow target: exports at %v, want %v", got, want)
		}
		if got := len(h.sinks["quick"].times()); got != 4 {
			t.Errorf("quick target: %d exports, want 4", got)
		}
		h.mustShut()
		h.checkExact()
	})
}

func TestTargetsAreIsolated(t *testing.T) {
	for name, fault := range map[string]exporttest.Behaviour{
		"hangs":              exporttest.Hang,
		"panics":             exporttest.Panic("boom"),
		"panics as rejected": exporttest.Panic(export.Rejected(errDown)),
		"fails":              exporttest.Fail(errDown),
		"ends its goroutine": func(context.Context) error { runtime.Goexit(); return nil },
	} {
		for _, part := range []string{"exporter", "integrator"} {
			t.Run(part+" "+name, func(t *testing.T) {
				bubble(t, "bad good", nil, func(h *harness) {
					h.sinks["bad"].only.moves = strings.Contains(name, "goroutine")
					if part == "exporter" {
						h.sinks["bad"].Next(fault, fault, fault)
					} else {
						h.sources["bad"].answer = faultyFor(3, fault)
					}
					h.Start()
					for range 5 {
						h.record(1)
						time.Sleep(second)
					}
					synctest.Wait()
					want := []time.Duration{second, 2 * second, 3 * second, 4 * second, 5 * second}
					if got := h.sinks["good"].times(); !slices.Equal(got, want) {
						t.Errorf("good target: exports at %v, want %v", got, want)
					}
					h.mustShut()
					h.checkExact()
				})
			})
		}
	}
}

// faultyFor has a fault for the first n calls.
func faultyFor(n int32, fault exporttest.Behaviour) exporttest.Behaviour {
	var calls atomic.Int32
	return func(ctx context.Context) error {
		if calls.Add(1) > n {
			return nil
		}
		return fault(ctx)
	}
}

func TestAnExportEndsAtItsTimeout(t *testing.T) {
	bubble(t, "a", nil, func(h *harness) {
		var took time.Duration
		var cause error
		h.sinks["a"].Next(func(ctx context.Context) error {
			start := time.Now()
			err := exporttest.Hang(ctx)
			took, cause = time.Since(start), err
			return err
		})
		h.Start()
		err := h.Flush(h.t.Context())
		if took != 500*ms || !errors.Is(cause, context.DeadlineExceeded) {
			t.Errorf("the export was given %v and the cause %v", took, cause)
		}
		if err == nil || !strings.Contains(err.Error(), `target "a": export took longer than 500ms`) {
			t.Errorf("Flush = %v", err)
		}
		h.mustShut()
	})
}

func TestRejectedBatchesAreNotRepeated(t *testing.T) {
	bubble(t, "a", nil, func(h *harness) {
		h.sinks["a"].Next(exporttest.Reject(errDown))
		h.Start()
		h.record(3)
		if err := h.Flush(h.t.Context()); !errors.Is(err, export.ErrRejected) || !errors.Is(err, errDown) {
			t.Errorf("Flush = %v", err)
		}
		h.record(4)
		h.mustShut()
		if got := h.sinks["a"].sum(); got != 4 {
			t.Errorf("%d delivered, want the 4 after the rejected batch", got)
		}
	})
}

func TestAnAcknowledgementThatFailsIsAnError(t *testing.T) {
	bubble(t, "a", nil, func(h *harness) {
		h.record(3)
		h.sinks["a"].Next(func(ctx context.Context) error {
			// The checkpoint that is being exported is the last but one.
			_, err := h.sources["a"].Integrator.Checkpoint(ctx)
			return err
		})
		h.Start()
		if err := h.Flush(h.t.Context()); !errors.Is(err, registry.ErrSuperseded) || !strings.Contains(err.Error(), "will come again") {
			t.Errorf("Flush = %v", err)
		}
		h.mustShut()
		if got := h.sinks["a"].sum(); got != 6 {
			t.Errorf("%d delivered, want the 3 twice", got)
		}
	})
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	s := &source{}
	target := Target{Name: "a", Exporter: &exporttest.Recorder{}, Integrator: s}
	for says, options := range map[string]PushOptions{
		"Period is -1s":                {Period: -second, Targets: []Target{target}},
		"Timeout is -1s":               {Timeout: -second, Targets: []Target{target}},
		"Jitter is 1.5":                {Jitter: 1.5, Targets: []Target{target}},
		"there are no targets":         {},
		"target 1 has no name":         {Targets: []Target{target, {}}},
		`two targets are named "a"`:    {Targets: []Target{target, target}},
		`target "b" has no exporter`:   {Targets: []Target{{Name: "b"}}},
		`target "b" has no integrator`: {Targets: []Target{{Name: "b", Exporter: target.Exporter}}},
	} {
		if _, err := NewPush(options); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("NewPush = %v, want an error that says %s", err, says)
		}
	}
}

func TestFailuresAreLoggedOncePerSpell(t *testing.T) {
	var log strings.Builder
	bubble(t, "a", func(o *PushOptions) {
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	}, func(h *harness) {
		fail := exporttest.Fail(errDown)
		h.sinks["a"].Next(fail, fail, fail, exporttest.Deliver, exporttest.Panic("boom"))
		h.Start()
		time.Sleep(5*second + 1)
		h.mustShut()
	})
	for says, want := range map[string]int{"export failed": 1, "works again": 2, "backend is down": 1, "boom": 1, "target=a": 4} {
		if got := strings.Count(log.String(), says); got < 1 || says != "boom" && got != want {
			t.Errorf("%q is logged %d times, want %d:\n%s", says, got, want, log.String())
		}
	}
}
