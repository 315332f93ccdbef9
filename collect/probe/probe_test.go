package probe

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/collect/internal/collecttest"
	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func newProbe(t *testing.T, check func(context.Context) error) (*Probe, *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	return probeIn(t, r, "storage", check), r
}

func probeIn(t *testing.T, r *registry.Registry, component string, check func(context.Context) error) *Probe {
	t.Helper()
	p, err := New(meter.New(r).Scope("probe"), Config{Component: component, Check: check, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var errBroken = errors.New("broken")

// works answers after some time.
func works(ctx context.Context) error { return after(ctx, 20*time.Millisecond) }

// hangs answers when its context ends.
func hangs(ctx context.Context) error { return after(ctx, time.Hour) }

func after(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ignores answers late, whatever its context says.
func ignores(context.Context) error { time.Sleep(time.Minute); return nil }

func breaks(context.Context) error    { return errBroken }
func panics(context.Context) error    { panic("broken") }
func unknowing(context.Context) error { return collect.ErrUnknown }

func TestGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry.New(registry.Options{})
		for component, check := range map[string]func(context.Context) error{
			"storage": works, "retrieval": hangs, "model": breaks, "service": panics, "queue": unknowing,
		} {
			_ = probeIn(t, r, component, check).Run(t.Context())
		}
		// At a time that the order of the map has no part in.
		late := probeIn(t, r, "storage", works)
		time.Sleep(time.Until(time.Unix(946684860, 0)))
		_ = late.Run(t.Context())
		collecttest.Golden(t, r, prometheus.Write, "probe")
	})
}

func TestOutcomes(t *testing.T) {
	for name, tt := range map[string]struct {
		check  func(context.Context) error
		reason string
		want   error
	}{
		"works":   {works, "", nil},
		"breaks":  {breaks, "error", errBroken},
		"hangs":   {hangs, "timeout", context.DeadlineExceeded},
		"ignores": {ignores, "timeout", context.DeadlineExceeded},
		"panics":  {panics, "panic", nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, r := newProbe(t, tt.check)
			err := p.Run(t.Context())
			if tt.want != nil && !errors.Is(err, tt.want) || (err == nil) != (tt.reason == "") {
				t.Errorf("%s: err = %v, want %v", name, err, tt.want)
			}
			v := collecttest.Values(t, r)
			for _, reason := range []string{"error", "timeout", "panic"} {
				want := 0.0
				if reason == tt.reason {
					want = 1
				}
				if got := v[`probe_failures_total{component="storage",reason="`+reason+`"}`]; got != want {
					t.Errorf("%s: %v failures by %s, want %v", name, got, reason, want)
				}
			}
			up, known := v[`probe_up{component="storage"}`]
			if !known || (up == 1) != (err == nil) || (v[`probe_last_success_timestamp_seconds{component="storage"}`] > 0) != (err == nil) {
				t.Errorf("%s: got %v", name, v)
			}
			if got := v[`probe_duration_seconds{component="storage"}`]; got != 1 {
				t.Errorf("%s: %v durations", name, got)
			}
		})
	}
}

func TestAPanicIsToldWithItsPlace(t *testing.T) {
	p, _ := newProbe(t, panics)
	if err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "probe.panics") {
		t.Errorf("err = %v, want one that names the function", err)
	}
}

func TestACheckThatEndsItsGoroutine(t *testing.T) {
	p, r := newProbe(t, func(context.Context) error { runtime.Goexit(); return nil })
	var all sync.WaitGroup
	all.Go(func() { _ = p.Run(t.Context()) })
	all.Wait()
	if v := collecttest.Values(t, r); v[`probe_failures_total{component="storage",reason="panic"}`] != 1 || p.current != nil {
		t.Errorf("got %v, current %v", v, p.current)
	}
}

