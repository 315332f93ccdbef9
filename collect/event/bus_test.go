package event

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// newBus returns a bus of one shard, and its registry.
func newBus[E any](t *testing.T, capacity int) (*Bus[E], *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	b, err := New[E](Options{Scope: meter.New(r), Shards: 1, Capacity: capacity})
	if err != nil {
		t.Fatal(err)
	}
	return b, r
}

// counted returns the value of a subscriber's series; ok is false if there is
// none.
func counted(r *registry.Registry, name, subscriber string) (v int64, ok bool) {
	for f := range r.Collect(context.Background()) {
		if f.Descriptor.Name != name {
			continue
		}
		for p := range f.Points {
			if p.Labels.String() == fmt.Sprintf("subscriber=%q", subscriber) {
				return p.Int, true
			}
		}
	}
	return 0, false
}

func expectCount(t *testing.T, r *registry.Registry, name, subscriber string, want int64) {
	t.Helper()
	if got, ok := counted(r, name, subscriber); !ok || got != want {
		t.Errorf("%s of %s is %d (there: %v), want %d", name, subscriber, got, ok, want)
	}
}

func mustSubscribe[E any](t *testing.T, b *Bus[E], name string, handle func(E)) (cancel func(context.Context) error) {
	t.Helper()
	cancel, err := b.Subscribe(name, handle)
	if err != nil {
		t.Fatal(err)
	}
	return cancel
}

func mustEnd(t *testing.T, end func(context.Context) error) {
	t.Helper()
	if err := end(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestAllSubscribersGetAllEventsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBus[int](t, 64)
		var metrics, audit []int
		mustSubscribe(t, b, "metrics", func(e int) { metrics = append(metrics, e) })
		mustSubscribe(t, b, "audit", func(e int) { audit = append(audit, e) })
		p := b.Publisher()
		var want []int
		for i := range 200 {
			p.Publish(i)
			want = append(want, i)
			if i%50 == 0 {
				time.Sleep(DefaultInterval)
			}
		}
		time.Sleep(DefaultInterval)
		synctest.Wait()
		if !slices.Equal(metrics, want) || !slices.Equal(audit, want) {
			t.Errorf("subscribers got %v and %v, want 0 to 199 in order", metrics, audit)
		}
		expectCount(t, r, "metertree_event_drops_total", "metrics", 0)
		mustEnd(t, b.Close)
	})
}

// Before an interval is over, subscribers are woken when a part of a ring fills.
func TestAFillingRingWakesTheSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBus[int](t, 8)
		got := 0
		mustSubscribe(t, b, "metrics", func(int) { got++ })
		p := b.Publisher()
		p.Publish(1)
		synctest.Wait()
		if got != 0 {
			t.Errorf("one event woke the subscriber")
		}
		p.Publish(2)
		synctest.Wait()
		if got != 2 {
			t.Errorf("a quarter of the ring gave %d events, want 2 at once", got)
		}
		mustEnd(t, b.Close)
	})
}

func TestASlowSubscriberDropsForItselfAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBus[int](t, 8)
		release := make(chan struct{})
		var slow, quick []int
		mustSubscribe(t, b, "slow", func(e int) { <-release; slow = append(slow, e) })
		mustSubscribe(t, b, "quick", func(e int) { quick = append(quick, e) })
		p := b.Publisher()
		for i := range 30 {
			p.Publish(i)
			synctest.Wait()
			time.Sleep(DefaultInterval)
		}
		if len(quick) != 30 {
			t.Errorf("beside a slow subscriber another got %d events of 30", len(quick))
		}
		// The slow one holds one event and has a ring of eight.
		expectCount(t, r, "metertree_event_drops_total", "slow", 21)
		expectCount(t, r, "metertree_event_drops_total", "quick", 0)
		close(release)
		mustEnd(t, b.Close)
		if want := []int{0, 1, 2, 3, 4, 5, 6, 7, 8}; !slices.Equal(slow, want) {
			t.Errorf("the slow subscriber got %v, want what was accepted: %v", slow, want)
		}
	})
}

func TestAPanicCostsOneEventOfOneSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBus[int](t, 64)
		var odd, all []int
		mustSubscribe(t, b, "panics", func(e int) {
			switch e % 3 {
			case 0:
				panic(e)
			case 1:
				runtime.Goexit()
			}
			odd = append(odd, e)
		})
		mustSubscribe(t, b, "calm", func(e int) { all = append(all, e) })
		p := b.Publisher()
		for i := range 30 {
			p.Publish(i)
			if i == 14 {
				time.Sleep(DefaultInterval)
			}
		}
		mustEnd(t, b.Close)
		if len(all) != 30 || len(odd) != 10 || !slices.IsSorted(odd) {
			t.Errorf("got %v and %v, want all of 30, and each third one in order", all, odd)
		}
		expectCount(t, r, "metertree_event_panics_total", "panics", 20)
		expectCount(t, r, "metertree_event_panics_total", "calm", 0)
	})
}

