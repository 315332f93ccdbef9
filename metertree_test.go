//go:build !metertree_off

package metertree_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/observer"
)

// start starts on a free loopback port, and closes when the test ends.
func start(t *testing.T, config metertree.Config) *metertree.Runtime {
	t.Helper()
	if config.Listen == "" {
		config.Listen = "127.0.0.1:0"
	}
	rt, err := metertree.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return rt
}

type answer struct {
	code   int
	header http.Header
	body   string
}

func request(t *testing.T, rt *metertree.Runtime, method, path string) answer {
	t.Helper()
	got, err := tryRequest(t.Context(), rt, method, path)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func tryRequest(ctx context.Context, rt *metertree.Runtime, method, path string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+rt.Addr().String()+path, nil)
	if err != nil {
		return answer{}, err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(body)}, err
}

func TestMetrics(t *testing.T) {
	rt := start(t, metertree.Config{Service: "checkout", Labels: map[string]string{"zone": "eu"}})
	tsdb := rt.Scope("storage", "tsdb").With("shard", "0")
	tsdb.Counter("flushed_bytes_total", meter.Unit("bytes"), meter.Keys("status")).Add(512, "ok")
	rt.Scope().Counter("root_total").Inc()

	got := request(t, rt, http.MethodGet, "/metrics")
	if got.code != http.StatusOK || got.header.Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("got %d %v", got.code, got.header)
	}
	for _, line := range []string{
		`storage_tsdb_flushed_bytes_total\{shard="0",status="ok",zone="eu"\} 512`,
		`root_total\{zone="eu"\} 1`,
		`go_goroutines\{zone="eu"\} \d+`,
		`go_gc_pauses_seconds_bucket\{zone="eu",le="\+Inf"\} \d+`,
		`metertree_build_info\{goversion="go[^"]*",service="checkout",version="[^"]+",zone="eu"\} 1`,
	} {
		if !regexp.MustCompile("(?m)^" + line + "$").MatchString(got.body) {
			t.Errorf("no line %s in:\n%s", line, got.body)
		}
	}
}

func TestEndpoints(t *testing.T) {
	rt := start(t, metertree.Config{Service: "checkout"})
	for path, want := range map[string]string{
		"/":                               "<title>checkout",
		"/-/healthy":                      "healthy\n",
		"/-/ready":                        "ready\n",
		"/api/v1/observer/":               `"service": "checkout"`,
		"/api/v1/observer/?format=text":   "service  checkout",
		"/api/v1/observer/components":     `"name": "metrics"`,
		"/api/v1/stats/":                  `"name": "series"`,
		"/api/v1/stats/series?limit=1":    `"total_series"`,
		"/api/v1/observer/runtime":        `"goroutines"`,
		"/metrics?anything=is-not-looked": "# TYPE go_info gauge",
	} {
		got := request(t, rt, http.MethodGet, path)
		if got.code != http.StatusOK || !strings.Contains(got.body, want) {
			t.Errorf("%s: got %d without %q:\n%s", path, got.code, want, got.body)
		}
	}
	for _, path := range []string{"/nothing", "/metrics/", "/api/v1/", "/debug/pprof/", "/debug/pprof/heap"} {
		if got := request(t, rt, http.MethodGet, path); got.code != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, got.code)
		}
	}
	for _, path := range []string{"/", "/metrics", "/-/healthy", "/-/ready", "/api/v1/observer/", "/api/v1/stats/series"} {
		if got := request(t, rt, http.MethodPost, path); got.code != http.StatusMethodNotAllowed || got.header.Get("Allow") == "" {
			t.Errorf("POST %s: got %d, Allow %q", path, got.code, got.header.Get("Allow"))
		}
		if got := request(t, rt, http.MethodHead, path); got.code != http.StatusOK || got.body != "" {
			t.Errorf("HEAD %s: got %d %q", path, got.code, got.body)
		}
	}
}

// Every link of the index leads somewhere, wherever the handler is mounted.
func TestIndexLinks(t *testing.T) {
	rt := start(t, metertree.Config{Listen: metertree.NoListener, Profiling: true})
	server := httptest.NewServer(http.StripPrefix("/inside", rt.Handler()))
	defer server.Close()
	page := fetch(t, server.URL+"/inside/")
	links := regexp.MustCompile(`href="\./([^"]+)"`).FindAllStringSubmatch(page.body, -1)
	if len(links) < 6 {
		t.Fatalf("%d links in:\n%s", len(links), page.body)
	}
	for _, link := range links {
		if got := fetch(t, server.URL+"/inside/"+link[1]); got.code != http.StatusOK {
			t.Errorf("%s: got %d", link[1], got.code)
		}
	}
}

