package serve

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/prom"
)

// running is a server under test.
type running struct {
	apitest.Client
	reload chan struct{}
	stop   context.CancelFunc
	ended  chan error
}

func testOptions(t *testing.T) Options {
	t.Helper()
	options := Defaults(filepath.Join(t.TempDir(), "data"))
	options.ListenAddress = "127.0.0.1:0"
	options.Defaults.Interval = 200 * time.Millisecond
	return options
}

// start runs a server until the end of the test.
func start(t *testing.T, options Options) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{reload: make(chan struct{}), stop: stop, ended: make(chan error, 1)}
	ready := make(chan string, 1)
	options.OnReady = func(url string) { ready <- url }
	options.Reload = r.reload
	go func() { r.ended <- Run(ctx, options) }()
	select {
	case url := <-ready:
		r.URL = strings.TrimSuffix(url, "/")
	case err := <-r.ended:
		stop()
		t.Fatalf("ended before it was ready: %v", err)
	}
	t.Cleanup(func() { r.end(t) })
	return r
}

// end stops the server and waits for it. Ending it again does nothing.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	if err, first := <-r.ended; first {
		if err != nil {
			t.Errorf("run: %v", err)
		}
		close(r.ended)
	}
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func TestRunScrapesItself(t *testing.T) {
	options := testOptions(t)
	options.Version = "1.2.3"
	options.Metrics = []prom.MetricsWriter{func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "# TYPE embedder gauge\nembedder 5\n")
		return err
	}}
	r := start(t, options)
	for path, want := range map[string]string{
		"/-/healthy": "healthy", "/-/ready": "ready", "/metrics": "\ngo_goroutines ", "/": "metertree",
	} {
		if status, body := get(t, r.URL+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, %.100q; want %q in it", path, status, body, want)
		}
	}
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		got := r.Query(t, `metertree_build_info{job="metertree",version="1.2.3"} * on() embedder`, time.Now())
		return len(got) == 1 && got[0].Samples[0].Value == "5", fmt.Sprint(got)
	})
}

func TestRunWithoutSelfScrape(t *testing.T) {
	options := testOptions(t)
	options.SelfScrape = SelfScrapeOff
	r := start(t, options)
	var pools struct {
		ScrapePools []string `json:"scrapePools"`
	}
	r.Get(t, "scrape_pools", nil, &pools)
	if targets := r.Targets(t); len(targets) != 0 || len(pools.ScrapePools) != 0 {
		t.Errorf("targets %v, pools %v", targets, pools)
	}
}

