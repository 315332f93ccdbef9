package httpmetrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"
)

func TestKindsOfErrors(t *testing.T) {
	for want, err := range map[string]error{
		"canceled": fmt.Errorf("sending: %w", context.Canceled),
		"timeout":  fmt.Errorf("sending: %w", context.DeadlineExceeded),
		"dns":      &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nowhere", IsNotFound: true}},
		"refused":  &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"tls":      &net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")},
		"other":    io.ErrUnexpectedEOF,
	} {
		c, r := newClient(t, ClientOptions{})
		if got := send(c.Transport(failing(err)), request("GET", "http://x")); got != err {
			t.Errorf("the error became %v", got)
		}
		expect(t, r, `http_client_errors_total{kind="`+want+`",method="GET"} 1`,
			`http_client_requests_total{method="GET",status="error"} 1`, "http_client_requests_in_flight 0")
	}
}

// The kinds as real connections make them.
func TestKindsOfRealErrors(t *testing.T) {
	never := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-never:
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	defer close(never)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing := dead.Addr().String()
	dead.Close()

	c, r := newClient(t, ClientOptions{})
	trusting := &http.Client{Transport: c.Transport(server.Client().Transport), Timeout: time.Millisecond}
	strange := &http.Client{Transport: c.Transport(&http.Transport{})}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("a cause of its own"))
	givenUp, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []func() (*http.Response, error){
		func() (*http.Response, error) { return trusting.Get(server.URL) },
		func() (*http.Response, error) { return strange.Get(server.URL) },
		func() (*http.Response, error) { return strange.Get("http://" + refusing) },
		func() (*http.Response, error) { return strange.Do(givenUp) },
	} {
		if response, err := call(); err == nil {
			response.Body.Close()
			t.Errorf("status %d, want an error", response.StatusCode)
		}
	}
	for _, kind := range []string{"timeout", "tls", "refused", "canceled"} {
		expect(t, r, `http_client_errors_total{kind="`+kind+`",method="GET"} 1`)
	}
}

// overdue is a context whose deadline has passed while its timer has not fired.
type overdue struct{ context.Context }

func (overdue) Deadline() (time.Time, bool) { return time.Now().Add(-time.Millisecond), true }

// http.Client gives a request up in ways that only the request tells.
func TestRequestsGivenUp(t *testing.T) {
	strange := errors.New("request was given up")
	stopped := make(chan struct{})
	close(stopped)
	byChannel := request("GET", "http://x")
	byChannel.Cancel = stopped //nolint:staticcheck // what http.Client does
	if got := kindOf(byChannel, strange); got != canceled {
		t.Errorf("kind %v, want canceled", got)
	}
	if got := kindOf(byChannel.WithContext(overdue{t.Context()}), strange); got != timeout {
		t.Errorf("kind %v, want timeout", got)
	}
	if got := kindOf(request("GET", "http://x"), strange); got != other {
		t.Errorf("kind %v, want other", got)
	}
}
