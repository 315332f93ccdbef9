package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/metertree/metertree/meter"
)

// What the zero fields of Options and Schedule mean.
const (
	DefaultConcurrency = 8
	DefaultWait        = 5 * time.Second
	DefaultTTL         = 5 * time.Second
	DefaultTimeout     = 5 * time.Second
)

// retryAfter is how long a failed run is not repeated, unless the TTL is
// shorter.
const retryAfter = 15 * time.Second

// ErrClosed is returned by a Refresher that was closed.
var ErrClosed = errors.New("refresher is closed")

// Options configure a Refresher; the zero value refreshes only when it is told
// to, and is not metered.
type Options struct {
	// Scope is where the refresher's own meters are defined and whose collections
	// refresh, usually the root scope.
	Scope meter.Scope
	// Concurrency bounds how many sources are asked at once. A source that is
	// past its timeout does not count.
	Concurrency int
	// Wait is how long a collection waits for runs at most. If its context has a
	// deadline, it leaves at least a quarter of the time to it for the rest of the
	// collection.
	Wait time.Duration
	// Logger receives a line when a collector begins to fail, and when it works
	// again; nil logs nothing.
	Logger *slog.Logger
}

// Schedule says when a collector is due.
type Schedule struct {
	// TTL is how long values are fresh. Choose less than the period of scrapes,
	// and they are read for each, but not for each of two that come together. A
	// negative TTL is over at once. After a failure the source is asked again when
	// the TTL is over, at the latest after 15 seconds.
	TTL time.Duration
	// Timeout is how long a run may take until it has failed.
	Timeout time.Duration
	// Stale is for how much longer than TTL a collection shows values without
	// waiting for those that it has asked for.
	Stale time.Duration
}

// Refresher refreshes collectors before a collection. All methods may be called
// at any time from any goroutine. It has no goroutines but those of runs, at
// most one for each collector, and Close ends it.
type Refresher struct {
	options Options
	meters  runMeters
	// slots holds a token for each run that may still end in time.
	slots  chan struct{}
	remove func()

	mu      sync.Mutex
	closed  bool
	entries map[string]*entry
}

// NewRefresher returns a refresher without collectors. It fails if an option is
// negative, or if the scope's registry has other metrics of the same names.
func NewRefresher(options Options) (*Refresher, error) {
	if options.Concurrency < 0 || options.Wait < 0 {
		return nil, fmt.Errorf("refresher options: Concurrency is %d and Wait %v: give positive ones, or 0 for the default",
			options.Concurrency, options.Wait)
	}
	if options.Concurrency == 0 {
		options.Concurrency = DefaultConcurrency
	}
	if options.Wait == 0 {
		options.Wait = DefaultWait
	}
	meters, err := defineRunMeters(options.Scope.Scope("metertree"))
	if err != nil {
		return nil, err
	}
	r := &Refresher{
		options: options,
		meters:  meters,
		slots:   make(chan struct{}, options.Concurrency),
		entries: map[string]*entry{},
	}
	r.remove = options.Scope.OnCollect(r.Refresh)
	return r, nil
}

// Add adds a collector under a name, which says what its source is and becomes
// a label value. If the name is there already, the collector that is there is
// shared, with its schedule, and the given one is not used. Release the handle
// when the source goes away.
func (r *Refresher) Add(name string, c Collector, schedule Schedule) (*Handle, error) {
	switch {
	case name == "":
		return nil, errors.New("collector name is empty: give it a name such as queues")
	case c.read == nil && c.subscribe == nil:
		return nil, fmt.Errorf("collector %q is the zero Collector: make one with Events, State, Statistics or Probe", name)
	case schedule.Timeout < 0 || schedule.Stale < 0:
		return nil, fmt.Errorf("schedule of collector %q: Timeout is %v and Stale %v: give positive ones, or 0 for the default",
			name, schedule.Timeout, schedule.Stale)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, fmt.Errorf("adding collector %q: %w", name, ErrClosed)
	}
	e := r.entries[name]
	if e == nil {
		e = newEntry(r, name, c, schedule)
		if err := e.start(); err != nil {
			return nil, fmt.Errorf("starting collector %q: %w", name, err)
		}
		r.entries[name] = e
	}
	e.users++
	return &Handle{entry: e}, nil
}

// Refresh runs the collectors that are due, and returns when they are fresh or
// the time to wait is over. The scope's collections call it.
func (r *Refresher) Refresh(ctx context.Context) {
	wait := r.patience(ctx)
	if wait <= 0 || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var runs []<-chan struct{}
	for _, e := range r.current() {
		if run := e.refresh(); run != nil {
			runs = append(runs, run)
		}
	}
	for _, run := range runs {
		select {
		case <-run:
		case <-ctx.Done():
			return
		}
	}
}

// patience returns how long a collection waits.
func (r *Refresher) patience(ctx context.Context) time.Duration {
	wait := r.options.Wait
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)*3/4)
	}
	return wait
}

func (r *Refresher) current() []*entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.entries))
}

// Close releases all collectors for all who use them, and waits for their
// goroutines as Handle.Release does. Later calls do nothing.
func (r *Refresher) Close(ctx context.Context) error {
	r.remove()
	var errs []error
	for _, e := range r.detachAll() {
		errs = append(errs, e.finish(ctx))
	}
	return errors.Join(errs...)
}

func (r *Refresher) detachAll() []*entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	entries := slices.Collect(maps.Values(r.entries))
	for _, e := range entries {
		e.detachLocked()
	}
	return entries
}

// Handle is one use of a collector. The zero Handle is none.
type Handle struct {
	entry *entry
	once  sync.Once
}

// Release ends the use. The last one of a collector ends its series, ends the
// context of a run under way and waits for it; the events that happened before
// are counted first. If ctx ends earlier, Release returns its error, and the
// source's goroutine is left to itself: whatever it still tells has no effect.
// Further calls do nothing.
func (h *Handle) Release(ctx context.Context) (err error) {
	h.once.Do(func() {
		if h.entry != nil {
			err = h.entry.release(ctx)
		}
	})
	return err
}
