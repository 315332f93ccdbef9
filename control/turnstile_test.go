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

	"github.com/metertree/metertree/integrate"
)

func TestBetweenWaitsForTheExportUnderWay(t *testing.T) {
	bubble(t, "a", nil, func(h *harness) {
		h.sinks["a"].Next(pause(300 * ms))
		h.record(1)
		h.Start()
		time.Sleep(1100 * ms)
		made := time.Duration(-1)
		err := h.Between(h.t.Context(), "a", func() error {
			made = time.Since(h.sinks["a"].start)
			if h.sinks["a"].only.inside.Load() {
				t.Error("the call was made during an export")
			}
			return errDown
		})
		if made != 1300*ms || !errors.Is(err, errDown) {
			t.Errorf("called at %v with %v, want at 1.3s with what the call returned", made, err)
		}
		h.mustShut()
		h.checkExact()
	})
}

func TestBetweenStopsWaitingWithItsContext(t *testing.T) {
	bubble(t, "a", nil, func(h *harness) {
		letGo := make(chan struct{})
		h.sinks["a"].Next(stubborn(letGo))
		h.Start()
		time.Sleep(1100 * ms)
		ctx, cancel := context.WithTimeout(h.t.Context(), 5*second)
		defer cancel()
		err := h.Between(ctx, "a", func() error {
			t.Error("the call was made")
			return nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "still in use") {
			t.Errorf("Between = %v", err)
		}
		close(letGo)
		h.mustShut()
	})
}

// TestExportsWaitForTheCall makes calls that outlast the timeout of an export,
// and that panic.
func TestExportsWaitForTheCall(t *testing.T) {
	bubble(t, "a b", nil, func(h *harness) {
		h.record(1)
		h.Start()
		time.Sleep(900 * ms)
		err := h.Between(h.t.Context(), "a", func() error {
			time.Sleep(1200 * ms)
			panic("boom")
		})
		var panicked *PanicError
		if !errors.As(err, &panicked) {
			t.Errorf("Between = %v, want the panic", err)
		}
		h.record(2)
		time.Sleep(2 * second)
		h.mustShut()
		h.checkExact()
		if got, want := h.sinks["a"].times()[:2], []time.Duration{2100 * ms, 3 * second}; !slices.Equal(got, want) {
			t.Errorf("exports of a at %v, want %v", got, want)
		}
		if got := h.sinks["b"].times()[0]; got != second {
			t.Errorf("the first export of b at %v, want at 1s: it waited for a", got)
		}
	})
}

func TestBetweenBeforeStartAndAfterShutdown(t *testing.T) {
	bubble(t, "a b", nil, func(h *harness) {
		calls := 0
		call := func() error {
			calls++
			return nil
		}
		if err := h.Between(h.t.Context(), "a", call); err != nil {
			t.Error(err)
		}
		h.Start()
		h.mustShut()
		if err := h.Between(h.t.Context(), "a", call); err != nil {
			t.Error(err)
		}
		if calls != 2 {
			t.Errorf("%d calls, want 2", calls)
		}
		err := h.Between(h.t.Context(), "c", call)
		if err == nil || !strings.Contains(err.Error(), `"c"`) || !strings.Contains(err.Error(), `"a", "b"`) {
			t.Errorf("Between of an unknown target = %v", err)
		}
	})
}

// TestCloseOfWhatIsLeftBehind closes an integrator whose exporter outlasts
// Shutdown: the exporter still reads all of its batch.
func TestCloseOfWhatIsLeftBehind(t *testing.T) {
	bubble(t, "a", nil, func(h *harness) {
		letGo := make(chan struct{})
		h.sinks["a"].Next(stubborn(letGo))
		h.record(1)
		h.Start()
		time.Sleep(1100 * ms)
		ctx, cancel := context.WithTimeout(h.t.Context(), second)
		defer cancel()
		if err := h.Shutdown(ctx); err == nil {
			t.Error("Shutdown waited for what ignores its context")
		}
		var group sync.WaitGroup
		group.Go(func() {
			err := h.Between(context.Background(), "a", func() error {
				h.sources["a"].Close()
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		close(letGo)
		group.Wait()
		if err := h.shut(); err == nil || !strings.Contains(err.Error(), `target "a": collection`) {
			t.Errorf("Shutdown = %v, want that the last export came too late", err)
		}
		h.checkExact()
	})
}

// TestPullBetween makes calls while many scrape: none overlaps a collection.
func TestPullBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTotals(t, 3)
		s.delay = 10 * ms
		pull := NewPull(s, PullOptions{})
		views, err := integrate.NewViews(integrate.View{Drop: []string{"zone"}})
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				for range 20 {
					if i%2 == 0 {
						for range pull.Collect(t.Context()) {
							time.Sleep(ms)
						}
						continue
					}
					err := pull.Between(t.Context(), func() error {
						defer s.only.enter()()
						time.Sleep(ms)
						return s.Replace(views)
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
	})
}

func TestPullBetweenStopsWaitingWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTotals(t, 1)
		letGo := make(chan struct{})
		s.answer = stubborn(letGo)
		pull := NewPull(s, PullOptions{})
		var group sync.WaitGroup
		group.Go(func() {
			for range pull.Collect(t.Context()) {
			}
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), second)
		defer cancel()
		err := pull.Between(ctx, func() error {
			t.Error("the call was made")
			return nil
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Between = %v", err)
		}
		close(letGo)
		group.Wait()
	})
}
