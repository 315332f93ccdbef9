package control

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/metertree/metertree/metric"
)

// PullOptions configure a Pull; the zero value is useful.
type PullOptions struct {
	// Refresh runs before each collection, with a context that ends when nobody
	// waits any more and that has the earliest deadline of those who wait, so that
	// it leaves time for the rest of the collection to each of them. It ends too
	// when half of the time is over that someone has who came meanwhile and waits
	// for the next collection. It never runs twice at once, and a panic of it is
	// logged. nil refreshes nothing.
	Refresh func(context.Context)
	// Logger receives one line for each collection that failed by itself, not
	// because nobody waits for it any more. nil logs nothing.
	Logger *slog.Logger
}

// Pull lets any number of scrapes at once use one integrator, which should give
// totals: a checkpoint is acknowledged as soon as it was read, whatever becomes
// of the scrape. All methods may be called from any goroutine.
//
// A scrape never sees values read before it came. While a collection is under
// way, all scrapes that come wait for the next one and share it, so that there
// are at most two for any number of scrapes at once. What the integrator holds of
// a collection is copied before anyone reads it, and nothing is locked while
// somebody does, so a slow client delays nobody; metrics that pass through are not
// copied, and each scrape reads them itself. There are as many copies as there are
// collections that are still being read, at most one for each scrape, and one
// more whose memory the next collection uses.
type Pull struct {
	integrator Integrator
	options    PullOptions
	// inside is whoever uses the integrator.
	inside turnstile

	mu sync.Mutex
	// next is the collection that begins when the one under way has ended.
	next *shared
	// busy is set while the goroutine that collects is there.
	busy bool
	// hurry ends the refresh under way; nil without one.
	hurry context.CancelFunc
	// spare is a copy that nobody reads any more, or nil.
	spare *view
}

// shared is one collection with those who wait for it or read it.
type shared struct {
	// ctx ends when nobody waits.
	ctx    context.Context
	cancel context.CancelFunc
	// users are those who wait or read, as the deadlines of their contexts; the
	// zero time is none. They are guarded by Pull.mu.
	users []time.Time
	// deadline is the earliest of users when the collection began; the zero time
	// is none.
	deadline time.Time
	// done is closed, and view or err set before, when the collection has ended.
	done chan struct{}
	view *view
	err  error
}

// NewPull returns a controller that alone calls the integrator. It holds no
// goroutine while nobody collects.
func NewPull(integrator Integrator, options PullOptions) *Pull {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	return &Pull{integrator: integrator, options: options, inside: newTurnstile()}
}

