package otlp

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
)

// repeat makes a request, again as long as that may help and the policy and the
// context allow, and returns the error of the last attempt. The official exporters
// know nothing of the time that is left, and would wait for its end.
func (w *watch) repeat(ctx context.Context, request func(context.Context) error) error {
	w.begin()
	begun := time.Now()
	delay := w.retry.within(ctx)
	for {
		err := request(ctx)
		if err == nil || ctx.Err() != nil || !w.last.repeatable(err, w.attempts) {
			return err
		}
		// Processes that failed together do not come back together.
		wait := max(delay/2+rand.N(delay), w.last.after)
		if w.retry.Elapsed >= 0 && time.Since(begun)+wait > w.retry.Elapsed || !pause(ctx, wait) {
			return err
		}
		delay = min(delay+delay/2, w.retry.Max)
	}
}

// within returns the first delay in a context: a quarter of what is left, if that
// is less, so that there is a second attempt also at the end of a program.
func (r Retry) within(ctx context.Context) time.Duration {
	delay := r.Initial
	if deadline, ok := ctx.Deadline(); ok {
		delay = min(delay, time.Until(deadline)/4)
	}
	return max(delay, 1)
}

// pause waits and returns true, or false if the context ends before: at once if it
// has a deadline that is earlier.
func pause(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// maxOdd is how often a request is made that a receiver fails on, which may be
// the fault of the request.
const maxOdd = 2

// repeatable reports whether the same request may be taken soon, after so many
// attempts.
func (a *answer) repeatable(err error, attempts int) bool {
	if a.grpc {
		return a.repeatableCode(err, attempts)
	}
	switch a.status {
	case 0:
		return isTimeout(err)
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusInternalServerError:
		return attempts < maxOdd
	}
	return false
}

// repeatableCode is repeatable over gRPC, where errors of connections have codes,
// too.
func (a *answer) repeatableCode(err error, attempts int) bool {
	switch a.code {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.DataLoss:
		return true
	case codes.Unavailable:
		known := knownText(err)
		return known == nil || !known.stays
	case codes.ResourceExhausted:
		// Without a delay it is a limit that time does not lift.
		return a.delays
	case codes.Internal:
		return attempts < maxOdd && knownText(err) == nil
	}
	return false
}
