package realserver

import (
	"context"
	"fmt"
	"time"
)

// pollPeriod is the pause between two looks at a condition.
const pollPeriod = 25 * time.Millisecond

// Eventually calls condition until it returns nil. It gives up after the timeout,
// or when the context ends, with that cause and the condition's last error.
func Eventually(ctx context.Context, timeout time.Duration, condition func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not within %v", timeout))
	defer cancel()
	pause := time.NewTicker(pollPeriod)
	defer pause.Stop()
	for {
		err := condition(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-pause.C:
		}
	}
}
