package control

import (
	"context"
	"log/slog"
)

// refresher runs a function that never runs twice at once, and waits for it no
// longer than a context lasts.
type refresher struct {
	run    func(context.Context)
	logger *slog.Logger
	// slot has room for the token of one run.
	slot chan struct{}
}

func newRefresher(run func(context.Context), logger *slog.Logger) refresher {
	return refresher{run: run, logger: logger, slot: make(chan struct{}, 1)}
}

// wait waits for an earlier run, if there is one, and then for one of its own.
func (r refresher) wait(ctx context.Context) {
	if r.run == nil {
		return
	}
	select {
	case r.slot <- struct{}{}:
		r.refresh(ctx)
	case <-ctx.Done():
	}
}

// tryWait is wait unless an earlier run has not ended.
func (r refresher) tryWait(ctx context.Context) {
	if r.run == nil {
		return
	}
	select {
	case r.slot <- struct{}{}:
		r.refresh(ctx)
	default:
		r.logger.Warn("refresh has not returned; exporting without it")
	}
}

// refresh runs the function with the slot taken.
func (r refresher) refresh(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		defer func() { <-r.slot }()
		defer close(done)
		var err error
		defer func() {
			if err != nil {
				r.logger.Error("refresh panicked", "err", err)
			}
		}()
		guard(&err, func() error {
			r.run(ctx)
			return nil
		})
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// busy reports whether a run has not ended.
func (r refresher) busy() bool { return len(r.slot) > 0 }

// join waits until no run is left.
func (r refresher) join() {
	r.slot <- struct{}{}
	<-r.slot
}
