//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

// slowQuery takes a minute and more.
const slowQuery = `max_over_time(max_over_time(sum(rate(queried[10m]))[1h:1s])[30d:1m])`

// queried starts a server with samples to ask for.
func queried(t *trial, args ...string) *server {
	t.Helper()
	server := serve(t, append([]string{"--storage.path=" + dataDir(t), "--no-scrape.self"}, args...)...)
	now := time.Now()
	var series []apitest.Pushed
	for i := range 50 {
		one := apitest.Pushed{Labels: []string{"__name__", "queried", "i", fmt.Sprintf("%02d", i)}}
		for n := range 240 {
			one.Samples = append(one.Samples, apitest.PushedSample{Millis: now.Add(time.Duration(n-240) * 15 * time.Second).UnixMilli(), Value: float64(n)})
		}
		series = append(series, one)
	}
	server.MustWrite(t, apitest.RemoteWriteV1(series), apitest.TypeV1)
	return server
}

// ask sends a query and gives the status and the answer.
func (s *server) ask(ctx context.Context, query string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Process.URL+"/api/v1/query?query="+url.QueryEscape(query), nil)
	if err != nil {
		return 0, "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

func slowQueries(t *trial, s size) string {
	frugal := queried(t, "--query.max-samples=5000")
	status, answer, err := frugal.ask(t.Context(), `queried[1h]`)
	if err != nil || status != http.StatusUnprocessableEntity || !strings.Contains(answer, "too many samples") {
		t.Errorf("12,000 samples with 5000 allowed: status %d, %.200s, %v", status, answer, err)
	}
	frugal.sees(t, "metertree_query_failures_total")
	server := queried(t, "--query.timeout=1s", "--query.max-concurrency=2")
	askers := s.pick(8, 64)
	var asking sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]int{}
	for range askers {
		asking.Go(func() {
			status, answer, err := server.ask(t.Context(), slowQuery)
			mu.Lock()
			defer mu.Unlock()
			kind := "timed out"
			if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(answer, "timed out") {
				kind = fmt.Sprintf("status %d, %.200s, %v", status, answer, err)
			}
			answers[kind]++
		})
	}
	asking.Wait()
	if answers["timed out"] != askers {
		t.Errorf("queries that take a minute, with 1s allowed: %v", answers)
	}
	server.sees(t, "metertree_query_failures_total")
	status, answer, err = server.ask(t.Context(), `count(queried)`)
	if err != nil || status != http.StatusOK || !strings.Contains(answer, `"50"`) {
		t.Errorf("afterwards: status %d, %.200s, %v", status, answer, err)
	}
	return fmt.Sprintf("12,000 samples with 5000 allowed: 422, too many samples; %d queries of a minute at once, with 1s and two at a time allowed: 503, timed out, all of them; the next answered", askers)
}

func cancelledQueries(t *trial, s size) string {
	server := queried(t)
	before := server.metric(t, "go_goroutines")
	askers := s.pick(8, 20)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asking sync.WaitGroup
	for range askers {
		asking.Go(func() {
			if status, answer, err := server.ask(ctx, slowQuery); !errors.Is(err, context.Canceled) {
				t.Errorf("a query was answered before it was cancelled: %d %.200s, %v", status, answer, err)
			}
		})
	}
	running := func() int {
		return int(server.metric(t, "prometheus_engine_queries"))
	}
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		n := running()
		return n == askers, fmt.Sprintf("%d queries run", n)
	})
	cancel()
	asking.Wait()
	begin := time.Now()
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		n := running()
		return n == 0, fmt.Sprintf("%d cancelled queries still run", n)
	})
	took := time.Since(begin)
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		now := server.metric(t, "go_goroutines")
		return now <= before+4, fmt.Sprintf("%.0f goroutines, %.0f before", now, before)
	})
	return fmt.Sprintf("%d queries of a minute: none ran %v after they were cancelled, and the goroutines were those of before", askers, took.Round(10*time.Millisecond))
}
