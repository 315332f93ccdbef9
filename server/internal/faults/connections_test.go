//go:build linux

package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/server/internal/apitest"
)

// openFiles raises the limit of open files as far as it may, and gives it.
func openFiles(t testing.TB) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	return int(min(limit.Cur, 1<<20))
}

// besieged asks for pages while others hold connections, and tells how long the
// slowest took.
func besieged(t *trial, server *server, rounds int) time.Duration {
	t.Helper()
	var slowest time.Duration
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range rounds {
		for _, path := range []string{"/metrics", "/api/v1/query?query=vector(1)", "/-/ready"} {
			begin := time.Now()
			response, err := client.Get(server.Process.URL + path)
			if err != nil {
				t.Fatalf("%s is not answered: %v", path, err)
			}
			if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s, %v", path, response.Status, err)
			}
			slowest = max(slowest, time.Since(begin))
		}
	}
	return slowest
}

func slowLoris(t *trial, s size) string {
	count := min(s.pick(2000, 10_000), openFiles(t)-500)
	server := serve(t, "--storage.path="+dataDir(t))
	address := strings.TrimPrefix(server.Process.URL, "http://")
	ctx, stop := context.WithCancel(context.Background())
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	var opened atomic.Int64
	for range 100 {
		group.Go(func() { siege(ctx, address, count/100, &opened) })
	}
	begin := time.Now()
	apitest.Eventually(t, time.Minute, func() (bool, string) {
		// A server that is overwhelmed takes no more.
		n := opened.Load()
		return n >= int64(count/100*100) || time.Since(begin) > 15*time.Second, fmt.Sprintf("%d connections were opened", n)
	})
	slowest := besieged(t, server, s.pick(5, 50))
	server.sees(t, "metertree_http_dropped_connections_total")
	return fmt.Sprintf("%d connections that send a byte at a time and come again when they are closed: every request answered, the slowest in %v; peak memory %d MiB", count/100*100, slowest.Round(time.Millisecond), server.peak(t))
}

// siege keeps connections open that send the head of a request a byte at a time,
// and opens each again that is closed.
func siege(ctx context.Context, address string, count int, opened *atomic.Int64) {
	connections := make([]net.Conn, count)
	defer func() {
		for _, c := range connections {
			if c != nil {
				_ = c.Close()
			}
		}
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		for i, c := range connections {
			if c != nil {
				if _, err := c.Write([]byte("x")); err == nil {
					continue
				}
				_ = c.Close()
				connections[i] = nil
			}
			if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
				_, _ = c.Write([]byte("GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: "))
				connections[i] = c
				opened.Add(1)
			}
			if ctx.Err() != nil {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// storm is what scrapers at once were answered.
type storm struct {
	answered, turnedAway, failed atomic.Int64
	mu                           sync.Mutex
	odd                          string
}

// scrapers lets many scrape at once, each several times.
func scrapers(count, times int, url string) *storm {
	var result storm
	client := &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: count}}
	defer client.CloseIdleConnections()
	var group sync.WaitGroup
	for range count {
		group.Go(func() {
			for range times {
				result.scrape(client, url)
			}
		})
	}
	group.Wait()
	return &result
}

func (r *storm) scrape(client *http.Client, url string) {
	response, err := client.Get(url)
	if err != nil {
		r.fail(err.Error())
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		r.fail(err.Error())
	case response.StatusCode == http.StatusOK && bytes.Contains(body, []byte("# TYPE")):
		r.answered.Add(1)
	case response.StatusCode/100 != 2 && response.Header.Get("Retry-After") != "":
		r.turnedAway.Add(1)
	default:
		r.fail(response.Status)
	}
}

func (r *storm) fail(why string) {
	r.failed.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.odd = why
}

func stormLibrary(t *trial, s size) string {
	runtime, err := metertree.Start(t.Context(), metertree.Config{Service: "storm", Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := runtime.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	counter, err := runtime.Scope().NewCounter("updates_total")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var updates atomic.Int64
	var updating sync.WaitGroup
	updating.Go(func() {
		for ctx.Err() == nil {
			counter.Add(1)
			updates.Add(1)
		}
	})
	result := scrapers(500, s.pick(2, 20), "http://"+runtime.Addr().String()+"/metrics")
	stop()
	updating.Wait()
	if result.failed.Load() > 0 || result.answered.Load() == 0 {
		t.Errorf("%d scrapes failed, such as %q, and %d were answered", result.failed.Load(), result.odd, result.answered.Load())
	}
	exposed, err := fetch("http://" + runtime.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("updates_total %d\n", updates.Load()); !strings.Contains(exposed, want) {
		t.Errorf("after the storm the page has no line %q", want)
	}
	return fmt.Sprintf("%d answered, %d told to come again, 0 failed; %d updates meanwhile, 0 lost", result.answered.Load(), result.turnedAway.Load(), updates.Load())
}

func stormServe(t *trial, s size) string {
	server := serve(t, "--storage.path="+dataDir(t))
	ctx, stop := context.WithCancel(context.Background())
	var pushing sync.WaitGroup
	var taken atomic.Int64
	begin := time.Now().Add(-time.Hour).UnixMilli()
	pushing.Go(func() {
		for at := begin; ctx.Err() == nil; at++ {
			if status, err := sendRemoteWrite(server.Client, "in_storm", at); err == nil && status/100 == 2 {
				taken.Add(1)
			}
		}
	})
	result := scrapers(500, s.pick(2, 10), server.Process.URL+"/metrics")
	stop()
	pushing.Wait()
	if result.failed.Load() > 0 || taken.Load() == 0 {
		t.Errorf("%d scrapes failed, such as %q; %d pushes were taken", result.failed.Load(), result.odd, taken.Load())
	}
	return fmt.Sprintf("%d answered, %d told to come again, 0 failed; %d pushes taken meanwhile; peak memory %d MiB", result.answered.Load(), result.turnedAway.Load(), taken.Load(), server.peak(t))
}
