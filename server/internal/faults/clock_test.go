//go:build linux

package faults

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

func clockJumps(t *trial, _ size) string {
	skewed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		now := time.Now()
		fmt.Fprintf(w, "scraped_sane 1\nscraped_1970 1 1000\nscraped_future 1 %d\nscraped_ahead 1 %d\n",
			now.AddDate(1, 0, 0).UnixMilli(), now.Add(5*time.Minute).UnixMilli())
	}))
	defer skewed.Close()
	data := dataDir(t)
	server := serve(t, "--storage.path="+data, "--no-scrape.self", "--scrape="+skewed.URL, "--scrape.interval=200ms")
	now := time.Now()
	ahead := func() float64 {
		var n float64
		for line := range strings.Lines(server.page(t, "/metrics")) {
			// Without it none was refused.
			_, _ = fmt.Sscanf(line, `metertree_ingest_refused_samples_total{reason="too_new"} %g`, &n)
		}
		return n
	}
	for _, push := range []struct {
		name string
		at   time.Time
		want int
	}{
		{"pushed_now", now, http.StatusNoContent},
		{"pushed_1970", time.UnixMilli(1000), http.StatusBadRequest},
		{"pushed_before_retention", now.AddDate(0, 0, -8), http.StatusBadRequest},
		{"pushed_future", now.Add(20 * time.Minute), http.StatusBadRequest},
		{"pushed_year_292277", time.UnixMilli(1<<63 - 1), http.StatusBadRequest},
		{"pushed_ahead", now.Add(5 * time.Minute), http.StatusNoContent},
		// The sender's clock goes back to what is right, and then an hour too far.
		{"pushed_ahead", now, http.StatusNoContent},
		{"pushed_ahead", now.Add(-time.Hour), http.StatusNoContent},
	} {
		status, answer, err := server.Write(one(push.name, push.at.UnixMilli(), 1), apitest.TypeV1)
		if err != nil || status != push.want {
			t.Errorf("%s: status %d %q, error %v, want %d", push.name, status, answer, err, push.want)
		}
	}
	if got := ahead(); got != 2 {
		t.Errorf("%v samples of the future were counted, want 2", got)
	}
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		refused := server.metric(t, "metertree_ingest_refused_samples_total")
		return refused > 8 && len(server.values(t, "scraped_sane")) > 0, fmt.Sprintf("%v samples were refused", refused)
	})
	for name, want := range map[string]int{"pushed_now": 1, "pushed_ahead": 3, "pushed_1970": 0, "scraped_1970": 0, "scraped_future": 0} {
		if got := len(server.values(t, name)); got != want {
			t.Errorf("%s: %d samples, want %d", name, got, want)
		}
	}
	for _, target := range server.Targets(t) {
		if target.Health != "up" {
			t.Errorf("the target is %s: %s", target.Health, target.LastError)
		}
	}
	if files, err := os.ReadDir(data); err != nil || len(files) > 10 {
		t.Errorf("%d files in the storage, error %v", len(files), err)
	}
	return "1970, 8 days ago, 20 minutes ahead and the last millisecond there is: refused with 400 or not scraped, and counted; 5 minutes ahead, then an hour back: taken"
}
