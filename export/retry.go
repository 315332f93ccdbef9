package export

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// What a Retry's zero fields mean.
const (
	DefaultAttempts     = 4
	DefaultRetryInitial = 500 * time.Millisecond
	DefaultRetryMax     = 10 * time.Second
	DefaultRetryJitter  = 0.5
)

// Retry is how an exporter repeats what failed within one call of Export. The
// delay doubles with each attempt, from Initial to at most Max, and a random
// part of it is taken off, so that processes that failed together do not come
// back together. A zero field is a default, and a number that makes no sense is
// taken as the nearest that does. It is a value and may be used from several
// goroutines.
type Retry struct {
	// Attempts is the number of attempts in all, the first included; less than
	// zero means one.
	Attempts int
	// Initial is the delay before the second attempt.
	Initial time.Duration
	// Max bounds the delays, but not what a backend asks for by RetryAfter.
	Max time.Duration
	// Jitter is the largest share of a delay that is taken off, up to 1;
	// negative turns it off.
	Jitter float64
}

// Do calls attempt until it returns nil, an error that wraps ErrRejected, or as
// often as the policy allows. It returns the last attempt's error, wrapped with
// the reason if it gave up for another one than the number of attempts: the
// context ended, or would before the next attempt. It then returns at once and
// does not wait for nothing. Without a first attempt it returns the context's
// cause.
func (r Retry) Do(ctx context.Context, attempt func(context.Context) error) error {
	r = r.complete()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for attempts := 1; ; attempts++ {
		err := attempt(ctx)
		if err == nil || attempts >= r.Attempts || errors.Is(err, ErrRejected) {
			return err
		}
		if cut := r.pause(ctx, r.delay(attempts, err)); cut != nil {
			return fmt.Errorf("%w; not repeated after attempt %d: %w", err, attempts, cut)
		}
	}
}

func (r Retry) complete() Retry {
	orDefault := func(d *time.Duration, fallback time.Duration) {
		if *d <= 0 {
			*d = fallback
		}
	}
	if r.Attempts == 0 {
		r.Attempts = DefaultAttempts
	}
	orDefault(&r.Initial, DefaultRetryInitial)
	orDefault(&r.Max, DefaultRetryMax)
	r.Max = max(r.Max, r.Initial)
	if r.Jitter == 0 {
		r.Jitter = DefaultRetryJitter
	}
	r.Jitter = min(max(r.Jitter, 0), 1)
	return r
}

// delay returns how long to wait after the given number of attempts: what the
// policy says, and no less than what the backend asked for.
func (r Retry) delay(attempts int, err error) time.Duration {
	d := r.backoff(attempts)
	d -= time.Duration(r.Jitter * rand.Float64() * float64(d))
	var asked *RetryAfterError
	if errors.As(err, &asked) {
		d = max(d, asked.After)
	}
	return d
}

// backoff is the delay before jitter. It halves Max rather than doubling the
// delay beyond it, which could overflow.
func (r Retry) backoff(attempts int) time.Duration {
	d := r.Initial
	for ; attempts > 1; attempts-- {
		if d >= r.Max/2+r.Max%2 {
			return r.Max
		}
		d *= 2
	}
	return d
}

// pause waits, and returns why it did not if the context ends before.
func (r Retry) pause(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return fmt.Errorf("the next attempt would be in %v, after the deadline: %w", d, context.DeadlineExceeded)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
