package observer

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAHungComponentDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Timeout: time.Second, DownAfter: time.Minute})
		release := make(chan struct{})
		var calls atomic.Int32
		add(t, r, "hung", func(context.Context) Status {
			calls.Add(1)
			<-release
			return Healthy("at last")
		})
		add(t, r, "quick", func(context.Context) Status { return Healthy("now") })
		asked := time.Now()
		look := func(took time.Duration, health Health, state string) {
			t.Helper()
			start := time.Now()
			got := r.Components(t.Context())
			if d := time.Since(start); d != took {
				t.Errorf("looking took %v, want %v", d, took)
			}
			if got[1].Name != "quick" || got[1].Health != Up {
				t.Errorf("got %+v", got[1])
			}
			if h := got[0]; h.Health != health || h.State != state || !h.Since.Equal(asked) ||
				h.UnansweredSince == nil || !h.UnansweredSince.Equal(asked) || h.CheckedAt != nil {
				t.Errorf("got %+v, want %s %q", h, health, state)
			}
		}
		look(1100*time.Millisecond, Unknown, "no answer for 1s")
		look(0, Unknown, "no answer for 1s")
		time.Sleep(10 * time.Second)
		look(0, Unknown, "no answer for 11s")
		time.Sleep(time.Minute)
		look(0, Down, "no answer for 1m11s")
		if n := calls.Load(); n != 1 {
			t.Errorf("observed %d times at once", n)
		}
		close(release)
		synctest.Wait()
		answered := time.Now()
		got := r.Components(t.Context())[0]
		if got.Health != Up || got.State != "at last" || got.UnansweredSince != nil || !got.Since.Equal(answered) {
			t.Errorf("after it answered: %+v", got)
		}
	})
}

// Nobody knows how a component was while it hung, so its health begins anew.
func TestSinceBeginsAnewAfterHanging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Timeout: time.Second})
		var wait atomic.Int64
		add(t, r, "store", func(context.Context) Status {
			time.Sleep(time.Duration(wait.Load()))
			return Healthy("open")
		})
		r.Components(t.Context())
		time.Sleep(time.Minute)
		wait.Store(int64(10 * time.Second))
		if got := r.Components(t.Context())[0]; got.State != "no answer for 1s; was up before" || got.Health != Unknown {
			t.Errorf("while it hangs: %+v", got)
		}
		time.Sleep(10 * time.Second)
		answered := time.Now().Add(-1100 * time.Millisecond)
		wait.Store(0)
		if got := r.Components(t.Context())[0]; got.Health != Up || !got.Since.Equal(answered) {
			t.Errorf("up since %v, want %v", got.Since, answered)
		}
	})
}

// A function that ends when its context does tells why itself.
func TestAComponentMayAnswerWhenItsTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Timeout: time.Second})
		add(t, r, "store", func(ctx context.Context) Status {
			<-ctx.Done()
			return Failing(fmt.Errorf("pinging: %w", ctx.Err()))
		})
		got, _ := r.Component(t.Context(), "store")
		if got.Health != Down || got.LastError != "pinging: context deadline exceeded" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestHangingComponentsDoNotKeepTheirPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Timeout: time.Second, MaxConcurrent: 2})
		release := make(chan struct{})
		for i := range 2 {
			add(t, r, fmt.Sprintf("hung-%d", i), func(context.Context) Status {
				<-release
				return Status{}
			})
		}
		r.Components(t.Context())
		var most, now atomic.Int32
		for i := range 6 {
			add(t, r, fmt.Sprintf("quick-%d", i), func(context.Context) Status {
				n := now.Add(1)
				defer now.Add(-1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				time.Sleep(100 * time.Millisecond)
				return Healthy("")
			})
		}
		for _, got := range r.Components(t.Context()) {
			if strings.HasPrefix(got.Name, "quick") && got.Health != Up {
				t.Errorf("got %+v", got)
			}
		}
		if most.Load() != 2 {
			t.Errorf("%d were asked at once, want 2", most.Load())
		}
		close(release)
	})
}

func TestTooManySlowComponentsAreToldApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Timeout: time.Second, MaxConcurrent: 1})
		release := make(chan struct{})
		for i := range 4 {
			add(t, r, fmt.Sprint(i), func(context.Context) Status {
				<-release
				return Status{}
			})
		}
		start := time.Now()
		waiting := 0
		for _, got := range r.Components(t.Context()) {
			if got.Health != Unknown {
				t.Errorf("got %+v", got)
			}
			if strings.HasPrefix(got.State, "not asked") {
				waiting++
			}
		}
		if took := time.Since(start); took != 2*time.Second || waiting != 2 {
			t.Errorf("took %v, and %d were not asked", took, waiting)
		}
		close(release)
	})
}

