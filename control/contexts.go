package control

import (
	"context"
	"fmt"
	"time"
)

// lastContexts divide the time that a shutdown has, so that a step that hangs
// leaves some to the next.
type lastContexts struct {
	// refresh and running end first; running is for exports under way.
	refresh, running context.Context
	// export is for the last one, shutdown for the exporter's own.
	export, shutdown context.Context
	cancel           context.CancelFunc
}

func newLastContexts(ctx context.Context) lastContexts {
	// All are children of one context, so that one call frees them.
	parent, cancel := context.WithCancel(ctx)
	return lastContexts{
		refresh:  within(parent, 0.3),
		running:  within(parent, 0.5),
		export:   within(parent, 0.8),
		shutdown: within(parent, 0.95),
		cancel:   cancel,
	}
}

// within returns a context that ends when a share of the time until the
// parent's deadline has passed, or without a deadline with the parent.
func within(parent context.Context, share float64) context.Context {
	deadline, ok := parent.Deadline()
	if !ok {
		return parent
	}
	left := time.Duration(share * float64(time.Until(deadline)))
	ctx, cancel := context.WithTimeoutCause(parent, left,
		fmt.Errorf("shutdown leaves no more than %v: %w", left, context.DeadlineExceeded))
	_ = cancel // the parent's end frees it
	return ctx
}

// withTimeout bounds what by a timeout, which the cause names.
func withTimeout(parent context.Context, what string, timeout time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(parent, timeout,
		fmt.Errorf("%s took longer than %v: %w", what, timeout, context.DeadlineExceeded))
}
