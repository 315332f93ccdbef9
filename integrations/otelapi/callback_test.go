package otelapi_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"

	"github.com/metertree/metertree/integrations/otelapi"
	"github.com/metertree/metertree/registry"
)

// observe registers a callback of one gauge.
func (s *setup) observe(t *testing.T, name string, call func(context.Context, func(int64, ...api.ObserveOption)) error) {
	t.Helper()
	if _, err := s.Meter("lib").Int64ObservableGauge(name, api.WithInt64Callback(func(ctx context.Context, o api.Int64Observer) error {
		return call(ctx, o.Observe)
	})); err != nil {
		t.Fatal(err)
	}
}

func TestLateCallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, registry.Options{}, otelapi.Options{CallbackTimeout: time.Second})
		wait, calls := make(chan struct{}), 0
		s.observe(t, "slow", func(_ context.Context, observe func(int64, ...api.ObserveOption)) error {
			calls++
			observe(int64(calls))
			if calls == 2 {
				<-wait
			}
			return nil
		})
		s.observe(t, "quick", func(_ context.Context, observe func(int64, ...api.ObserveOption)) error {
			observe(7)
			return nil
		})
		expect := func(slow float64) {
			t.Helper()
			s.expect(t, "slow", map[string]float64{"otel_scope_name=lib": slow})
			s.expect(t, "quick", map[string]float64{"otel_scope_name=lib": 7})
		}
		expectOnce := func(slow float64) {
			t.Helper()
			if got := s.values("slow")["otel_scope_name=lib"]; got != slow {
				t.Errorf("slow shows %v, want %v", got, slow)
			}
		}
		expectOnce(1)
		began := time.Now()
		expectOnce(1)
		if took := time.Since(began); took != time.Second {
			t.Errorf("the collection took %s, want the timeout", took)
		}
		if s.reported("has not returned") != 1 {
			t.Errorf("reported %q, want the late callback once", s.told)
		}
		// Nobody waits for it again.
		began = time.Now()
		expect(1)
		if took := time.Since(began); took != 0 || calls != 2 || s.reported("has not returned") != 1 {
			t.Errorf("collections that know of the late callback took %s, and it was called %d times", took, calls)
		}
		close(wait)
		synctest.Wait()
		expectOnce(3)
		if err := s.Shutdown(background); err != nil {
			t.Error(err)
		}
	})
}

func TestCallbackIsToldOfTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, registry.Options{}, otelapi.Options{CallbackTimeout: time.Minute})
		s.observe(t, "slow", func(ctx context.Context, observe func(int64, ...api.ObserveOption)) error {
			observe(1)
			<-ctx.Done()
			return context.Cause(ctx)
		})
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		began := time.Now()
		for f := range s.registry.Collect(ctx) {
			_ = f
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("a collection with a deadline took %s", took)
		}
		synctest.Wait()
		if s.reported(context.DeadlineExceeded.Error()) == 0 {
			t.Errorf("reported %q, want the deadline", s.told)
		}
		if err := s.Shutdown(background); err != nil {
			t.Error(err)
		}
	})
}

func TestShutdownWaitsForCallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, registry.Options{}, otelapi.Options{CallbackTimeout: time.Hour})
		stubborn := make(chan struct{})
		s.observe(t, "polite", func(ctx context.Context, _ func(int64, ...api.ObserveOption)) error {
			<-ctx.Done()
			return nil
		})
		s.observe(t, "stubborn", func(context.Context, func(int64, ...api.ObserveOption)) error {
			<-stubborn
			return nil
		})
		var collecting sync.WaitGroup
		collecting.Go(func() { s.values("polite") })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("shutting down beside a callback that does not return: %v", err)
		}
		close(stubborn)
		if err := s.Shutdown(background); err != nil {
			t.Errorf("shutting down again: %v", err)
		}
		collecting.Wait()
	})
}

// TestConcurrentCollectionsShareACall lets two collections need one callback.
func TestConcurrentCollectionsShareACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, registry.Options{}, otelapi.Options{CallbackTimeout: time.Hour})
		calls, wait := 0, make(chan struct{})
		s.observe(t, "observed", func(_ context.Context, observe func(int64, ...api.ObserveOption)) error {
			calls++
			<-wait
			observe(7)
			return nil
		})
		var collecting sync.WaitGroup
		for range 2 {
			collecting.Go(func() { s.expect(t, "observed", map[string]float64{"otel_scope_name=lib": 7}) })
		}
		synctest.Wait()
		close(wait)
		collecting.Wait()
		if calls != 1 {
			t.Errorf("called %d times, want once", calls)
		}
	})
}

func TestCallbackThatEndsItsGoroutine(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	s.observe(t, "observed", func(_ context.Context, observe func(int64, ...api.ObserveOption)) error {
		observe(1)
		runtime.Goexit()
		return nil
	})
	for range 2 {
		s.expect(t, "observed", map[string]float64{"otel_scope_name=lib": 1})
	}
	if s.reported("ended its goroutine") != 1 {
		t.Errorf("reported %q", s.told)
	}
}

// TestObservationsOfOneSet are added up for sums, and the last is that of a gauge.
func TestObservationsOfOneSet(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	m := s.Meter("lib")
	g, err := m.Int64ObservableGauge("gauge")
	if err != nil {
		t.Fatal(err)
	}
	c, err := m.Float64ObservableCounter("counter")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		if _, err := m.RegisterCallback(func(_ context.Context, o api.Observer) error {
			for k := range 2 {
				o.ObserveInt64(g, int64(n*2+k))
				o.ObserveFloat64(c, float64(n*2+k), with(attribute.Int("a", 1)))
			}
			return nil
		}, g, c); err != nil {
			t.Fatal(err)
		}
	}
	s.expect(t, "gauge", map[string]float64{"otel_scope_name=lib": 3})
	s.expect(t, "counter_total", map[string]float64{"a=1,otel_scope_name=lib": 6})
}

// TestObservedDeltas reads observed totals as an exporter of deltas does.
func TestObservedDeltas(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	total := int64(0)
	if _, err := s.Meter("lib").Int64ObservableCounter("observed", api.WithInt64Callback(func(_ context.Context, o api.Int64Observer) error {
		o.Observe(total, with(attribute.Int64("n", total%2)))
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	reader := s.registry.NewReader()
	defer reader.Close()
	for _, step := range []struct{ total, delta int64 }{{10, 10}, {14, 4}, {14, 0}, {2, 2}} {
		total = step.total
		if got := readDelta(t, reader, "observed_total"); got != step.delta {
			t.Errorf("at %d the delta is %d, want %d", step.total, got, step.delta)
		}
	}
}