// The failure shows when the time is up, not when the check comes back, and the
// check is not run again meanwhile.
func TestATimeoutShowsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		p, r := newProbe(t, func(ctx context.Context) error { calls.Add(1); return ignores(ctx) })
		var first sync.WaitGroup
		first.Go(func() {
			if err := p.Run(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("first: err = %v", err)
			}
		})
		time.Sleep(2 * time.Second)
		if err := p.Run(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("second: err = %v", err)
		}
		v := collecttest.Values(t, r)
		if up, known := v[`probe_up{component="storage"}`]; up != 0 || !known || calls.Load() != 1 {
			t.Errorf("up = %v, known %v after %d calls", up, known, calls.Load())
		}
		first.Wait()
		if got := collecttest.Values(t, r)[`probe_failures_total{component="storage",reason="timeout"}`]; got != 1 {
			t.Errorf("%v timeouts, want 1", got)
		}
	})
}

func TestRunsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		p, _ := newProbe(t, func(ctx context.Context) error { calls++; return works(ctx) })
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := p.Run(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		synctest.Wait()
		if err := p.Run(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who does not wait got %v", err)
		}
		all.Wait()
		if calls != 1 {
			t.Errorf("the check ran %d times", calls)
		}
	})
}

func TestCancellationSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, r := newProbe(t, hangs)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		if err := p.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
		v := collecttest.Values(t, r)
		if _, known := v[`probe_up{component="storage"}`]; known {
			t.Errorf("got %v", v)
		}
		for _, series := range []string{
			`probe_failures_total{component="storage",reason="error"}`,
			`probe_failures_total{component="storage",reason="timeout"}`,
			`probe_duration_seconds{component="storage"}`,
		} {
			if got, found := v[series]; got != 0 || !found {
				t.Errorf("%s = %v, there %v, want 0", series, got, found)
			}
		}
	})
}

func TestUnknownEndsTheSeries(t *testing.T) {
	answer := error(nil)
	p, r := newProbe(t, func(context.Context) error { return answer })
	for _, answer = range []error{collect.ErrUnknown, nil, collect.ErrUnknown, errBroken} {
		_ = p.Run(t.Context())
		_, known := collecttest.Values(t, r)[`probe_up{component="storage"}`]
		if known == errors.Is(answer, collect.ErrUnknown) {
			t.Errorf("after %v: known %v", answer, known)
		}
	}
}

func TestRepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		p, _ := newProbe(t, func(context.Context) error { calls++; return nil })
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Second)
		defer cancel()
		p.Repeat(ctx, 10*time.Second)
		if calls != 4 {
			t.Errorf("%d runs, want those after 0, 10, 20 and 30 seconds", calls)
		}
	})
}

// A refresher can run the probe beside those of its own kind.
func TestCollector(t *testing.T) {
	p, r := newProbe(t, breaks)
	refresher, err := collect.NewRefresher(collect.Options{Scope: meter.New(r)})
	if err != nil {
		t.Fatal(err)
	}
	own, err := collect.Probe(meter.New(r), "service", func(context.Context) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]collect.Collector{"storage": p.Collector(), "service": own} {
		if _, err := refresher.Add(name, c, collect.Schedule{}); err != nil {
			t.Fatal(err)
		}
	}
	v := collecttest.Values(t, r)
	if up, known := v[`probe_up{component="storage"}`]; up != 0 || !known || v[`probe_up{component="service"}`] != 1 {
		t.Errorf("got %v", v)
	}
	if err := refresher.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for want, config := range map[string]Config{
		"Config.Component": {Check: works},
		"Config.Check":     {Component: "storage"},
		"-1s":              {Component: "storage", Check: works, Timeout: -time.Second},
	} {
		if _, err := New(meter.Scope{}, config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want one that names %s", err, want)
		}
	}
	scope := meter.New(registry.New(registry.Options{}))
	scope.Counter("up")
	if _, err := New(scope, Config{Component: "storage", Check: works}); err == nil {
		t.Error("a counter and a gauge share the name up")
	}
}
