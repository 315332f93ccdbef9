package serve

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

// plantedConfig has a secret, which begins with hush, wherever one can stand. The
// address is that of something that refuses every request.
const plantedConfig = `
scrape_configs:
  - job_name: basic
    basic_auth: {username: me, password: hush-basic}
    static_configs: [{targets: ["ADDRESS"]}]
  - job_name: bearer
    authorization: {credentials: hush-bearer}
    static_configs: [{targets: ["ADDRESS"]}]
  - job_name: header
    http_headers: {X-Key: {secrets: [hush-header]}, X-Plain: {values: [hush-plain-header]}}
    static_configs: [{targets: ["ADDRESS"]}]
  - job_name: parameter
    params: {api_key: [hush-parameter], token: [hush-token]}
    static_configs: [{targets: ["ADDRESS", "127.0.0.1:1"]}]
  - job_name: label
    static_configs: [{targets: ["ADDRESS"], labels: {__param_password: hush-label}}]
  - job_name: oauth
    oauth2: {client_id: me, client_secret: hush-oauth, token_url: "http://ADDRESS/?secret=hush-oauth-address", endpoint_params: {api_key: hush-oauth-parameter}}
    static_configs: [{targets: ["ADDRESS"]}]
  - job_name: proxy
    proxy_url: http://me:hush-proxy@ADDRESS
    proxy_connect_header: {Proxy-Authorization: [hush-connect]}
    static_configs: [{targets: ["ADDRESS"]}]
  - job_name: discovered
    http_sd_configs:
      - url: http://me:hush-discovery@ADDRESS/sd?token=hush-discovery-parameter
        basic_auth: {username: me, password: hush-discovery-basic}
        refresh_interval: 1s
remote_write:
  - url: http://me:hush-write@ADDRESS/write?api_key=hush-write-parameter
    headers: {X-Key: hush-write-header}
    queue_config: {min_backoff: 30ms, max_backoff: 100ms, batch_send_deadline: 100ms}
  - url: http://ADDRESS/write2
    basic_auth: {username: me, password: hush-write-basic}
    queue_config: {batch_send_deadline: 100ms}
  - url: http://127.0.0.1:1/write3
    authorization: {credentials: hush-write-bearer}
    queue_config: {min_backoff: 30ms, max_backoff: 100ms, batch_send_deadline: 100ms}
`

// shownPaths are what a server without the explorer shows to whoever may read.
var shownPaths = []string{
	"/", "/metrics", "/-/healthy", "/-/ready", "/-/reload", "/nothing",
	"/api/v1/status/config", "/api/v1/status/flags", "/api/v1/status/runtimeinfo", "/api/v1/status/buildinfo",
	"/api/v1/status/tsdb", "/api/v1/status/walreplay", "/api/v1/targets", "/api/v1/targets/metadata", "/api/v1/scrape_pools",
	"/api/v1/metadata", "/api/v1/labels", "/api/v1/label/__name__/values", "/api/v1/label/url/values", "/api/v1/rules", "/api/v1/alerts",
	"/api/v1/alertmanagers", "/api/v1/notifications", "/api/v1/features", "/api/v1/openapi.yaml", "/api/v1/nothing",
	"/api/v1/series?match[]=" + url.QueryEscape(`{__name__=~".+"}`),
	"/api/v1/query?query=" + url.QueryEscape(`{__name__=~".+"}`),
	"/api/v1/targets/relabel_steps?scrapePool=label&labels=" + url.QueryEscape(`{"__address__":"a:1"}`),
}

var planted = regexp.MustCompile(`hush-[a-z0-9-]+`)

// Whatever an operator writes into the configuration as a secret comes out
// nowhere: not in an answer, not in a log, not in an error.
func TestSecretsStayInside(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusInternalServerError)
	}))
	defer refusing.Close()
	content := strings.ReplaceAll(plantedConfig, "ADDRESS", strings.TrimPrefix(refusing.URL, "http://"))
	tokens := filepath.Join(t.TempDir(), "tokens")
	rewrite(t, tokens, "hush-push-0123456789abcdef")

	options := testOptions(t)
	options.ConfigFile = configFile(t, "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"+content)
	options.Web.TokenFile = tokens
	log := &apitest.Log{}
	options.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r := start(t, options)
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		failed := 0
		for _, target := range r.Targets(t) {
			if target.LastError != "" {
				failed++
			}
		}
		_, metrics := get(t, r.URL+"/metrics")
		sent := regexp.MustCompile(`prometheus_remote_storage_samples_(failed|retried)_total\{.*\} [1-9]`).FindAllString(metrics, -1)
		return failed >= 7 && len(sent) >= 3, fmt.Sprintf("%d targets failed, of remote writes %v", failed, sent)
	})

	leaks := map[string][]string{}
	note := func(where, shown string) {
		for _, secret := range planted.FindAllString(shown, -1) {
			if len(leaks[secret]) < 3 {
				leaks[secret] = append(leaks[secret], where)
			}
		}
	}
	for _, path := range shownPaths {
		_, body := get(t, r.URL+path)
		note(path, body)
	}
	reload := func(token string) {
		request, err := http.NewRequest(http.MethodPost, r.URL+"/-/reload", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		note("answer of a reload", string(body))
	}
	reload("hush-wrong-0123456789abcdef")
	for _, bad := range []string{
		"scrape_configs: [{job_name: x, basic_auth: hush-misplaced}]",
		"scrape_configs: [{job_name: x, basic_auth: {username: me, password: [hush-list]}}]",
		"scrape_configs: [{job_name: x, authorization: {type: Basic, credentials: hush-basic-type}}]",
		"scrape_configs: [{job_name: x, bearer_token: hush-both, basic_auth: {username: me, password: hush-also}}]",
		"scrape_configs: [{job_name: x, bearer_tokn: hush-key}]",
		"scrape_configs: [{job_name: x, proxy_url: 'http://me:hush-port@h:x'}]",
		"remote_write: [{url: 'http://me:hush-url@h:x/'}]",
		"remote_write: [{url: 'ftp://me:hush-scheme@h/', tls_config: {ca_file: none}}]",
		"remote_write: [{url: 'http://h/', headers: {Authorization: hush-authorization}}]",
		"remote_write: [{url: 'http://h/', headers: hush-headers}]",
	} {
		rewrite(t, options.ConfigFile, bad)
		reload("hush-push-0123456789abcdef")
	}
	r.end(t)
	note("log", log.String())
	for secret, where := range leaks {
		t.Errorf("%s is shown: %q", secret, where)
	}
	if files, err := os.ReadDir(options.Storage.Path); err != nil || len(files) == 0 {
		t.Errorf("storage: %v, %v", files, err)
	}
}
