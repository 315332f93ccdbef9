package serve

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/explorer"
	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/server/internal/webconfig/certtest"
)

const (
	userPassword = "correct horse"
	// hashedPassword is it by bcrypt, at the lowest cost.
	hashedPassword = "$2a$04$/eDPtQmBmP/ta8DYkdQb5.uy6THff5s28egioVSK2wrKn2XE0uE/K"
	pushToken      = "0123456789abcdef0123456789abcdef"
)

// secured has every door that there is, with its files beside the web
// configuration file.
func secured(t *testing.T) (options Options, client *http.Client) {
	t.Helper()
	authority := certtest.New(t)
	dir := t.TempDir()
	authority.Issue(t, "server", time.Now().Add(time.Hour)).Write(t, filepath.Join(dir, "server.pem"), filepath.Join(dir, "server.key"))
	rewrite(t, filepath.Join(dir, "web.yml"), "tls_server_config: {cert_file: server.pem, key_file: server.key}\nbasic_auth_users: {me: "+hashedPassword+"}\n")
	rewrite(t, filepath.Join(dir, "ca.pem"), string(authority.PEM()))
	rewrite(t, filepath.Join(dir, "tokens"), pushToken)
	options = testOptions(t)
	options.Web.ConfigFile, options.Web.TokenFile = filepath.Join(dir, "web.yml"), filepath.Join(dir, "tokens")
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool(), MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return options, &http.Client{Transport: transport}
}

// sent is what was answered to a request.
type sent struct {
	status int
	header http.Header
	body   string
}

func send(t *testing.T, client *http.Client, method, url string, body []byte, prepare ...func(*http.Request)) sent {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range prepare {
		change(request)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return sent{response.StatusCode, response.Header, string(content)}
}

func asUser(r *http.Request) { r.SetBasicAuth("me", userPassword) }

func withToken(r *http.Request) { r.Header.Set("Authorization", "Bearer "+pushToken) }

func asRemoteWrite(r *http.Request) {
	r.Header.Set("Content-Type", apitest.TypeV1)
	r.Header.Set("Content-Encoding", "snappy")
}

func TestSecuredServer(t *testing.T) {
	options, client := secured(t)
	options.ConfigFile = configFile(t, "global: {scrape_interval: 200ms, scrape_timeout: 200ms}")
	r := start(t, options)
	if !strings.HasPrefix(r.URL, "https://127.0.0.1:") {
		t.Fatalf("ready at %s", r.URL)
	}
	now := time.Now()
	push := apitest.RemoteWriteV1([]apitest.Pushed{{
		Labels: []string{"__name__", "pushed"}, Samples: []apitest.PushedSample{{Millis: now.UnixMilli(), Value: 9}},
	}})
	for name, tt := range map[string]struct {
		method, path string
		body         []byte
		who          func(*http.Request)
		want         int
	}{
		"push, nobody":        {http.MethodPost, "/api/v1/write", push, func(*http.Request) {}, http.StatusUnauthorized},
		"push, token":         {http.MethodPost, "/api/v1/write", push, withToken, http.StatusNoContent},
		"push, user":          {http.MethodPost, "/api/v1/write", push, asUser, http.StatusNoContent},
		"otlp, nobody":        {http.MethodPost, "/api/v1/otlp/v1/metrics", nil, func(*http.Request) {}, http.StatusUnauthorized},
		"reload, nobody":      {http.MethodPost, "/-/reload", nil, func(*http.Request) {}, http.StatusUnauthorized},
		"reload, token":       {http.MethodPost, "/-/reload", nil, withToken, http.StatusOK},
		"reload, by GET":      {http.MethodGet, "/-/reload", nil, asUser, http.StatusMethodNotAllowed},
		"reads, nobody":       {http.MethodGet, "/metrics", nil, func(*http.Request) {}, http.StatusUnauthorized},
		"reads, token":        {http.MethodGet, "/metrics", nil, withToken, http.StatusUnauthorized},
		"reads, user":         {http.MethodGet, "/metrics", nil, asUser, http.StatusOK},
		"asks by POST, token": {http.MethodPost, "/api/v1/query?query=1", nil, withToken, http.StatusUnauthorized},
		"asks by POST, user":  {http.MethodPost, "/api/v1/query?query=1", nil, asUser, http.StatusOK},
		"health, nobody":      {http.MethodGet, "/-/healthy", nil, func(*http.Request) {}, http.StatusUnauthorized},
	} {
		if got := send(t, client, tt.method, r.URL+tt.path, tt.body, asRemoteWrite, tt.who); got.status != tt.want {
			t.Errorf("%s: status %d, want %d: %.200q", name, got.status, tt.want, got.body)
		}
	}

	// It scrapes itself past its own door, and says which server it is.
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		query := "/api/v1/query?query=" + url.QueryEscape(`up{job="metertree",instance="`+strings.TrimPrefix(r.URL, "https://")+`"} == 1 and on() pushed == 9`)
		got := send(t, client, http.MethodGet, r.URL+query, nil, asUser)
		var document struct {
			Data struct {
				Result []any `json:"result"`
			} `json:"data"`
		}
		err := json.Unmarshal([]byte(got.body), &document)
		return err == nil && len(document.Data.Result) == 1, got.body
	})
}

