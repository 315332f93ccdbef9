package export

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

var errDown = errors.New("backend is down")

// attempts records when each attempt is made; the n-th returns the n-th error,
// and those after the last nil.
type attempts struct {
	start time.Time
	at    []time.Duration
	errs  []error
}

func (a *attempts) attempt(context.Context) error {
	a.at = append(a.at, time.Since(a.start))
	if n := len(a.at); n <= len(a.errs) {
		return a.errs[n-1]
	}
	return nil
}

// plain is a policy without chance.
var plain = Retry{Attempts: 5, Initial: time.Second, Max: 3 * time.Second, Jitter: -1}

func TestRetryPolicy(t *testing.T) {
	const s = time.Second
	for name, test := range map[string]struct {
		policy Retry
		errs   []error
		within time.Duration
		at     []time.Duration
		want   error
	}{
		"success":     {policy: plain, at: []time.Duration{0}},
		"doubles":     {policy: plain, errs: []error{errDown, errDown, errDown, errDown}, at: []time.Duration{0, s, 3 * s, 6 * s, 9 * s}},
		"bounded":     {policy: plain, errs: slices.Repeat([]error{errDown}, 9), at: []time.Duration{0, s, 3 * s, 6 * s, 9 * s}, want: errDown},
		"rejected":    {policy: plain, errs: []error{errDown, Rejected(errDown)}, at: []time.Duration{0, s}, want: ErrRejected},
		"asks":        {policy: plain, errs: []error{RetryAfter(errDown, 7*s)}, at: []time.Duration{0, 7 * s}},
		"asks little": {policy: plain, errs: []error{RetryAfter(errDown, 1)}, at: []time.Duration{0, s}},
		"one attempt": {policy: Retry{Attempts: -1}, errs: []error{errDown}, at: []time.Duration{0}, want: errDown},
		"deadline":    {policy: plain, errs: []error{errDown, errDown}, within: 2 * s, at: []time.Duration{0, s}, want: context.DeadlineExceeded},
		"asks too much": {policy: plain, errs: []error{RetryAfter(errDown, 60*s)}, within: 50 * s,
			at: []time.Duration{0}, want: errDown},
		"initial above max": {policy: Retry{Initial: 20 * s, Max: s, Jitter: -1}, errs: []error{errDown}, at: []time.Duration{0, 20 * s}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.within > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.within)
					defer cancel()
				}
				a := &attempts{start: time.Now(), errs: test.errs}
				err := test.policy.Do(ctx, a.attempt)
				if !errors.Is(err, test.want) {
					t.Errorf("error %v, want %v", err, test.want)
				}
				if !slices.Equal(a.at, test.at) {
					t.Errorf("attempts at %v, want %v", a.at, test.at)
				}
				if end := time.Since(a.start); end != a.at[len(a.at)-1] {
					t.Errorf("returned after %v, want at the last attempt, %v", end, a.at[len(a.at)-1])
				}
			})
		})
	}
}

func TestRetryEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		a := &attempts{start: time.Now(), errs: slices.Repeat([]error{errDown}, 9)}
		gone := errors.New("process ends")
		time.AfterFunc(2*time.Second, func() { cancel(gone) })
		err := plain.Do(ctx, a.attempt)
		if !errors.Is(err, errDown) || !errors.Is(err, gone) {
			t.Errorf("error %v, want it to hold both the failure and the cause", err)
		}
		if since := time.Since(a.start); since != 2*time.Second {
			t.Errorf("returned after %v", since)
		}
		if err := plain.Do(ctx, a.attempt); !errors.Is(err, gone) || len(a.at) != 2 {
			t.Errorf("error %v after %d attempts, want no attempt under an ended context", err, len(a.at))
		}
	})
}

func TestRetryJitterTakesOff(t *testing.T) {
	policy := Retry{Initial: time.Second, Jitter: 0.5}.complete()
	var least, greatest time.Duration = time.Hour, 0
	for range 1000 {
		d := policy.delay(1, errDown)
		least, greatest = min(least, d), max(greatest, d)
	}
	if least < time.Second/2 || greatest > time.Second || greatest-least < time.Second/4 {
		t.Errorf("delays from %v to %v, want them spread from 500ms to 1s", least, greatest)
	}
}

func TestRetryAfterHeader(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]struct {
		after time.Duration
		ok    bool
	}{
		"120":                           {2 * time.Minute, true},
		" 0 ":                           {0, true},
		"99999999999999999":             {9223372036 * time.Second, true},
		"Sun, 01 Mar 2026 12:00:30 GMT": {30 * time.Second, true},
		"Sun, 01 Mar 2026 11:00:00 GMT": {0, true},
		"":                              {0, false},
		"-1":                            {0, false},
		"soon":                          {0, false},
	} {
		if after, ok := ParseRetryAfter(header, now); after != want.after || ok != want.ok {
			t.Errorf("ParseRetryAfter(%q) = %v, %t, want %v, %t", header, after, ok, want.after, want.ok)
		}
	}
}

func TestRetryAfterKeepsNil(t *testing.T) {
	if err := RetryAfter(nil, time.Second); err != nil {
		t.Errorf("RetryAfter(nil) = %v", err)
	}
}
