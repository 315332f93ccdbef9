package buffer

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// What a Retry's zero fields mean.
const (
	DefaultAttempts     = 5
	DefaultRetryInitial = 100 * time.Millisecond
	DefaultRetryMax     = 10 * time.Second
	DefaultJitter       = 0.5
)

// Retry says how often a batch is attempted and how long the buffer waits in
// between. The delay doubles with each attempt, from Initial to at most Max,
// and a random part of it is taken off, so that shards that failed together do
// not come back together. A zero field is a default.
type Retry struct {
	// Attempts is the number of attempts in all, the first included.
	Attempts int
	// Initial is the delay before the second attempt.
	Initial time.Duration
	// Max bounds every delay.
	Max time.Duration
	// Jitter is the largest share of a delay that is taken off, up to 1;
	// negative turns it off.
	Jitter float64
}

// complete returns the policy with its defaults, or what is wrong.
func (r Retry) complete() (Retry, error) {
	r.Attempts = orDefault(r.Attempts, DefaultAttempts)
	r.Initial = orDefault(r.Initial, DefaultRetryInitial)
	r.Max = orDefault(r.Max, max(DefaultRetryMax, r.Initial))
	r.Jitter = max(orDefault(r.Jitter, DefaultJitter), 0)
	switch {
	case r.Attempts < 0:
		return r, fmt.Errorf("buffer config: Retry.Attempts is %d: give the number of attempts in all, 1 for no repetition", r.Attempts)
	case r.Initial < 0:
		return r, fmt.Errorf("buffer config: Retry.Initial is %v: give a positive delay", r.Initial)
	case r.Max < r.Initial:
		return r, fmt.Errorf("buffer config: Retry.Max %v is below Retry.Initial %v: raise Max or lower Initial", r.Max, r.Initial)
	case !(r.Jitter <= 1):
		return r, fmt.Errorf("buffer config: Retry.Jitter is %v: give the share of a delay that may be taken off, at most 1", r.Jitter)
	}
	return r, nil
}

// allows reports whether there is another attempt after one failed.
func (r Retry) allows(attempts int, err error) bool {
	return attempts < r.Attempts && !isPermanent(err)
}

// delay returns how long to wait after the given number of attempts.
func (r Retry) delay(attempts int) time.Duration {
	full := r.backoff(attempts)
	return full - time.Duration(r.Jitter*rand.Float64()*float64(full))
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