func TestRemoveEndsAnObservation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{MaxConcurrent: 1})
		var ended []string
		wait := func(name string) func(context.Context) Status {
			return func(ctx context.Context) Status {
				<-ctx.Done()
				ended = append(ended, name)
				return Status{}
			}
		}
		first := add(t, r, "first", wait("first"))
		go r.Component(t.Context(), "first")
		synctest.Wait()
		second := add(t, r, "second", wait("second"))
		go r.Component(t.Context(), "second")
		synctest.Wait()
		second() // it waits for the place of the first
		synctest.Wait()
		first()
		synctest.Wait()
		if len(ended) != 1 || ended[0] != "first" {
			t.Errorf("ended %q", ended)
		}
		if _, ok := r.Component(t.Context(), "first"); ok {
			t.Error("still there")
		}
	})
}

// faulty is an error that cannot be asked what it is.
type faulty struct{ why *string }

func (f *faulty) Error() string { return *f.why }

func TestPanicsAreFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		observe func(context.Context) Status
		want    string
	}{
		"a panic":         {func(context.Context) Status { panic("no such shard") }, "panicked: no such shard"},
		"a faulty error":  {func(context.Context) Status { return Failing(&faulty{}) }, "nil pointer"},
		"an ended thread": {func(context.Context) Status { runtime.Goexit(); return Status{} }, "ended its goroutine"},
	} {
		t.Run(name, func(t *testing.T) {
			r := New(Options{})
			add(t, r, "store", tt.observe)
			for range 2 {
				got := r.Components(t.Context())[0]
				if got.Health != Down || !strings.Contains(got.LastError, tt.want) {
					t.Errorf("got %+v, want %q", got, tt.want)
				}
			}
		})
	}
}

func TestLastErrorsTellSinceWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		var store Reported
		add(t, r, "store", store.Observe)
		look := func(s Status, first, last time.Time) {
			t.Helper()
			store.Set(s)
			got := r.Components(t.Context())[0]
			if !got.LastErrorSince.Equal(first) || !got.LastErrorAt.Equal(last) || !got.CheckedAt.Equal(time.Now()) {
				t.Errorf("error from %v to %v, checked %v, want %v to %v", got.LastErrorSince, got.LastErrorAt, got.CheckedAt, first, last)
			}
			time.Sleep(time.Minute)
		}
		begin := time.Now()
		at := func(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }
		full := Failing(errors.New("disk full"))
		look(full, at(0), at(0))
		look(full, at(0), at(1))
		look(Failing(errors.New("disk gone")), at(2), at(2))
		look(Healthy("open"), at(2), at(2))
		look(Failing(errors.New("disk gone")), at(4), at(4))
	})
}

func TestFindings(t *testing.T) {
	long := strings.Repeat("é", maxText)
	if got := found(Failing(errors.New(long))).err; len(got) > maxText+4 || !strings.HasPrefix(long, strings.TrimSuffix(got, "…")) {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	if got := found(Healthy("a\xffb")).state; got != "a\uFFFDb" {
		t.Errorf("got %q", got)
	}
	if got := found(Status{Health: "fine"}); got.health != Unknown || !strings.Contains(got.state, `"fine"`) {
		t.Errorf("got %+v", got)
	}
	if got := found(Status{}); got.health != Unknown {
		t.Errorf("got %+v", got)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 1500 * time.Microsecond: "2ms", 59999 * time.Millisecond: "59s", time.Minute: "1m0s",
		3*time.Hour + 20*time.Minute: "3h20m", 50 * time.Hour: "2d2h",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	r := New(Options{MaxConcurrent: 2})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			name := fmt.Sprint(i)
			for range 20 {
				remove, err := r.Add(name, func(context.Context) Status { return Healthy("") })
				if err != nil {
					t.Error(err)
					return
				}
				r.Components(t.Context())
				if got, ok := r.Component(t.Context(), name); !ok || got.Health != Up {
					t.Errorf("got %+v", got)
				}
				remove()
			}
		})
	}
	all.Wait()
	if got := r.Components(t.Context()); len(got) != 0 {
		t.Errorf("left: %+v", got)
	}
}
