package serve

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

// A target, or an endpoint of remote_write, that sends elsewhere does not send
// the credentials along.
func TestCredentialsDoNotFollowRedirects(t *testing.T) {
	var asked, brought atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		for _, values := range r.Header {
			if strings.Contains(strings.Join(values, " "), "hush") {
				brought.Add(1)
			}
		}
		if _, _, has := r.BasicAuth(); has {
			brought.Add(1)
		}
		http.NotFound(w, r)
	}))
	defer elsewhere.Close()
	// The same machine by another name is another host.
	away := strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)
	sending := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, away+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer sending.Close()
	options := testOptions(t)
	options.SelfScrape = SelfScrapeOff
	options.ConfigFile = configFile(t, strings.ReplaceAll(`
global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs:
  - {job_name: basic, basic_auth: {username: me, password: hush}, static_configs: [{targets: [ADDRESS]}]}
  - {job_name: bearer, authorization: {credentials: hush}, static_configs: [{targets: [ADDRESS]}]}
  - {job_name: header, http_headers: {X-Key: {secrets: [hush]}}, static_configs: [{targets: [ADDRESS]}]}
remote_write:
  - {url: "http://ADDRESS/write", name: both, basic_auth: {username: me, password: hush}, headers: {X-Key: hush}, queue_config: {batch_send_deadline: 50ms}}
  - {url: "http://ADDRESS/write2", basic_auth: {username: me, password: hush}, queue_config: {batch_send_deadline: 50ms}}
`, "ADDRESS", strings.TrimPrefix(sending.URL, "http://")))
	start(t, options)
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		n := asked.Load()
		return n >= 9, fmt.Sprintf("%d requests were sent elsewhere", n)
	})
	if n := brought.Load(); n > 0 {
		t.Errorf("%d of %d requests brought credentials", n, asked.Load())
	}
}