func TestPushesNeedTheToken(t *testing.T) {
	options := testOptions(t)
	options.Web.TokenFile = configFile(t, pushToken)
	r := start(t, options)
	for _, path := range []string{"/api/v1/write", "/api/v1/otlp/v1/metrics", "/-/reload", "/api/v1/admin/tsdb/snapshot", "/api/v1/anything", "/api/v1//write", "/x/../api/v1/write"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
			if got := send(t, http.DefaultClient, method, r.URL+path, nil); got.status != http.StatusUnauthorized || !strings.Contains(got.body, "--web.push-token-file") {
				t.Errorf("%s %s: status %d, %.100q", method, path, got.status, got.body)
			}
		}
	}
	for path := range asked {
		if got := send(t, http.DefaultClient, http.MethodPost, r.URL+path, nil); got.status == http.StatusUnauthorized {
			t.Errorf("POST %s asks something, and was answered %d", path, got.status)
		}
	}
}

func TestAnonymousWritesBeyondLoopback(t *testing.T) {
	options := testOptions(t)
	options.ListenAddress = "0.0.0.0:0"
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := Run(ctx, options)
	for _, want := range []string{"--web.push-token-file", "--web.config.file", "127.0.0.1", "--web.allow-anonymous-writes"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
	options.Web.AnonymousWrites = true
	r := start(t, options)
	if got := send(t, http.DefaultClient, http.MethodPost, r.URL+"/-/reload", nil); got.status != http.StatusBadRequest {
		t.Errorf("status %d, %q", got.status, got.body)
	}
}

func withExplorer(mux *http.ServeMux, node *prom.Node) {
	explorer.Mount(mux, node.TreeSource(prom.TreeSourceOptions{}))
}

func TestEveryAnswerHasSecurityHeaders(t *testing.T) {
	options := testOptions(t)
	plain := start(t, options)
	options = testOptions(t)
	options.Explorer = withExplorer
	explored := start(t, options)
	for _, base := range []string{plain.URL, explored.URL} {
		for _, path := range append([]string{"/static/js/app.js", "/static/nothing", "/api/v1/tree", "/api/v1/tree/nothing", "//metrics"}, shownPaths...) {
			got := send(t, http.DefaultClient, http.MethodGet, base+path, nil, func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") })
			for name, want := range map[string]string{
				"Content-Security-Policy": "frame-ancestors 'none'", "Referrer-Policy": "no-referrer",
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			} {
				if !strings.Contains(got.header.Get(name), want) {
					t.Errorf("%s: %s is %q", path, name, got.header.Get(name))
				}
			}
			if policy := got.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
				t.Errorf("%s: the policy is %q", path, policy)
			}
			if origin := got.header.Get("Access-Control-Allow-Origin"); origin != "" {
				t.Errorf("%s lets %q read it", path, origin)
			}
		}
	}
}

func TestOtherSitesAreKeptOut(t *testing.T) {
	options := testOptions(t)
	options.ConfigFile = configFile(t, "")
	options.Web.Hosts = []string{"metrics.example.org"}
	r := start(t, options)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	for name, tt := range map[string]struct {
		method, path string
		prepare      func(*http.Request)
		want         int
	}{
		"reload by a program":         {http.MethodPost, "/-/reload", func(*http.Request) {}, http.StatusOK},
		"reload by an own page":       {http.MethodPut, "/-/reload", header("Origin", r.URL), http.StatusOK},
		"reload by another site":      {http.MethodPost, "/-/reload", header("Origin", "http://evil.example"), http.StatusForbidden},
		"reload by a sandbox":         {http.MethodPost, "/-/reload", header("Origin", "null"), http.StatusForbidden},
		"reload by a sibling":         {http.MethodPost, "/-/reload", header("Sec-Fetch-Site", "same-site"), http.StatusForbidden},
		"push by another site":        {http.MethodPost, "/api/v1/write", header("Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
		"query as another's image":    {http.MethodGet, "/api/v1/query?query=1", header("Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
		"query under a rebound name":  {http.MethodGet, "/api/v1/query?query=1", host("evil.example"), http.StatusMisdirectedRequest},
		"reload under a rebound name": {http.MethodPost, "/-/reload", host("evil.example:2122"), http.StatusMisdirectedRequest},
		"query under an own name":     {http.MethodGet, "/api/v1/query?query=1", host("metrics.example.org"), http.StatusOK},
		"query at localhost":          {http.MethodGet, "/api/v1/query?query=1", host("localhost:3000"), http.StatusOK},
		"preflight of another site":   {http.MethodOptions, "/api/v1/query", header("Origin", "http://evil.example"), http.StatusNoContent},
	} {
		got := send(t, http.DefaultClient, tt.method, r.URL+tt.path, nil, tt.prepare)
		if got.status != tt.want {
			t.Errorf("%s: status %d, want %d: %.100q", name, got.status, tt.want, got.body)
		}
		for header := range got.header {
			if strings.HasPrefix(header, "Access-Control-Allow-Origin") {
				t.Errorf("%s: %s is %q", name, header, got.header[header])
			}
		}
	}
}

// What a path or a parameter says never reaches a file.
func TestPathsLeadNowhereElse(t *testing.T) {
	options := testOptions(t)
	options.Explorer = withExplorer
	options.ConfigFile = configFile(t, "scrape_configs: [{job_name: marked-file}]")
	r := start(t, options)
	up := strings.Repeat("../", 12)
	escaped := strings.ReplaceAll(up, "/", "%2f")
	for _, path := range []string{
		"/static/" + up + "etc/passwd", "/static/" + escaped + "etc%2fpasswd", "/static/%2e%2e/%2e%2e/etc/passwd", "/static/..%5c..%5cetc",
		"/static//etc/passwd", "/static/js/../../../web.go", "/static/", "/static/js/", "/static/.", "/" + up + "etc/passwd", "/etc/passwd", "/%00", "/static/%00",
		"/api/v1/label/" + escaped + "etc%2fpasswd/values", "/api/v1/metadata?metric=" + escaped + "etc/passwd", "/api/v1/targets/metadata?match_target=" + escaped,
		"/api/v1/tree?metric=" + escaped + "etc/passwd", "/api/v1/tree?name[]=" + escaped + "etc/passwd", "/metrics?name[]=" + escaped + "etc/passwd",
		"/-/reload?file=" + options.ConfigFile, "/api/v1/status/config/" + escaped, "/api/v1/targets?url=file:///etc/passwd", "/api/v1/tree?source=http://127.0.0.1:1",
	} {
		// The client would clean the path.
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path)
		if err != nil {
			t.Fatal(err)
		}
		answered, err := io.ReadAll(conn)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		status, _, _ := strings.Cut(string(answered), "\r\n")
		if strings.Contains(string(answered), "root:") || strings.Contains(string(answered), "package web") || strings.Contains(status, " 500 ") {
			t.Errorf("%s: %.300q", path, answered)
		}
	}
}

func TestViewIsSecuredToo(t *testing.T) {
	options, client := secured(t)
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- View(ctx, ViewOptions{
			ListenAddress: "0.0.0.0:0", // a viewer writes nothing
			Web:           options.Web,
			Pages:         func(mux *http.ServeMux) { mux.HandleFunc("GET /{$}", serveIndex) },
			OnReady:       func(url string) { ready <- url },
			Logger:        slog.New(slog.DiscardHandler),
		})
	}()
	at := strings.TrimSuffix(<-ready, "/")
	if got := send(t, client, http.MethodGet, at+"/", nil); got.status != http.StatusUnauthorized {
		t.Errorf("nobody: status %d", got.status)
	}
	got := send(t, client, http.MethodGet, at+"/", nil, asUser)
	if got.status != http.StatusOK || got.header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("user: status %d, header %v", got.status, got.header)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	options.Web.ConfigFile = filepath.Join(t.TempDir(), "none.yml")
	if err := View(t.Context(), ViewOptions{ListenAddress: "127.0.0.1:0", Web: options.Web}); err == nil || !strings.Contains(err.Error(), "none.yml") {
		t.Errorf("no such file: %v", err)
	}
}

// A Prometheus pushes with a token over TLS, and what it forwards arrives.
func TestRealPrometheusPushesWithToken(t *testing.T) {
	realserver.Find(t, "prometheus")
	options, client := secured(t)
	r := start(t, options)
	dir := filepath.Dir(options.Web.ConfigFile)
	realserver.Prometheus(t, fmt.Sprintf(`
global: {scrape_interval: 200ms, scrape_timeout: 200ms, external_labels: {from: prometheus}}
scrape_configs:
  - {job_name: server, scheme: https, basic_auth: {username: me, password: %[1]q}, tls_config: {ca_file: %[4]s/ca.pem}, static_configs: [{targets: [%[2]q]}]}
remote_write:
  - url: %[3]s/api/v1/write
    authorization: {credentials_file: %[4]s/tokens}
    tls_config: {ca_file: %[4]s/ca.pem}
    queue_config: {batch_send_deadline: 100ms}
`, userPassword, strings.TrimPrefix(r.URL, "https://"), r.URL, dir))
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		got := send(t, client, http.MethodGet, r.URL+"/api/v1/query?query="+url.QueryEscape(`up{from="prometheus",job="server"} == 1`), nil, asUser)
		return strings.Contains(got.body, `"value"`), got.body
	})
}
