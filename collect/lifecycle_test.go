package collect_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/collect/event"
	"github.com/metertree/metertree/meter"
)

func TestACollectorIsSharedUntilTheLastRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		reads := 0
		source := number(scope, "n", func(context.Context) (float64, error) { reads++; return 1, nil })
		first := mustAdd(t, refresher, "n", source, always)
		second := mustAdd(t, refresher, "n", source, always)
		ctx := context.Background()
		expect(t, shown(ctx, r), `n{component="a"} 1`)
		if reads != 1 {
			t.Errorf("a shared source was asked %d times, want once", reads)
		}
		mustEnd(t, first.Release)
		mustEnd(t, first.Release)
		expect(t, shown(ctx, r), `n{component="a"} 1`)
		mustEnd(t, second.Release)
		expect(t, shown(ctx, r))
		expect(t, own(ctx, r))
		third := mustAdd(t, refresher, "n", source, always)
		expect(t, shown(ctx, r), `n{component="a"} 1`)
		mustEnd(t, second.Release)
		expect(t, shown(ctx, r), `n{component="a"} 1`)
		mustEnd(t, refresher.Close)
		expect(t, shown(ctx, r))
		expect(t, own(ctx, r))
		mustEnd(t, third.Release)
		if reads != 4 {
			t.Errorf("the source was asked %d times, want 4 and none after Close", reads)
		}
	})
}

// A collector released while its source is being read shows nothing any more,
// whatever the source then tells, and Release waits for it.
func TestReleaseDuringARead(t *testing.T) {
	for name, honours := range map[string]bool{"a source that honours its context": true, "one that does not": false} {
		synctest.Test(t, func(t *testing.T) {
			refresher, scope, r := newRefresher(t, collect.Options{})
			hang := make(chan struct{})
			returned := false
			h := mustAdd(t, refresher, "n", number(scope, "n", func(ctx context.Context) (float64, error) {
				if honours {
					<-ctx.Done()
				} else {
					<-hang
				}
				returned = true
				return 1, nil
			}), always)
			go refresher.Refresh(context.Background())
			synctest.Wait()
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			err := h.Release(ctx)
			if honours && (err != nil || !returned) {
				t.Errorf("%s: Release returned %v, and the source had returned: %v", name, err, returned)
			}
			if !honours && (!errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `"n"`)) {
				t.Errorf("%s: Release returned %v, want a deadline exceeded that names the collector", name, err)
			}
			close(hang)
			synctest.Wait()
			expect(t, shown(context.Background(), r))
			expect(t, own(context.Background(), r))
			mustEnd(t, refresher.Close)
		})
	}
}

// A run that waits for its turn ends when its collector is released.
func TestReleaseOfACollectorThatWaitsForItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, _ := newRefresher(t, collect.Options{Concurrency: 1})
		hang := make(chan struct{})
		var handles []*collect.Handle
		for i := range 2 {
			name := fmt.Sprintf("n%d", i)
			handles = append(handles, mustAdd(t, refresher, name, number(scope, name, func(ctx context.Context) (float64, error) {
				select {
				case <-hang:
				case <-ctx.Done():
				}
				return 1, nil
			}), collect.Schedule{Timeout: time.Hour}))
		}
		go refresher.Refresh(context.Background())
		synctest.Wait()
		start := time.Now()
		for _, h := range handles {
			mustEnd(t, h.Release)
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("two releases waited %v", waited)
		}
		mustEnd(t, refresher.Close)
	})
}

func TestCloseWithASourceThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		hang := make(chan struct{})
		mustAdd(t, refresher, "hangs", number(scope, "n", func(context.Context) (float64, error) { <-hang; return 1, nil }), always)
		mustAdd(t, refresher, "works", number(scope, "m", func(context.Context) (float64, error) { return 1, nil }), always)
		shown(context.Background(), r)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := refresher.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `"hangs"`) || strings.Contains(err.Error(), `"works"`) {
			t.Errorf("Close returned %v, want a deadline exceeded for the source that hangs alone", err)
		}
		expect(t, shown(context.Background(), r))
		close(hang)
	})
}

// What a subscriber tells after its collector was released has no effect.
func TestUpdatesAfterTheRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		counter := scope.Counter("c_total", meter.Keys("status"))
		hold := make(chan struct{})
		ended := make(chan struct{})
		source := func(_ string, handle func(int64)) (func(context.Context) error, error) {
			go func() {
				defer close(ended)
				handle(1)
			}()
			return func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil
		}
		h := mustAdd(t, refresher, "c", collect.Events(source, func(v int64, out *collect.Updates) {
			out.Add(counter, v, "ok")
			<-hold
			out.Add(counter, v, "ok")
		}), collect.Schedule{})
		synctest.Wait()
		expect(t, shown(context.Background(), r), `c_total{status="ok"} 1`)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := h.Release(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Release returned %v, want a deadline exceeded", err)
		}
		close(hold)
		<-ended
		expect(t, shown(context.Background(), r))
		mustEnd(t, refresher.Close)
		mustEnd(t, new(collect.Handle).Release)
	})
}

// An event collector that is added again while the last one still counts what
// had happened takes over its series.
func TestAnEventCollectorThatIsAddedAgainGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		bus, err := event.New[int64](event.Options{Scope: scope, Shards: 1})
		if err != nil {
			t.Fatal(err)
		}
		counter := scope.Counter("c_total", meter.Keys("status"))
		hold := make(chan struct{})
		collector := collect.Events(bus.Subscribe, func(v int64, out *collect.Updates) {
			if v == 1 {
				<-hold
			}
			out.Add(counter, v, "ok")
		})
		h := mustAdd(t, refresher, "c", collector, collect.Schedule{})
		events := bus.Publisher()
		events.Publish(1)
		time.Sleep(event.DefaultInterval)
		synctest.Wait()
		var release sync.WaitGroup
		release.Go(func() { mustEnd(t, h.Release) })
		synctest.Wait()
		again := mustAdd(t, refresher, "c", collector, collect.Schedule{})
		events.Publish(10)
		time.Sleep(event.DefaultInterval)
		synctest.Wait()
		close(hold)
		release.Wait()
		expect(t, shown(context.Background(), r), `c_total{status="ok"} 11`)
		mustEnd(t, again.Release)
		expect(t, shown(context.Background(), r))
		mustEnd(t, bus.Close)
		mustEnd(t, refresher.Close)
	})
}

// Everything at once, for the race detector; nothing of a collector is left at
// the end.
func TestAllAtOnce(t *testing.T) {
	refresher, scope, r := newRefresher(t, collect.Options{Concurrency: 2})
	var all sync.WaitGroup
	for i := range 3 {
		all.Go(func() {
			for n := range 60 {
				name := fmt.Sprintf("n%d", (i+n)%4)
				h, err := refresher.Add(name, number(scope, name, func(context.Context) (float64, error) {
					if n%7 == 0 {
						panic("lost")
					}
					return float64(n), nil
				}), always)
				if err != nil {
					t.Error(err)
					return
				}
				refresher.Refresh(context.Background())
				mustEnd(t, h.Release)
			}
		})
	}
	all.Go(func() {
		for range 60 {
			shown(context.Background(), r)
		}
	})
	all.Wait()
	expect(t, shown(context.Background(), r))
	expect(t, own(context.Background(), r))
	mustEnd(t, refresher.Close)
}
