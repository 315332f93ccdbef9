package prom

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

func testOptions(t *testing.T) Options {
	t.Helper()
	return Options{
		Storage: StorageOptions{
			Path:             t.TempDir(),
			Retention:        7 * 24 * time.Hour,
			OutOfOrderWindow: time.Hour,
			MaxExemplars:     100,
		},
		Query: QueryOptions{
			Timeout: 20 * time.Second, MaxSamples: 1_000_000, MaxConcurrency: 4, LookbackDelta: 5 * time.Minute,
		},
		Receivers:     ReceiverOptions{MaxRequestBytes: 1 << 20, MaxConcurrency: 4},
		Version:       "test",
		ListenAddress: "127.0.0.1:0",
	}
}

// startNode runs a node over a configuration until the end of the test and gives
// a client of its API.
func startNode(t *testing.T, options Options, config *Config) (*Node, apitest.Client) {
	t.Helper()
	node, err := Open(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(node.API())
	if err := node.Apply(config); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	running, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- node.Run(ctx, func() { close(running) }) }()
	t.Cleanup(func() {
		server.Close()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := node.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	<-running
	return node, apitest.Client{URL: server.URL}
}

func scrapeConfig(t *testing.T, defaults ScrapeDefaults, urls ...string) *Config {
	t.Helper()
	if defaults.Interval == 0 {
		defaults.Interval = 200 * time.Millisecond
	}
	config, err := ConfigFromURLs(urls, defaults)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestNodeAnswers503UntilItRuns(t *testing.T) {
	node, err := Open(testOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(node.API())
	defer server.Close()
	err = apitest.Client{URL: server.URL}.TryGet("labels", nil, nil)
	if err == nil || node.Ready() {
		t.Fatalf("a node that does not run answered: ready %v, error %v", node.Ready(), err)
	}
	if err := node.Close(); err != nil {
		t.Fatalf("close without run: %v", err)
	}
}
