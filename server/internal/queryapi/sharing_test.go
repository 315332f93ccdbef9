package queryapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fake answers without a network, so that it can be used in a bubble.
type fake func(*http.Request) (*http.Response, error)

func (f fake) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func response(status int, body string, headers ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// inBubble runs a test over a fake server; it asserts that Close leaves nothing.
func inBubble(t *testing.T, f fake, test func(t *testing.T, b *backend)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{URL: "http://host", Transport: f})
		if err != nil {
			t.Fatal(err)
		}
		test(t, s.backend)
		s.Close()
	})
}

func TestRetryAfterIsRespected(t *testing.T) {
	busy, asked := 1, []time.Duration{}
	var began time.Time
	inBubble(t, func(*http.Request) (*http.Response, error) {
		asked = append(asked, time.Since(began))
		if busy > 0 {
			busy--
			return response(429, "", "Retry-After", "2"), nil
		}
		return response(200, vectorOfOne), nil
	}, func(t *testing.T, b *backend) {
		began = time.Now()
		if _, err := b.Instant(t.Context(), "up", time.Now()); err != nil {
			t.Fatal(err)
		}
		if want := []time.Duration{0, 2 * time.Second}; !slices.Equal(asked, want) {
			t.Errorf("asked after %v, want %v", asked, want)
		}
		// A long pause fails at once, and sends nothing until it is over.
		_ = b.client.pause.begin(429, http.Header{"Retry-After": {"40"}})
		before := len(asked)
		for range 5 {
			if _, err := b.Instant(t.Context(), "down", time.Now()); err == nil || !strings.Contains(err.Error(), "too much to do") {
				t.Errorf("within the pause: %v", err)
			}
		}
		time.Sleep(41 * time.Second)
		if _, err := b.Instant(t.Context(), "down", time.Now()); err != nil || len(asked) != before+1 {
			t.Errorf("after the pause: %v, %d requests", err, len(asked)-before)
		}
	})
}

func TestIdenticalQueriesShareARequest(t *testing.T) {
	var requests, most, now atomic.Int32
	inBubble(t, func(r *http.Request) (*http.Response, error) {
		requests.Add(1)
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(time.Second)
		now.Add(-1)
		return response(200, vectorOfOne), nil
	}, func(t *testing.T, b *backend) {
		at := time.Now()
		ask := func(queries ...string) {
			var all sync.WaitGroup
			for _, q := range queries {
				all.Go(func() {
					if got, err := b.Instant(t.Context(), q, at); err != nil || len(got) != 1 {
						t.Errorf("%v, %v", got, err)
					}
				})
			}
			all.Wait()
		}
		ask("a", "a", "a", "b")
		ask("a", "b") // kept for a moment
		if requests.Load() != 2 {
			t.Errorf("%d requests for two queries", requests.Load())
		}
		time.Sleep(time.Minute)
		ask("a", "c", "d", "e", "f", "g", "h", "i", "j")
		if requests.Load() != 11 || most.Load() != 4 {
			t.Errorf("%d requests, %d at once; want 11 and 4", requests.Load(), most.Load())
		}
	})
}

// A request goes on while anybody waits for it, and ends with the last.
func TestRequestEndsWithTheLastWhoWaits(t *testing.T) {
	var ended chan error // made in the bubble
	hold := fake(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		ended <- r.Context().Err()
		return nil, r.Context().Err()
	})
	inBubble(t, hold, func(t *testing.T, b *backend) {
		ended = make(chan error, 1)
		at := time.Now()
		wait := func(d time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			if _, err := b.Instant(ctx, "a", at); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("one who waits no longer gets %v", err)
			}
		}
		go wait(time.Second)
		wait(3 * time.Second)
		began := time.Now()
		if err := <-ended; !errors.Is(err, context.Canceled) || time.Since(began) > 0 {
			t.Errorf("the request ended with %v, %v after the last left", err, time.Since(began))
		}
	})
}