func TestRunRefuses(t *testing.T) {
	taken := realserver.TakenAddress(t)
	tests := []struct {
		name   string
		change func(*Options)
		want   []string
	}{
		{"port in use", func(o *Options) { o.ListenAddress = taken },
			[]string{taken, "is in use", "--web.listen-address"}},
		{"no port", func(o *Options) { o.ListenAddress = "localhost" }, []string{"is not host:port", "--web.listen-address"}},
		{"no such address", func(o *Options) { o.ListenAddress = "192.0.2.1:1" }, []string{"cannot be bound", "--web.listen-address"}},
		{"bad config", func(o *Options) { o.ConfigFile = configFile(t, "globall: {}") }, []string{`unknown key "globall"`}},
		{"bad target", func(o *Options) { o.Scrape = []string{"ftp://h"} }, []string{"use http or https"}},
		{"storage path", func(o *Options) { o.Storage.Path = "/proc/self/data" }, []string{"cannot be created", "--storage.path"}},
		{"no query time", func(o *Options) { o.Query.Timeout = 0 }, []string{"--query.timeout"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			options := testOptions(t)
			test.change(&options)
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			err := Run(ctx, options)
			if err == nil {
				t.Fatal("ran")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}

func configFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "prometheus.yml")
	rewrite(t, path, content)
	return path
}

func rewrite(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestReload(t *testing.T) {
	options := testOptions(t)
	options.ConfigFile = configFile(t, "scrape_configs: [{job_name: first}]")
	r := start(t, options)
	shown := func() string {
		var config struct {
			YAML string `json:"yaml"`
		}
		r.Get(t, "status/config", nil, &config)
		return config.YAML
	}
	post := func() (int, string) {
		response, err := http.Post(r.URL+"/-/reload", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}

	rewrite(t, options.ConfigFile, "scrape_configs: [{job_name: second}]")
	if status, body := post(); status != http.StatusOK {
		t.Fatalf("good file: status %d, %q", status, body)
	}
	if config := shown(); !strings.Contains(config, "second") || strings.Contains(config, "first") {
		t.Errorf("running: %s", config)
	}

	rewrite(t, options.ConfigFile, "scrape_configs: [{job_name: third}, {job_name: broken, colour: red}]")
	if status, body := post(); status != http.StatusInternalServerError || !strings.Contains(body, `unknown key "colour"`) {
		t.Errorf("bad file: status %d, %q", status, body)
	}
	if config := shown(); !strings.Contains(config, "second") || strings.Contains(config, "third") {
		t.Errorf("after a bad file: %s", config)
	}
	if _, metrics := get(t, r.URL+"/metrics"); !strings.Contains(metrics, "metertree_config_last_reload_success 0") {
		t.Error("the failure is not in the metrics")
	}

	rewrite(t, options.ConfigFile, "scrape_configs: [{job_name: fourth}]")
	r.reload <- struct{}{}
	apitest.Eventually(t, 10*time.Second, func() (bool, string) {
		config := shown()
		return strings.Contains(config, "fourth"), config
	})
	if status, _ := get(t, r.URL+"/-/reload"); status != http.StatusMethodNotAllowed {
		t.Errorf("GET /-/reload: status %d", status)
	}
}

func TestReloadWithoutFile(t *testing.T) {
	r := start(t, testOptions(t))
	response, err := http.Post(r.URL+"/-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", response.StatusCode)
	}
}

// A shutdown takes less than 5 s even though a target hangs and a client holds
// its request open.
func TestShutdownIsQuick(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 100)
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer hanging.Close()
	options := testOptions(t)
	// The scrape's timeout is as long as its interval.
	options.Defaults.Interval = 6 * time.Second
	options.SelfScrape = SelfScrapeOff
	options.Scrape = []string{hanging.URL}
	options.Explorer = func(mux *http.ServeMux, _ *prom.Node) {
		mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) {
			asked <- struct{}{}
			<-r.Context().Done()
		})
	}
	r := start(t, options)
	<-asked // the target has been asked and hangs
	cutOff := make(chan struct{})
	go func() {
		defer close(cutOff)
		// Whether the client gets an empty answer or none does not matter.
		if response, err := http.Get(r.URL + "/"); err == nil {
			_ = response.Body.Close()
		}
	}()
	<-asked // the page has been asked for and hangs
	began := time.Now()
	r.end(t)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the shutdown took %v", took)
	}
	<-cutOff

	// The scrape that was cut off must not have been stored as a failure.
	options.Scrape, options.Explorer = nil, nil
	after := start(t, options)
	if got := after.Query(t, "last_over_time(up[1h])", time.Now()); len(got) != 0 {
		t.Errorf("the shutdown left %v", got)
	}
}

// Another server can take over the address and the storage as soon as Run has
// returned.
func TestRunLeavesNothingBehind(t *testing.T) {
	options := testOptions(t)
	first := start(t, options)
	options.ListenAddress = strings.TrimPrefix(first.URL, "http://")
	now := time.Now()
	first.MustWrite(t, apitest.RemoteWriteV1([]apitest.Pushed{{
		Labels: []string{"__name__", "kept"}, Samples: []apitest.PushedSample{{Millis: now.UnixMilli(), Value: 9}},
	}}), apitest.TypeV1)
	first.end(t)
	second := start(t, options)
	if got := second.Query(t, "kept", now); len(got) != 1 || got[0].Samples[0].Value != "9" {
		t.Errorf("got %v, want 9", got)
	}
}

// Every goroutine that Run starts has ended when it returns. Not parallel: it
// counts the goroutines of the whole process.
func TestRunLeaksNoGoroutine(t *testing.T) {
	once := func() {
		options := testOptions(t)
		target := httptest.NewServer(http.NotFoundHandler())
		defer target.Close()
		options.Scrape = []string{target.URL}
		options.ConfigFile = ""
		r := start(t, options)
		apitest.Eventually(t, 20*time.Second, func() (bool, string) {
			targets := r.Targets(t)
			return len(targets) == 2, fmt.Sprint(targets)
		})
		r.end(t)
		http.DefaultClient.CloseIdleConnections()
	}
	once() // what starts once per process is running from here on
	before := runtime.NumGoroutine()
	for range 3 {
		once()
	}
	// Connections that were closed take a moment to notice.
	apitest.Eventually(t, 10*time.Second, func() (bool, string) {
		now := runtime.NumGoroutine()
		if now <= before {
			return true, ""
		}
		var stacks strings.Builder
		// A strings.Builder does not fail.
		_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
		return false, fmt.Sprintf("%d goroutines, before %d\n%s", now, before, stacks.String())
	})
}

func TestStartingServer(t *testing.T) {
	p := newPages()
	for path, want := range map[string]int{"/-/healthy": 200, "/-/ready": 503, "/api/v1/labels": 503, "/": 503} {
		answer := httptest.NewRecorder()
		p.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		if answer.Code != want {
			t.Errorf("%s: status %d, want %d", path, answer.Code, want)
		}
	}
}
