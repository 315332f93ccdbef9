//go:build linux

package faults

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

// target exposes what write writes, at each scrape.
func target(t *trial, write func(w *bufio.Writer)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		buffered := bufio.NewWriter(w)
		write(buffered)
		_ = buffered.Flush() // the scraper may have gone
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return server.URL
}

func goodTarget(t *trial) string {
	var n atomic.Int64
	return target(t, func(w *bufio.Writer) { fmt.Fprintf(w, "good_total %d\n", n.Add(1)) })
}

// bad waits until the target at an address is down and gives the reason.
func (s *server) bad(t *trial, address string) (reason string) {
	t.Helper()
	apitest.Eventually(t, 60*time.Second, func() (bool, string) {
		bad, found := s.target(t, address)
		reason = bad.LastError
		return found && bad.Health == "down", fmt.Sprintf("the target is %q: %s", bad.Health, reason)
	})
	return reason
}

func (s *server) target(t *trial, address string) (apitest.Target, bool) {
	t.Helper()
	var data struct {
		ActiveTargets []apitest.Target `json:"activeTargets"`
	}
	s.Get(t, "targets", nil, &data)
	for _, one := range data.ActiveTargets {
		if strings.HasPrefix(one.ScrapeURL, address) {
			return one, true
		}
	}
	return apitest.Target{}, false
}

// keepsScraping fails unless more samples of the good target arrive.
func (s *server) keepsScraping(t *trial, address string) {
	t.Helper()
	before := len(s.values(t, "good_total"))
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		now := len(s.values(t, "good_total"))
		return now >= before+3, fmt.Sprintf("the good target has %d samples, and had %d", now, before)
	})
	if good, found := s.target(t, address); !found || good.Health != "up" {
		t.Errorf("the good target is %q: %s", good.Health, good.LastError)
	}
}

func hugeTarget(t *trial, s size) string {
	series := s.pick(200_000, 1_000_000)
	huge := target(t, func(w *bufio.Writer) {
		for i := range series {
			fmt.Fprintf(w, "huge{i=\"%d\"} 1\n", i)
		}
	})
	good := goodTarget(t)
	args := []string{"--storage.path=" + dataDir(t), "--no-scrape.self", "--scrape=" + good, "--scrape=" + huge}
	if s == full {
		args = append(args, "--scrape.interval=5s")
	} else {
		args = append(args, "--scrape.interval=1s", "--scrape.sample-limit=100000")
	}
	server := serve(t, args...)
	reason := server.bad(t, huge)
	if !strings.Contains(reason, "sample limit exceeded") {
		t.Errorf("it is down for %q", reason)
	}
	server.sees(t, "prometheus_target_scrapes_exceeded_sample_limit_total")
	server.keepsScraping(t, good)
	if got := server.Query(t, `huge`, time.Now()); len(got) != 0 {
		t.Errorf("%d of its series are stored", len(got))
	}
	return fmt.Sprintf("%d series: down, %q, none stored; peak memory %d MiB", series, reason, server.peak(t))
}

func churningTarget(t *trial, s size) string {
	limit := s.pick(128, 256)
	var scrapes atomic.Int64
	churning := target(t, func(w *bufio.Writer) {
		n := scrapes.Add(1)
		for i := range 20_000 {
			fmt.Fprintf(w, "churning{i=\"%d\",scrape=\"%d\"} 1\n", i, n)
		}
	})
	good := goodTarget(t)
	server := serveWithin(t, limit, "--storage.path="+dataDir(t), "--no-scrape.self", "--scrape.interval=300ms", "--scrape="+good, "--scrape="+churning)
	reason := server.bad(t, churning)
	if !strings.Contains(reason, "memory is short") {
		t.Errorf("it is down for %q", reason)
	}
	server.sees(t, "metertree_ingest_refused_series_total")
	server.keepsScraping(t, good)
	peak := server.peak(t)
	if peak > limit+codeMemory {
		t.Errorf("peak memory %d MiB with a limit of %d MiB", peak, limit)
	}
	return fmt.Sprintf("20,000 new series at each scrape: down with %.0f series in memory, %q; limit %d MiB, peak memory %d MiB", server.metric(t, "prometheus_tsdb_head_series"), reason, limit, peak)
}

func longLabels(t *trial, s size) string {
	value := strings.Repeat("x", 10<<20)
	long := target(t, func(w *bufio.Writer) {
		for i := range s.pick(1, 3) {
			fmt.Fprintf(w, "long{value=\"%d%s\"} 1\n", i, value)
		}
	})
	good := goodTarget(t)
	server := serve(t, "--storage.path="+dataDir(t), "--no-scrape.self", "--scrape.interval=1s", "--scrape="+good, "--scrape="+long)
	reason := server.bad(t, long)
	if !strings.Contains(reason, "labels are longer than") {
		t.Errorf("it is down for %.300q", reason)
	}
	body := apitest.RemoteWriteV1([]apitest.Pushed{{
		Labels: []string{"__name__", "pushed_long", "value", value}, Samples: []apitest.PushedSample{{Millis: time.Now().UnixMilli(), Value: 1}},
	}})
	status, answer, err := server.Write(body, apitest.TypeV1)
	if err != nil || status != http.StatusBadRequest || !strings.Contains(answer, "labels are longer than") {
		t.Errorf("a push is answered %d %.200q, error %v", status, answer, err)
	}
	server.sees(t, "metertree_ingest_refused_series_total")
	server.keepsScraping(t, good)
	return fmt.Sprintf("down, %q; a push is answered 400; peak memory %d MiB", reason, server.peak(t))
}