// Read collects and calls use with the families, ordered by name, which are
// valid until it returns; points are reused. It returns the error of use, of the
// collection, or the cause of ctx if it ends while Read waits, and use is then
// not called. Families end early when ctx does.
func (p *Pull) Read(ctx context.Context, use func(iter.Seq[*metric.Family]) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	deadline, _ := ctx.Deadline()
	s := p.join(deadline)
	defer p.leave(s, deadline)
	select {
	case <-s.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s.err != nil {
		return s.err
	}
	return use(s.view.families(ctx))
}

// Collect is Read as an iterator, for an exposition; every iteration collects.
// When ctx ends while it waits, it yields nothing and the exposition sees the
// context's error. A collection that fails by itself yields nothing either and
// is logged; use Read where that has to be told from one that is empty.
func (p *Pull) Collect(ctx context.Context) iter.Seq[*metric.Family] {
	return func(yield func(*metric.Family) bool) {
		err := p.Read(ctx, func(families iter.Seq[*metric.Family]) error {
			families(yield)
			return nil
		})
		if err != nil && ctx.Err() == nil {
			p.options.Logger.Error("collection failed", "err", err)
		}
	}
}

// Between makes a call while no collection uses the integrator, such as one of
// its Replace, and returns the call's error, a PanicError if it panicked. The
// next collection waits for the call, which must not collect itself. If ctx ends
// while a collection is in the way, the call is not made and the error wraps the
// cause.
func (p *Pull) Between(ctx context.Context, call func() error) error {
	return p.inside.between(ctx, call)
}

func (p *Pull) setHurry(end context.CancelFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hurry = end
}

// join returns a collection that has not begun.
func (p *Pull) join(deadline time.Time) *shared {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == nil {
		p.next = &shared{done: make(chan struct{})}
		p.next.ctx, p.next.cancel = context.WithCancel(context.Background())
	}
	p.next.users = append(p.next.users, deadline)
	if p.hurry != nil && !deadline.IsZero() {
		// Half of the time is for the collection that is joined. If the refresh
		// is over by then, this does nothing.
		time.AfterFunc(time.Until(deadline)/2, p.hurry)
	}
	if !p.busy {
		p.busy = true
		go p.run()
	}
	return p.next
}

// leave says that one fewer waits for a collection or reads it.
func (p *Pull) leave(s *shared, deadline time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := slices.Index(s.users, deadline)
	s.users = slices.Delete(s.users, at, at+1)
	if len(s.users) > 0 {
		return
	}
	s.cancel()
	if p.next == s {
		p.next = nil
	}
	p.reuseLocked(s)
}

// reuseLocked keeps the memory of a copy that nobody reads any more.
func (p *Pull) reuseLocked(s *shared) {
	if s.view != nil && p.spare == nil {
		s.view.reset()
		p.spare = s.view
	}
	s.view = nil
}

// run collects while somebody waits. An integrator that ends the goroutine does
// not end the controller, which goes on in another one.
func (p *Pull) run() {
	over := false
	defer func() {
		if !over {
			go p.run()
		}
	}()
	for {
		s, v := p.begin()
		if s == nil {
			over = true
			return
		}
		p.collect(s, v)
	}
}

// begin takes the collection that is next, and memory for it.
func (p *Pull) begin() (*shared, *view) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, v := p.next, p.spare
	p.next = nil
	if s == nil {
		p.busy = false
		return nil, nil
	}
	p.spare = nil
	if v == nil {
		v = new(view)
	}
	s.deadline = earliest(s.users)
	return s, v
}

// earliest returns the first of deadlines that is one, or the zero time.
func earliest(deadlines []time.Time) (first time.Time) {
	for _, d := range deadlines {
		if !d.IsZero() && (first.IsZero() || d.Before(first)) {
			first = d
		}
	}
	return first
}

// collect makes the copy that is shared.
func (p *Pull) collect(s *shared, v *view) {
	var err error
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if err == nil {
			s.view = v
		}
		s.err = err
		if len(s.users) == 0 {
			p.reuseLocked(s)
		}
		close(s.done)
	}()
	p.refresh(s, &err)
	guard(&err, func() error {
		if err := p.inside.enter(s.ctx); err != nil {
			return fmt.Errorf("collection: %w", err)
		}
		defer p.inside.leave()
		c, err := p.integrator.Checkpoint(s.ctx)
		if err != nil {
			return fmt.Errorf("collection: %w", err)
		}
		v.copyFrom(c.Marked())
		if err := c.Ack(); err != nil {
			return fmt.Errorf("collection was not acknowledged: %w", err)
		}
		return nil
	})
}

// limited returns the context of the refresh.
func (s *shared) limited() (context.Context, context.CancelFunc) {
	if s.deadline.IsZero() {
		return context.WithCancel(s.ctx)
	}
	return context.WithDeadline(s.ctx, s.deadline)
}

// refresh refreshes what there is to refresh. The error is set only if Refresh
// ends the goroutine.
func (p *Pull) refresh(s *shared, err *error) {
	if p.options.Refresh == nil {
		return
	}
	ctx, cancel := s.limited()
	defer cancel()
	p.setHurry(cancel)
	defer p.setHurry(nil)
	guard(err, func() error {
		p.options.Refresh(ctx)
		return nil
	})
	if *err != nil {
		p.options.Logger.Error("refresh panicked; collecting without it", "err", *err)
	}
}
