package gateway

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/metertree/metertree/internal/realserver"
)

// A real Prometheus scrapes three instances and writes to the gateway, which
// crashes meanwhile: the merged stream is what the instances counted.
func TestRealPrometheusWritesToTheGateway(t *testing.T) {
	realserver.Find(t, "prometheus")
	path, address := t.TempDir(), realserver.FreeAddress(t)
	g := startAt(t, address, path)
	var counts [3]atomic.Int64
	targets := ""
	for i := range counts {
		counts[i].Store(int64(10 * (i + 1)))
		target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			n := counts[i].Load()
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			fmt.Fprintf(w, "# TYPE calls counter\ncalls %d\n", n) // no name tells what it is
			fmt.Fprintf(w, "# TYPE wait_seconds histogram\nwait_seconds_bucket{le=\"1\"} %d\nwait_seconds_bucket{le=\"+Inf\"} %d\nwait_seconds_sum %d\nwait_seconds_count %d\n", n, 2*n, 3*n, 2*n)
			fmt.Fprintf(w, "# TYPE depth gauge\ndepth %d\n", i)
		}))
		t.Cleanup(target.Close)
		targets += fmt.Sprintf("%q,", target.Listener.Addr().String())
	}
	realserver.Prometheus(t, fmt.Sprintf(`
global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs: [{job_name: ours, static_configs: [{targets: [%s]}]}]
remote_write: [{url: "http://%s/api/v1/write", metadata_config: {send_interval: 500ms}, queue_config: {batch_send_deadline: 100ms}}]
`, targets, address))
	want := func(total int64) {
		t.Helper()
		for sample, value := range map[string]int64{
			`calls{job="ours"}`:                        total,
			`wait_seconds_bucket{job="ours",le="1"}`:   total,
			`wait_seconds_bucket{job="ours",le="1.0"}`: 0,
			`wait_seconds_sum{job="ours"}`:             3 * total,
			`wait_seconds_count{job="ours"}`:           2 * total,
		} {
			eventually(t, func() error {
				if got := g.exposed(t)[sample]; got != fmt.Sprint(value) && (value > 0 || got != "") {
					return fmt.Errorf("%s is %q, want %d", sample, got, value)
				}
				return nil
			})
		}
	}
	want(60)
	for i := range counts {
		counts[i].Add(5)
	}
	want(75)
	g.crash(t)
	counts[0].Add(25)
	g = startAt(t, address, path)
	want(100)
	// An instance restarts: its count falls, and the total does not.
	counts[2].Store(7)
	want(107)
	if got := g.self(t, "metertree_gateway_conflicts_total"); got != "0" {
		t.Errorf("%s conflicts", got)
	}
}
