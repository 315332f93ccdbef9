package export

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// RetryAfterError is the error of an attempt whose backend said how long to
// leave it alone. Retry.Do then waits no less.
type RetryAfterError struct {
	// After is how long from now.
	After time.Duration
	// Err is what failed.
	Err error
}

// RetryAfter returns an error that wraps the cause and asks for a delay. A nil
// cause stays nil.
func RetryAfter(cause error, after time.Duration) error {
	if cause == nil {
		return nil
	}
	return &RetryAfterError{After: after, Err: cause}
}

// Error returns the cause and the delay that was asked for.
func (e *RetryAfterError) Error() string { return fmt.Sprintf("%v (retry after %v)", e.Err, e.After) }

// Unwrap returns the cause.
func (e *RetryAfterError) Unwrap() error { return e.Err }

// httpDate is the form of a date in an HTTP header.
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

// ParseRetryAfter reads the value of an HTTP Retry-After header, which is a
// number of seconds or a date. It returns false for anything else; a date that
// has passed asks for no delay.
func ParseRetryAfter(header string, now time.Time) (after time.Duration, ok bool) {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseUint(header, 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(math.MaxInt64/time.Second))) * time.Second, true
	}
	date, err := time.Parse(httpDate, header)
	if err != nil {
		return 0, false
	}
	return max(date.Sub(now), 0), true
}
