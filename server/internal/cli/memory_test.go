package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

// endlessTarget exposes one counter for ever, as fast as it is read.
func endlessTarget(t *testing.T) string {
	t.Helper()
	lines := bytes.Repeat([]byte("endless_total 1\n"), 4096)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		for {
			if _, err := w.Write(lines); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return server.URL
}

// A target that never ends costs the memory that the body limit allows, and not
// what it could send until the scrape times out.
func TestMemoryIsBoundedByTheBodyLimit(t *testing.T) {
	const most = 256 << 20
	p := serveProcess(t, "--storage.path="+dataDir(t), "--scrape="+endlessTarget(t),
		"--scrape.interval=1s", "--scrape.body-size-limit=1MB")
	now := func(query string) float64 {
		var highest float64
		for _, series := range p.Query(t, query, time.Now()) {
			highest = max(highest, series.Samples[0].Float())
		}
		return highest
	}
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		cut := now(`prometheus_target_scrapes_exceeded_body_size_limit_total`)
		return cut >= 4, fmt.Sprintf("%v scrapes were cut off", cut)
	})
	if used := now(`max_over_time(process_resident_memory_bytes{job="metertree"}[5m])`); used == 0 || used > most {
		t.Errorf("%.0f MiB of memory, want no more than %d MiB", used/(1<<20), most>>20)
	}
}
