package control

import (
	"context"
	"fmt"
)

// turnstile lets those who use an integrator in one at a time, in the order in
// which they came.
type turnstile chan struct{}

func newTurnstile() turnstile { return make(turnstile, 1) }

// enter waits for its turn no longer than ctx lasts. Where nobody is inside it
// does not look at ctx.
func (t turnstile) enter(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	default:
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turnstile) leave() { <-t }

// between makes a call inside, and returns its error.
func (t turnstile) between(ctx context.Context, call func() error) (err error) {
	if err := t.enter(ctx); err != nil {
		return fmt.Errorf("the integrator is still in use: %w", err)
	}
	defer t.leave()
	guard(&err, call)
	return err
}
