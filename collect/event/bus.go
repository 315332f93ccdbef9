package event

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/meter"
)

// What the zero fields of Options mean, besides one shard for each processor, up
// to maxShards.
const (
	DefaultCapacity = 1024
	DefaultInterval = 50 * time.Millisecond

	maxShards = 16
)

// ErrClosed is returned by a Bus that was closed.
var ErrClosed = errors.New("event bus is closed")

// Options configure a Bus; the zero value is useful.
type Options struct {
	// Scope is where the meters are defined, usually the root scope; the zero
	// Scope records nothing.
	Scope meter.Scope
	// Shards is how many publishers do not get in one another's way.
	Shards int
	// Capacity is how many events each subscriber may be behind in each shard. It
	// is rounded up to a power of two.
	Capacity int
	// Interval is how long an event waits at most until its subscribers look.
	Interval time.Duration
}

// Bus takes events and hands each to all subscribers. All methods may be called
// at any time from any goroutine. Close ends its goroutines, one for each
// subscriber.
type Bus[E any] struct {
	options       Options
	drops, panics meter.Counter
	publishers    atomic.Uint64
	// subscribers is replaced, never written.
	subscribers atomic.Pointer[[]*subscription[E]]

	mu     sync.Mutex
	closed bool
}

// New returns a bus without subscribers. It fails if an option is negative, or
// if the scope's registry has other metrics of the same names.
func New[E any](options Options) (*Bus[E], error) {
	if options.Shards < 0 || options.Capacity < 0 || options.Interval < 0 {
		return nil, fmt.Errorf("event bus options: Shards is %d, Capacity %d and Interval %v: give positive ones, or 0 for the default",
			options.Shards, options.Capacity, options.Interval)
	}
	if options.Shards == 0 {
		options.Shards = min(runtime.GOMAXPROCS(0), maxShards)
	}
	if options.Capacity == 0 {
		options.Capacity = DefaultCapacity
	}
	// A ring of one place could not tell an event that is there from a free place.
	options.Capacity = 1 << bits.Len(uint(max(options.Capacity, 2)-1))
	if options.Interval == 0 {
		options.Interval = DefaultInterval
	}
	b := &Bus[E]{options: options}
	b.subscribers.Store(new([]*subscription[E]))
	return b, b.defineMeters(options.Scope.Scope("metertree"))
}

func (b *Bus[E]) defineMeters(scope meter.Scope) error {
	var errs [2]error
	key := meter.Keys("subscriber")
	b.drops, errs[0] = scope.NewCounter("event_drops_total", key,
		meter.Help("Events that a subscriber did not get because it was too far behind, or because the bus was closed."))
	b.panics, errs[1] = scope.NewCounter("event_panics_total", key,
		meter.Help("Events at which the subscriber's function panicked."))
	if err := errors.Join(errs[:]...); err != nil {
		return fmt.Errorf("event bus meters: %w", err)
	}
	return nil
}

// Publisher returns a publisher. It costs next to nothing: take one for each
// worker, connection or request. Several goroutines may share one, but those
// that publish at the same moment then get in one another's way.
func (b *Bus[E]) Publisher() Publisher[E] {
	return Publisher[E]{bus: b, shard: int((b.publishers.Add(1) - 1) % uint64(b.options.Shards))}
}

// Publisher publishes events in order. The zero Publisher publishes nothing.
type Publisher[E any] struct {
	bus   *Bus[E]
	shard int
}

// Publish hands an event to all subscribers that are there. It never waits,
// allocates or panics.
func (p Publisher[E]) Publish(e E) {
	if p.bus == nil {
		return
	}
	for _, s := range *p.bus.subscribers.Load() {
		s.offer(p.shard, &e)
	}
}

// Subscribe calls handle with every event published from now on, in one
// goroutine. Its panics are counted, and the event is then done with. The name
// is a label value; two subscribers of one name are an error.
//
// Cancel ends the subscription: it returns when handle has got what was
// published before and has returned. If ctx ends first, it returns the error,
// and handle still gets what is left if it ever returns. The subscription's
// series end. Further calls wait likewise. Handle must not call it, nor Close:
// they would wait for it.
func (b *Bus[E]) Subscribe(name string, handle func(E)) (cancel func(ctx context.Context) error, err error) {
	if name == "" || handle == nil {
		return nil, fmt.Errorf("subscriber %q lacks a name or a function: give it both", name)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, fmt.Errorf("subscribing %q: %w", name, ErrClosed)
	}
	if b.hasLocked(name) {
		return nil, fmt.Errorf("subscriber %q is there already: choose another name", name)
	}
	s := newSubscription(b, name, handle)
	subscribers := append(slices.Clip(*b.subscribers.Load()), s)
	b.subscribers.Store(&subscribers)
	go s.run()
	return s.cancel, nil
}

// Close refuses further events, counting them as dropped, and returns when all
// subscribers have got what was published before. If ctx ends first, it returns
// the error, which names those that have not; what is left for them they still
// get if they ever return. Further calls wait likewise.
func (b *Bus[E]) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	subscribers := *b.subscribers.Load()
	for _, s := range subscribers {
		s.end()
	}
	var errs []error
	for _, s := range subscribers {
		errs = append(errs, s.wait(ctx))
	}
	return errors.Join(errs...)
}

func (b *Bus[E]) remove(s *subscription[E]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	subscribers := slices.DeleteFunc(slices.Clone(*b.subscribers.Load()),
		func(have *subscription[E]) bool { return have == s })
	b.subscribers.Store(&subscribers)
}

func (b *Bus[E]) hasLocked(name string) bool {
	return slices.ContainsFunc(*b.subscribers.Load(), func(s *subscription[E]) bool { return s.name == name })
}

// endSeries ends the series of a subscriber, unless there is another of the name
// by now.
func (b *Bus[E]) endSeries(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.hasLocked(name) {
		b.drops.Delete(name)
		b.panics.Delete(name)
	}
}
