package event

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/meter"
)

// subscription is one subscriber of a bus.
type subscription[E any] struct {
	bus           *Bus[E]
	name          string
	handle        func(E)
	drops, panics meter.BoundCounter
	// rings has one for each shard.
	rings []*ring[E]
	// part is how many events fill another part of a ring, less one.
	part uint64
	// wake holds a token when there is more than an interval should wait for.
	wake chan struct{}
	// cancelled is set when the subscriber wants no more events, so that those
	// it does not get are not counted.
	cancelled atomic.Bool

	endOnce sync.Once
	// ending is closed when no event will come any more, and ended when the
	// goroutine is about to end.
	ending, ended chan struct{}
}

func newSubscription[E any](b *Bus[E], name string, handle func(E)) *subscription[E] {
	s := &subscription[E]{
		bus:    b,
		name:   name,
		handle: handle,
		drops:  b.drops.Bind(name),
		panics: b.panics.Bind(name),
		part:   uint64(max(b.options.Capacity/4, 1)) - 1,
		wake:   make(chan struct{}, 1),
		ending: make(chan struct{}),
		ended:  make(chan struct{}),
	}
	for range b.options.Shards {
		s.rings = append(s.rings, newRing[E](b.options.Capacity))
	}
	return s
}

// offer appends an event, or counts that there is no room for it.
func (s *subscription[E]) offer(shard int, e *E) {
	count, ok := s.rings[shard].push(e)
	if !ok {
		if !s.cancelled.Load() {
			s.drops.Inc()
		}
		return
	}
	if count&s.part == 0 {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// run is the goroutine of the subscriber. A function that ends it, as a panic
// would, goes on in another one.
func (s *subscription[E]) run() {
	over := false
	defer func() {
		if !over {
			s.panics.Inc()
			go s.run()
			return
		}
		close(s.ended)
	}()
	tick := time.NewTicker(s.bus.options.Interval)
	defer tick.Stop()
	for ending := false; !ending; {
		select {
		case <-s.wake:
		case <-tick.C:
		case <-s.ending:
			ending = true
		}
		for !s.deliver((*ring[E]).pop) {
		}
	}
	for !s.deliver((*ring[E]).last) {
	}
	over = true
}

// deliver hands on what is in the rings, each at most once round so that none
// waits for another for ever. It returns false if a panic kept it from doing so.
func (s *subscription[E]) deliver(next func(*ring[E]) (E, bool)) (done bool) {
	defer func() {
		if !done && recover() != nil {
			s.panics.Inc()
		}
	}()
	for _, r := range s.rings {
		for range r.places {
			e, ok := next(r)
			if !ok {
				break
			}
			s.handle(e)
		}
	}
	return true
}

// end makes the subscription take no more, and its goroutine end when it has
// handed on what it took.
func (s *subscription[E]) end() {
	s.endOnce.Do(func() {
		for _, r := range s.rings {
			r.seal()
		}
		close(s.ending)
	})
}

func (s *subscription[E]) wait(ctx context.Context) error {
	select {
	case <-s.ended:
		return nil
	case <-ctx.Done():
	}
	// Both may have been so.
	select {
	case <-s.ended:
		return nil
	default:
		return fmt.Errorf("subscriber %q has not handled all events, its function has not returned: %w", s.name, context.Cause(ctx))
	}
}

func (s *subscription[E]) cancel(ctx context.Context) error {
	s.cancelled.Store(true)
	s.bus.remove(s)
	s.end()
	err := s.wait(ctx)
	s.bus.endSeries(s.name)
	return err
}
