package otlp

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
)

// TestRepeat holds what is repeated, and that the time that is left is enough for
// it.
func TestRepeat(t *testing.T) {
	busy := answer{status: http.StatusServiceUnavailable}
	broken := answer{status: http.StatusInternalServerError}
	for name, test := range map[string]struct {
		retry    Retry
		within   time.Duration
		last     answer
		err      error
		attempts int
		most     time.Duration
	}{
		"busy, at the end":     {within: 2 * time.Second, last: busy, attempts: 2, most: 2 * time.Second},
		"broken, at the end":   {within: 2 * time.Second, last: broken, attempts: 2, most: time.Second},
		"broken, over gRPC":    {within: 2 * time.Second, last: answer{grpc: true, code: codes.Internal}, attempts: 2, most: time.Second},
		"broken":               {last: broken, attempts: 2, most: 8 * time.Second},
		"bad":                  {last: answer{status: http.StatusBadRequest}, attempts: 1},
		"asks for much":        {within: 2 * time.Second, last: answer{status: http.StatusTooManyRequests, after: time.Hour}, attempts: 1},
		"asks for little":      {last: answer{status: http.StatusTooManyRequests, after: 20 * time.Second}, attempts: 3, most: time.Minute},
		"no authority":         {last: answer{grpc: true, code: codes.Unavailable}, err: errors.New("x509: unknown"), attempts: 1},
		"nobody listens":       {retry: Retry{Elapsed: 1}, last: answer{grpc: true, code: codes.Unavailable}, attempts: 1},
		"quota of gRPC":        {last: answer{grpc: true, code: codes.ResourceExhausted}, attempts: 1},
		"timeout":              {within: 2 * time.Second, err: context.DeadlineExceeded, attempts: 2, most: 2 * time.Second},
		"something else broke": {err: errors.New("EOF"), attempts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.within > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.within)
					defer cancel()
				}
				if test.err == nil {
					test.err = errors.New("failed")
				}
				w := &watch{counters: &counters{}, retry: test.retry.complete()}
				begun, attempts := time.Now(), 0
				err := w.repeat(ctx, func(context.Context) error {
					w.attempt()
					w.last = test.last
					attempts++
					return test.err
				})
				if !errors.Is(err, test.err) || attempts < test.attempts || test.attempts == 1 && attempts > 1 {
					t.Errorf("%v after %d attempts, want %d", err, attempts, test.attempts)
				}
				if took := time.Since(begun); took > test.most {
					t.Errorf("gave up after %v, want at most %v", took, test.most)
				}
			})
		})
	}
}

// A pause ends with its context.
func TestPauseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begun := time.Now()
		if pause(ctx, time.Hour) || time.Since(begun) != time.Second {
			t.Errorf("paused for %v", time.Since(begun))
		}
	})
}