func fetch(t *testing.T, url string) answer {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

func TestTheServiceNameIsEscaped(t *testing.T) {
	rt := start(t, metertree.Config{Service: `<script>"x"</script>`})
	if got := request(t, rt, http.MethodGet, "/"); strings.Contains(got.body, "<script>") {
		t.Errorf("not escaped:\n%s", got.body)
	}
	if got := request(t, rt, http.MethodGet, "/metrics"); !strings.Contains(got.body, `service="<script>\"x\"</script>"`) {
		t.Errorf("no such service in:\n%s", got.body)
	}
}

func TestProfiling(t *testing.T) {
	rt := start(t, metertree.Config{Profiling: true})
	for path, want := range map[string]string{
		"/debug/pprof/":                  "goroutine",
		"/debug/pprof/goroutine?debug=1": "goroutine profile",
		"/debug/pprof/cmdline":           ".test",
		"/debug/pprof/symbol":            "num_symbols",
	} {
		if got := request(t, rt, http.MethodGet, path); got.code != http.StatusOK || !strings.Contains(got.body, want) {
			t.Errorf("%s: got %d without %q:\n%.300s", path, got.code, want, got.body)
		}
	}
	if got := request(t, rt, http.MethodPost, "/debug/pprof/symbol"); got.code != http.StatusOK {
		t.Errorf("POST symbol: got %d", got.code)
	}
}

func TestComponentsAreShown(t *testing.T) {
	rt := start(t, metertree.Config{})
	if _, err := rt.Observer().Add("store", func(context.Context) observer.Status {
		return observer.Failing(errors.New("disk full"))
	}); err != nil {
		t.Fatal(err)
	}
	got := request(t, rt, http.MethodGet, "/api/v1/observer/")
	var document observer.Document
	if err := json.Unmarshal([]byte(got.body), &document); err != nil {
		t.Fatal(err)
	}
	if document.Health != observer.Down || len(document.Components) != 2 || document.Components[1].LastError != "disk full" {
		t.Errorf("got %+v", document)
	}
}

func TestPortInUse(t *testing.T) {
	address := realserver.TakenAddress(t)
	rt, err := metertree.Start(t.Context(), metertree.Config{Listen: address})
	if err == nil {
		t.Fatal("no error", rt.Close(t.Context()))
	}
	for _, want := range []string{address, "address already in use", "Config.Listen"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %q", want, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
}

func TestStartRefuses(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tt := range map[string]struct {
		ctx    context.Context
		config metertree.Config
		want   string
	}{
		"ended context":   {ended, metertree.Config{}, "canceled"},
		"address":         {t.Context(), metertree.Config{Listen: "nowhere"}, `"nowhere"`},
		"port":            {t.Context(), metertree.Config{Listen: "127.0.0.1:99999"}, "99999"},
		"label name":      {t.Context(), metertree.Config{Labels: map[string]string{"a-b": "x"}}, `"a-b"`},
		"reserved label":  {t.Context(), metertree.Config{Labels: map[string]string{"le": "x"}}, `"le"`},
		"label of go":     {t.Context(), metertree.Config{Labels: map[string]string{"version": "x"}}, `"version"`},
		"negative budget": {t.Context(), metertree.Config{SeriesBudget: -1}, "-1"},
		"negative grace":  {t.Context(), metertree.Config{Grace: -time.Second}, "-1s"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.config.Listen == "" {
				tt.config.Listen = metertree.NoListener
			}
			_, err := metertree.Start(tt.ctx, tt.config)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want one with %s", err, tt.want)
			}
		})
	}
}

func TestLabelsAreCopied(t *testing.T) {
	labels := map[string]string{"zone": "eu"}
	rt := start(t, metertree.Config{Labels: labels})
	labels["zone"] = "us"
	if got, _ := rt.Scope().Labels().Get("zone"); got != "eu" {
		t.Errorf("zone = %q after the caller wrote to its map", got)
	}
}

func TestLoggerHearsOfRejectedDefinitions(t *testing.T) {
	var log bytes.Buffer
	rt := start(t, metertree.Config{Listen: metertree.NoListener, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	rt.Scope("go").Counter("goroutines")
	if !strings.Contains(log.String(), "go_goroutines") {
		t.Errorf("log: %q", log.String())
	}
}
