package pushtest

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/push"
)

// Subject returns an exporter with options that a check asks for, and what it
// counts. A backend that answers 204 takes all that it is sent.
type Subject func(t *testing.T, o Options) (export.Exporter, *push.Counts)

// Options are those that a check asks for.
type Options struct {
	// Address is a server's, without a path.
	Address string
	Client  *http.Client
	Timeout time.Duration
	Retry   export.Retry
}

// Check holds an exporter to what all do alike that push by HTTP, in subtests.
func Check(t *testing.T, s Subject) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s Subject)
	}{
		{"Retry-After", checkRetryAfter},
		{"hanging backend", checkHanging},
		{"redirects", checkRedirects},
		{"half-closed connections", checkHalfClosed},
		{"nobody listens", checkDeserted},
		{"no such host", checkNoHost},
		{"TLS", checkTLS},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, s) })
	}
}

// checkRetryAfter repeats no sooner than it is asked to, and not at all if that is
// too late.
func checkRetryAfter(t *testing.T, s Subject) {
	for _, code := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		synctest.Test(t, func(t *testing.T) {
			var times []time.Duration
			start := time.Now()
			client := &http.Client{Transport: RoundTrip(func(*http.Request) (*http.Response, error) {
				if times = append(times, time.Since(start)); len(times) < 3 {
					return Canned(code, "Retry-After", "7"), nil
				}
				return Canned(http.StatusNoContent), nil
			})}
			e, _ := s(t, Options{Address: "http://host", Client: client})
			if err := e.Export(t.Context(), Totals(Level("a"))); err != nil {
				t.Fatal(err)
			}
			if want := []time.Duration{0, 7 * time.Second, 14 * time.Second}; !slices.Equal(times, want) {
				t.Errorf("attempts after %v, want %v", times, want)
			}
			times = nil
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			start = time.Now()
			err := e.Export(ctx, Totals(Level("a")))
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 0 {
				t.Errorf("a backend that asks for more time than there is: %v after %v", err, time.Since(start))
			}
		})
	}
}

// checkHanging gives up after each attempt's timeout, and all requests at once.
func checkHanging(t *testing.T, s Subject) {
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: RoundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		e, _ := s(t, Options{Address: "http://host", Client: client, Timeout: 3 * time.Second,
			Retry: export.Retry{Attempts: 2, Jitter: -1}})
		start := time.Now()
		Failure{Contains: "no answer within 3s"}.Check(t, e.Export(t.Context(), Totals(Many(100))))
		if got, want := time.Since(start), 3*time.Second+export.DefaultRetryInitial+3*time.Second; got != want {
			t.Errorf("gave up after %v, want %v", got, want)
		}
	})
}

// checkRedirects sends only the same request to where a redirect leads, and
// nothing to another host.
func checkRedirects(t *testing.T, s Subject) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("another host was asked")
	}))
	t.Cleanup(other.Close)
	for _, test := range []struct {
		to    string
		codes []int
		want  string
	}{
		{"/elsewhere", []int{307, 308}, ""},
		{"/elsewhere", []int{301, 302, 303}, "redirects to"},
		{other.URL, []int{301, 302, 303, 307, 308}, "redirects to"},
	} {
		for _, code := range test.codes {
			r := &redirecting{to: test.to, code: code, bodies: map[string]string{}}
			server := httptest.NewServer(r)
			e, _ := s(t, Options{Address: server.URL, Retry: export.Retry{Attempts: -1}})
			err := e.Export(t.Context(), Totals(Level("a")))
			server.Close()
			if test.want != "" {
				Failure{Contains: test.want}.Check(t, err)
			} else if err != nil {
				t.Errorf("redirect with %d: %v", code, err)
			}
			if _, followed := r.bodies["/elsewhere"]; followed != (err == nil) || followed && r.bodies["/elsewhere"] != r.bodies[""] {
				t.Errorf("redirect with %d to %s: %d paths were asked", code, test.to, len(r.bodies))
			}
		}
	}
}

// redirecting is a server that redirects everything but what it redirects to, and
// keeps what it is sent: under the path there, and under "" for the rest.
type redirecting struct {
	to     string
	code   int
	mu     sync.Mutex
	bodies map[string]string
}

// ServeHTTP implements http.Handler.
func (d *redirecting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.URL.Path == d.to {
		d.bodies[d.to] = string(body)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	d.bodies[""] = string(body)
	http.Redirect(w, r, d.to, d.code)
}

// checkHalfClosed counts a connection that ends before the answer as a failure.
func checkHalfClosed(t *testing.T, s Subject) {
	e, counts := s(t, Options{Address: HalfClosed(t), Retry: export.Retry{Attempts: 2, Initial: time.Millisecond}})
	Failure{Contains: "EOF"}.Check(t, e.Export(t.Context(), Totals(Level("a"))))
	if d, f, a := counts.Delivered.Load(), counts.Failures.Load(), counts.Attempts.Load(); d != 0 || f != 1 || a != 2 {
		t.Errorf("counted %d delivered, %d failures of %d attempts", d, f, a)
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// checkDeserted names the address once.
func checkDeserted(t *testing.T, s Subject) {
	address := Deserted(t)
	e, _ := s(t, Options{Address: address, Retry: export.Retry{Attempts: -1}})
	err := e.Export(t.Context(), Totals(Level("a")))
	Failure{Contains: address}.Check(t, err)
	Failure{Contains: "start the server there"}.Check(t, err)
	if err != nil && strings.Count(err.Error(), address) != 1 {
		t.Errorf("error is %v", err)
	}
}

// checkNoHost says what to correct.
func checkNoHost(t *testing.T, s Subject) {
	client := &http.Client{Transport: RoundTrip(func(*http.Request) (*http.Response, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "host", IsNotFound: true}
	})}
	e, _ := s(t, Options{Address: "http://host", Client: client, Retry: export.Retry{Attempts: -1}})
	Failure{Contains: "correct the host name"}.Check(t, e.Export(t.Context(), Totals(Level("a"))))
}

// checkTLS says what to do about TLS that cannot work, and does not try again.
func checkTLS(t *testing.T, s Subject) {
	unknown := httptest.NewUnstartedServer(http.NotFoundHandler())
	unknown.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are to fail
	unknown.StartTLS()
	defer unknown.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for says, address := range map[string]string{
		"give the authority of the server's certificate": unknown.URL,
		"the server speaks no TLS":                       strings.Replace(plain.URL, "http://", "https://", 1),
		"the server speaks TLS":                          strings.Replace(unknown.URL, "https://", "http://", 1),
	} {
		e, counts := s(t, Options{Address: address})
		Failure{Contains: says}.Check(t, e.Export(t.Context(), Totals(Level("a"))))
		if n := counts.Attempts.Load(); n != 1 {
			t.Errorf("%s: counted %d attempts", says, n)
		}
	}
}
