package collect

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// entry is a collector that was added, under its name.
type entry struct {
	refresher *Refresher
	name      string
	collector Collector
	schedule  Schedule
	meters    boundMeters
	ledger    ledger
	// cancel ends the subscription of an event source.
	cancel func(context.Context) error
	// users is guarded by the refresher's lock.
	users int

	mu     sync.Mutex
	closed bool
	// run is the latest run, nil before the first.
	run *run
	// due is when the source is asked again.
	due time.Time
	// fresh is when the values were read that are shown.
	fresh time.Time
	// failing is set from a failure to the next success.
	failing bool
}

func newEntry(r *Refresher, name string, c Collector, schedule Schedule) *entry {
	if schedule.TTL == 0 {
		schedule.TTL = DefaultTTL
	}
	if schedule.Timeout == 0 {
		schedule.Timeout = DefaultTimeout
	}
	return &entry{refresher: r, name: name, collector: c, schedule: schedule}
}

// start makes the entry ready; the refresher is locked.
func (e *entry) start() (err error) {
	if e.collector.subscribe != nil {
		e.cancel, err = e.collector.subscribe(e.name, &e.ledger)
		return err
	}
	e.meters = e.refresher.meters.bind(e.name)
	e.ledger.resets = e.meters.resets
	return nil
}

// refresh asks the source if that is due. It returns what to wait for, if a
// collection should.
func (e *entry) refresh() (over <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if e.run == nil || e.run.returned {
		if e.closed || e.collector.read == nil || now.Before(e.due) {
			return nil
		}
		e.launch()
	}
	if !e.fresh.IsZero() && now.Before(e.fresh.Add(max(e.schedule.TTL, 0)+e.schedule.Stale)) {
		return nil
	}
	return e.run.over
}

// launch starts a run; the entry is locked.
func (e *entry) launch() {
	ctx, stop := context.WithCancel(context.Background())
	before := e.run
	e.run = &run{
		entry: e, stop: stop,
		over: make(chan struct{}), expired: make(chan struct{}), ended: make(chan struct{}),
	}
	go e.run.perform(ctx, before)
}

// release ends one use.
func (e *entry) release(ctx context.Context) error {
	r := e.refresher
	r.mu.Lock()
	e.users--
	last := e.users == 0 && r.entries[e.name] == e
	if last {
		e.detachLocked()
	}
	r.mu.Unlock()
	if !last {
		return nil
	}
	return e.finish(ctx)
}

// detachLocked takes the entry out of the refresher, which is locked. What is
// read ends at once, so that it cannot end series of a later entry of the name.
func (e *entry) detachLocked() {
	delete(e.refresher.entries, e.name)
	if e.cancel != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.run != nil {
		e.run.stop()
	}
	e.ledger.close(nil)
	e.refresher.meters.delete(e.name)
}

// finish waits for the goroutine of a detached entry. Events are counted before
// their series end; a later entry of the name takes the series over.
func (e *entry) finish(ctx context.Context) error {
	err := e.join(ctx)
	if e.cancel != nil {
		e.refresher.mu.Lock()
		defer e.refresher.mu.Unlock()
		var heir *ledger
		if later := e.refresher.entries[e.name]; later != nil {
			heir = &later.ledger
		}
		e.ledger.close(heir)
	}
	if err != nil {
		return fmt.Errorf("collector %q was released, but its source has not ended: %w", e.name, err)
	}
	return nil
}

func (e *entry) join(ctx context.Context) error {
	if e.cancel != nil {
		return e.cancel(ctx)
	}
	e.mu.Lock()
	run := e.run
	e.mu.Unlock()
	if run == nil {
		return nil
	}
	select {
	case <-run.ended:
		return nil
	case <-ctx.Done():
	}
	// Both may have been so.
	select {
	case <-run.ended:
		return nil
	default:
		return context.Cause(ctx)
	}
}
