//go:build !metertree_off

package metertree_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/meter"
)

// startWithEverything has an instrument of every kind, and label values that
// need care.
func startWithEverything(t *testing.T) *metertree.Runtime {
	t.Helper()
	rt := start(t, metertree.Config{Service: "checkout", Profiling: true, Labels: map[string]string{"zone": "eu"}})
	scope := rt.Scope("shop").With("shard", "0")
	calls := scope.Counter("calls_total", meter.Help("Calls \\ of\nall kinds."), meter.Keys("operation"))
	for _, operation := range []string{"put", "quote\" backslash\\ line\nend", "ünïcode", "caf\xe8", "caf\xe9", "", "\uFFFDe9"} {
		calls.Inc(operation)
	}
	scope.FloatCounter("busy_seconds_total", meter.Help("Time at work."), meter.Unit("seconds")).Add(0.25)
	scope.UpDownCounter("in_flight", meter.Help("Calls under way.")).Add(-2)
	scope.Gauge("queue_fill_ratio", meter.Help("How full the queue is.")).Set(1e-9)
	latency := scope.Histogram("latency_seconds", meter.Help("How long calls took."), meter.Unit("seconds"), meter.Keys("operation"))
	for _, v := range []float64{0, .005, .3, 100} {
		latency.Observe(v, "put")
	}
	return rt
}

func TestPromtoolHasNothingToSay(t *testing.T) {
	promtool := realserver.Find(t, "promtool")
	rt := startWithEverything(t)
	command := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	command.Stdin = strings.NewReader(request(t, rt, http.MethodGet, "/metrics").body)
	if said, err := command.CombinedOutput(); err != nil || len(said) != 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, said)
	}
}

func TestRealPrometheusScrapes(t *testing.T) {
	realserver.Find(t, "prometheus")
	rt := startWithEverything(t)
	server := realserver.Prometheus(t, fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: checkout
    static_configs: [{targets: [%q]}]
`, rt.Addr()))
	if err := realserver.Eventually(t.Context(), 30*time.Second, func(ctx context.Context) error {
		return targetIsUp(ctx, server.URL)
	}); err != nil {
		t.Fatalf("%v\n%s", err, server.Output())
	}
	// The target is up a moment before what it gave can be asked for.
	if err := realserver.Eventually(t.Context(), 30*time.Second, func(ctx context.Context) error {
		if n, err := results(ctx, server.URL, "scrape_samples_scraped"); err != nil || n != 1 {
			return fmt.Errorf("%d results: %w", n, errors.Join(err, errors.New("want one")))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}

	for query, want := range map[string]string{
		`up`: "1",
		`shop_calls_total{operation="quote\" backslash\\ line\nend"}`: "1",
		`shop_calls_total{operation="ünïcode"}`:                       "1",
		`count(shop_calls_total)`:                                     "7",
		`shop_busy_seconds_total`:                                     "0.25",
		`shop_in_flight{shard="0",zone="eu"}`:                         "-2",
		`shop_queue_fill_ratio`:                                       "1e-09",
		`shop_latency_seconds_count`:                                  "4",
		`shop_latency_seconds_sum`:                                    "100.305",
		`shop_latency_seconds_bucket{le="0.005"}`:                     "2",
		`shop_latency_seconds_bucket{le="+Inf"}`:                      "4",
		`count(metertree_build_info{service="checkout"})`:             "1",
		`count(go_goroutines > 0)`:                                    "1",
		`count(up) - count(scrape_samples_scraped > 50)`:              "0",
	} {
		if got := ask(t, server.URL, query); got != want {
			t.Errorf("%s = %q, want %q", query, got, want)
		}
	}
	// A series that came twice, or a line that is not understood, is logged.
	if said := server.Output(); strings.Contains(said, "scrape") {
		t.Errorf("Prometheus complains:\n%s", said)
	}
}

// targetIsUp reports whether the server's one target was scraped without an
// error.
func targetIsUp(ctx context.Context, server string) error {
	var answer struct {
		Data struct {
			ActiveTargets []struct{ Health, LastError string }
		}
	}
	if err := getJSON(ctx, server+"/api/v1/targets", &answer); err != nil {
		return err
	}
	targets := answer.Data.ActiveTargets
	if len(targets) != 1 || targets[0].Health != "up" || targets[0].LastError != "" {
		return fmt.Errorf("targets: %+v", targets)
	}
	return nil
}

// ask returns the value of an instant query's one result.
func ask(t *testing.T, server, query string) string {
	t.Helper()
	var answer struct {
		Error string
		Data  struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := getJSON(t.Context(), server+"/api/v1/query?query="+url.QueryEscape(query), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Data.Result) != 1 {
		t.Errorf("%s has %d results, error %q", query, len(answer.Data.Result), answer.Error)
		return ""
	}
	value, _ := answer.Data.Result[0].Value[1].(string)
	return value
}

// results is how many an instant query has.
func results(ctx context.Context, server, query string) (int, error) {
	var answer struct {
		Data struct{ Result []any }
	}
	err := getJSON(ctx, server+"/api/v1/query?query="+url.QueryEscape(query), &answer)
	return len(answer.Data.Result), err
}

func getJSON(ctx context.Context, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(into)
}