func TestCloseHandsOnWhatWasAcceptedAndRefusesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBus[int](t, 64)
		var got []int
		cancel := mustSubscribe(t, b, "metrics", func(e int) { got = append(got, e) })
		p := b.Publisher()
		p.Publish(1)
		p.Publish(2)
		mustEnd(t, b.Close)
		p.Publish(3)
		if !slices.Equal(got, []int{1, 2}) {
			t.Errorf("got %v, want the two events from before Close", got)
		}
		expectCount(t, r, "metertree_event_drops_total", "metrics", 1)
		if _, err := b.Subscribe("late", func(int) {}); !errors.Is(err, ErrClosed) {
			t.Errorf("Subscribe after Close returned %v, want ErrClosed", err)
		}
		mustEnd(t, b.Close)
		mustEnd(t, cancel)
	})
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBus[int](t, 64)
		release := make(chan struct{})
		var got []int
		cancel := mustSubscribe(t, b, "stuck", func(e int) { <-release; got = append(got, e) })
		p := b.Publisher()
		p.Publish(1)
		p.Publish(2)
		ctx, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		for _, end := range []func(context.Context) error{b.Close, cancel} {
			if err := end(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `"stuck"`) {
				t.Errorf("with a stuck subscriber the error is %v, want a deadline exceeded that names it", err)
			}
		}
		close(release)
		mustEnd(t, b.Close)
		mustEnd(t, cancel)
		if len(got) != 2 {
			t.Errorf("the subscriber got %v at last, want both events", got)
		}
	})
}

func TestCancelEndsTheSubscriptionAndItsSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBus[int](t, 64)
		var first, second []int
		cancel := mustSubscribe(t, b, "metrics", func(e int) { first = append(first, e) })
		if _, err := b.Subscribe("metrics", func(int) {}); err == nil {
			t.Error("two subscribers of one name were accepted")
		}
		before := *b.subscribers.Load()
		p := b.Publisher()
		p.Publish(1)
		mustEnd(t, cancel)
		p.Publish(2)
		// As a publisher does that had begun before.
		missed := 2
		before[0].offer(0, &missed)
		if _, ok := counted(r, "metertree_event_drops_total", "metrics"); ok {
			t.Error("the series of a cancelled subscription are still there")
		}
		mustSubscribe(t, b, "metrics", func(e int) { second = append(second, e) })
		mustEnd(t, cancel)
		expectCount(t, r, "metertree_event_drops_total", "metrics", 0)
		p.Publish(3)
		mustEnd(t, b.Close)
		if !slices.Equal(first, []int{1}) || !slices.Equal(second, []int{3}) {
			t.Errorf("got %v and %v, want [1] and [3]", first, second)
		}
	})
}

func TestZeroPublisherPublishesNothing(*testing.T) {
	var p Publisher[int]
	p.Publish(1)
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []Options{{Shards: -1}, {Capacity: -1}, {Interval: -1}} {
		if _, err := New[int](o); err == nil {
			t.Errorf("options %+v were accepted", o)
		}
	}
	scope := meter.New(registry.New(registry.Options{}))
	scope.Gauge("metertree_event_drops_total")
	if _, err := New[int](Options{Scope: scope}); err == nil {
		t.Error("a conflicting metric was accepted")
	}
	b, err := New[int](Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Subscribe("", func(int) {}); err == nil {
		t.Error("a subscriber without a name was accepted")
	}
	if _, err := b.Subscribe("metrics", nil); err == nil {
		t.Error("a subscriber without a function was accepted")
	}
}

// However publishers, subscribers that come and go, and Close meet: every event
// is either handled or dropped, and each publisher's are in order.
func TestEveryEventIsHandledOrCounted(t *testing.T) {
	type numbered struct{ publisher, number int }
	const publishers, events = 4, 20_000
	r := registry.New(registry.Options{})
	b, err := New[numbered](Options{Scope: meter.New(r), Shards: 3, Capacity: 256, Interval: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"metrics", "audit"}
	handled := map[string]*int64{}
	for _, name := range names {
		n, last := new(int64), [publishers]int{}
		handled[name] = n
		mustSubscribe(t, b, name, func(e numbered) {
			if e.number <= last[e.publisher] {
				t.Errorf("%s: event %d of publisher %d came after event %d", name, e.number, e.publisher, last[e.publisher])
			}
			last[e.publisher] = e.number
			*n++
		})
	}
	var all sync.WaitGroup
	late := make(chan struct{})
	for i := range publishers {
		p := b.Publisher()
		all.Go(func() {
			for n := range events {
				if i == 0 && n == events-events/10 {
					close(late)
				}
				p.Publish(numbered{i, n + 1})
			}
		})
	}
	all.Go(func() {
		for range 50 {
			cancel, err := b.Subscribe("passing", func(numbered) {})
			if errors.Is(err, ErrClosed) {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			mustEnd(t, cancel)
		}
	})
	all.Go(func() {
		<-late
		mustEnd(t, b.Close)
	})
	all.Wait()
	mustEnd(t, b.Close)
	for _, name := range names {
		drops, _ := counted(r, "metertree_event_drops_total", name)
		if got := *handled[name] + drops; got != publishers*events {
			t.Errorf("%s: %d handled and %d dropped make %d, want %d", name, *handled[name], drops, got, publishers*events)
		}
	}
}
