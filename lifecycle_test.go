//go:build !metertree_off

package metertree_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/stats"
)

// await fails the test if the channel stays open for long.
func await(t *testing.T, what string, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: not within 20 s", what)
	}
}

func refused(t *testing.T, address string) {
	t.Helper()
	if c, err := net.Dial("tcp", address); err == nil {
		c.Close()
		t.Errorf("%s still accepts connections", address)
	}
}

func TestCloseEndsAll(t *testing.T) {
	rt := start(t, metertree.Config{})
	address := rt.Addr().String()
	request(t, rt, http.MethodGet, "/metrics")
	for range 2 {
		if err := rt.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "Done after Close", rt.Done())
	refused(t, address)
	// Instruments stay usable.
	rt.Scope("late").Counter("calls_total").Inc()
}

func TestTheContextEndsAll(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	rt, err := metertree.Start(ctx, metertree.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	request(t, rt, http.MethodGet, "/metrics")
	cancel()
	await(t, "Done after the context ended", rt.Done())
	refused(t, rt.Addr().String())
	if err := rt.Close(t.Context()); err != nil {
		t.Errorf("Close afterwards: %v", err)
	}
}

func TestWithoutAListener(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rt, err := metertree.Start(ctx, metertree.Config{Listen: metertree.NoListener})
	if err != nil {
		t.Fatal(err)
	}
	if rt.Addr() != nil {
		t.Errorf("Addr = %v", rt.Addr())
	}
	ready := func() int {
		recorder := httptest.NewRecorder()
		rt.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/-/ready", nil))
		return recorder.Code
	}
	if got := ready(); got != http.StatusOK {
		t.Errorf("ready after Start: got %d", got)
	}
	cancel()
	await(t, "Done after the context ended", rt.Done())
	if got := ready(); got != http.StatusServiceUnavailable {
		t.Errorf("ready after the end: got %d", got)
	}
}

// result is what tryRequest returns.
type result struct {
	answer
	err error
}

// slowQuery is a query that tells when it runs and ends when it may, or must.
type slowQuery struct{ entered, release, abandoned chan struct{} }

func addSlowQuery(t *testing.T, rt *metertree.Runtime) slowQuery {
	t.Helper()
	q := slowQuery{make(chan struct{}), make(chan struct{}), make(chan struct{})}
	err := rt.Stats().Add(stats.Query{Name: "slow", Run: func(ctx context.Context, _ url.Values) (any, error) {
		close(q.entered)
		select {
		case <-q.release:
			return "answered", nil
		case <-ctx.Done():
			close(q.abandoned)
			return nil, ctx.Err()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestCloseLetsRequestsFinish(t *testing.T) {
	rt := start(t, metertree.Config{Grace: time.Minute})
	q := addSlowQuery(t, rt)
	results := make(chan result, 1)
	go func() {
		got, err := tryRequest(t.Context(), rt, http.MethodGet, "/api/v1/stats/slow")
		results <- result{got, err}
	}()
	await(t, "the query", q.entered)
	closed := make(chan error, 1)
	go func() { closed <- rt.Close(context.Background()) }()
	// Closing has begun once the handler says it is not ready.
	for ready := http.StatusOK; ready != http.StatusServiceUnavailable; {
		recorder := httptest.NewRecorder()
		rt.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/-/ready", nil))
		ready = recorder.Code
	}
	close(q.release)
	if got := <-results; got.err != nil || got.code != http.StatusOK || !strings.Contains(got.body, "answered") {
		t.Errorf("got %d %q, %v", got.code, got.body, got.err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestCloseCutsOffWhenItsContextEnds(t *testing.T) {
	rt, err := metertree.Start(t.Context(), metertree.Config{Listen: "127.0.0.1:0", Grace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	q := addSlowQuery(t, rt)
	asked := make(chan result, 1)
	go func() {
		got, err := tryRequest(context.Background(), rt, http.MethodGet, "/api/v1/stats/slow")
		asked <- result{got, err}
	}()
	await(t, "the query", q.entered)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := rt.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close: %v", err)
	}
	await(t, "the end of the query", q.abandoned)
	// The asker may still hear why.
	if got := <-asked; got.err == nil && got.code != http.StatusGatewayTimeout {
		t.Errorf("the asker got %d %q", got.code, got.body)
	}
}

func TestGraceEnds(t *testing.T) {
	rt, err := metertree.Start(t.Context(), metertree.Config{Listen: "127.0.0.1:0", Grace: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	q := addSlowQuery(t, rt)
	go func() {
		// It is cut off, as the query tells.
		_, _ = tryRequest(context.Background(), rt, http.MethodGet, "/api/v1/stats/slow")
	}()
	await(t, "the query", q.entered)
	if err := rt.Close(context.Background()); err != nil {
		t.Errorf("Close: %v", err)
	}
	await(t, "the end of the query", q.abandoned)
}

// A query runs when it is asked for, never because of a scrape.
func TestAScrapeRunsNoQuery(t *testing.T) {
	rt := start(t, metertree.Config{})
	err := rt.Stats().Add(stats.Query{Name: "costly", Run: func(context.Context, url.Values) (any, error) {
		t.Error("ran")
		return nil, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/metrics", "/", "/api/v1/stats/", "/api/v1/observer/", "/-/ready"} {
		request(t, rt, http.MethodGet, path)
	}
}

func TestConcurrentUse(t *testing.T) {
	rt := start(t, metertree.Config{})
	calls := rt.Scope("test").Counter("calls_total", meter.Keys("worker"))
	done := make(chan error)
	const workers = 4
	for worker := range workers {
		go func() {
			var failed error
			for range 10 {
				calls.Inc(string(rune('a' + worker)))
				_, err := tryRequest(t.Context(), rt, http.MethodGet, "/metrics")
				failed = errors.Join(failed, err)
			}
			done <- failed
		}()
	}
	for range workers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	got := request(t, rt, http.MethodGet, "/metrics")
	for _, line := range []string{`test_calls_total{worker="a"} 10`, `test_calls_total{worker="d"} 10`} {
		if !strings.Contains(got.body, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}

// A connection that sends nothing must not hold Close up.
func TestIdleConnectionsDoNotDelayClose(t *testing.T) {
	rt, err := metertree.Start(t.Context(), metertree.Config{Listen: "127.0.0.1:0", Grace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("tcp", rt.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	request(t, rt, http.MethodGet, "/-/ready")
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	await(t, "Close with an idle connection", closed)
	if n, err := connection.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) && !isReset(err) {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

func isReset(err error) bool { return err != nil && strings.Contains(err.Error(), "reset") }
