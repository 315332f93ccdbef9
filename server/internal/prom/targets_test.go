package prom

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
)

const plainText = "text/plain; version=0.0.4"

func serveTarget(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func goodTarget(t *testing.T) string {
	return serveTarget(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", plainText)
		fmt.Fprint(w, "# HELP good_total Things done.\n# TYPE good_total counter\ngood_total 7\n")
	})
}

// A bad target is down, with the reason, and the good one goes on.
func TestBadTargets(t *testing.T) {
	bomb := gzipped([]byte("# " + strings.Repeat("0", 1<<20) + "\n"))
	tests := []struct {
		name   string
		target func(*testing.T) string
		want   string
	}{
		{"down", func(t *testing.T) string { return realserver.FreeAddress(t) }, "connection refused"},
		{"slow", func(t *testing.T) string {
			return serveTarget(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		}, "context deadline exceeded"},
		{"endless", func(t *testing.T) string {
			return serveTarget(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", plainText)
				for i := 0; r.Context().Err() == nil; i++ {
					if _, err := fmt.Fprintf(w, "endless{i=\"%d\"} 1\n", i); err != nil {
						return
					}
				}
			})
		}, "body size limit exceeded"},
		{"gzip bomb", func(t *testing.T) string {
			return serveTarget(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", plainText)
				w.Header().Set("Content-Encoding", "gzip")
				for r.Context().Err() == nil {
					// Members that follow one another unpack as one stream.
					if _, err := w.Write(bomb); err != nil {
						return
					}
				}
			})
		}, "body size limit exceeded"},
		{"a web page", func(t *testing.T) string {
			return serveTarget(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				fmt.Fprint(w, "<!DOCTYPE html><title>hello</title>")
			})
		}, "text/html"},
		{"not an exposition", func(t *testing.T) string {
			return serveTarget(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", plainText)
				fmt.Fprint(w, "this is not an exposition")
			})
		}, `while parsing: "this is"`},
		{"an error", func(t *testing.T) string {
			return serveTarget(t, func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "broken", http.StatusInternalServerError)
			})
		}, "500 Internal Server Error"},
		{"too many samples", func(t *testing.T) string {
			return serveTarget(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", plainText)
				for i := range 200 {
					fmt.Fprintf(w, "many{i=\"%d\"} 1\n", i)
				}
			})
		}, "sample limit exceeded"},
	}
	good := goodTarget(t)
	jobs := map[string]string{"good": good}
	urls := []string{good}
	for _, test := range tests {
		jobs[test.name] = test.target(t)
		urls = append(urls, jobs[test.name])
	}
	config := scrapeConfig(t, ScrapeDefaults{Interval: 500 * time.Millisecond, BodySizeLimit: 100 << 10, SampleLimit: 100}, urls...)
	_, client := startNode(t, testOptions(t), config)

	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			apitest.Eventually(t, 20*time.Second, func() (bool, string) {
				target := client.Targets(t)[jobs[test.name]]
				return target.Health == "down" && strings.Contains(target.LastError, test.want),
					fmt.Sprintf("%+v, want the reason %q", target, test.want)
			})
		})
	}
	if target := client.Targets(t)[good]; target.Health != "up" || target.LastError != "" {
		t.Errorf("the good target is %+v", target)
	}
	if got := client.Query(t, fmt.Sprintf("good_total{job=%q}", good), time.Now()); len(got) != 1 || got[0].Samples[0].Value != "7" {
		t.Errorf("the good target's counter is %v", got)
	}
	if got := client.Query(t, "sum(up)", time.Now()); len(got) != 1 || got[0].Samples[0].Value != "1" {
		t.Errorf("sum(up) is %v, want 1", got)
	}
	if got := client.Metadata(t, "good_total"); len(got) != 1 || got[0] != (apitest.Metadata{Type: "counter", Help: "Things done."}) {
		t.Errorf("metadata %v", got)
	}
}

func TestDiscovery(t *testing.T) {
	viaFile, viaHTTP := goodTarget(t), goodTarget(t)
	finder := serveTarget(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `[{"targets":[%q],"labels":{"found":"http"}}]`, viaHTTP)
	})
	path := writeFile(t, "prometheus.yml", fmt.Sprintf(`
global: {scrape_interval: 200ms}
scrape_configs:
- job_name: file
  file_sd_configs: [{files: [targets.json]}]
- job_name: http
  http_sd_configs: [{url: "http://%s/", refresh_interval: 1s}]
`, finder))
	config, err := LoadConfig(path, ScrapeDefaults{})
	if err != nil {
		t.Fatal(err)
	}
	_, client := startNode(t, testOptions(t), config)
	// Written only now: a target file may appear while the server runs.
	content := fmt.Sprintf(`[{"targets":[%q],"labels":{"found":"file"}}]`, viaFile)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "targets.json"), []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		got := client.Query(t, `count by (job, found) (good_total)`, time.Now())
		names := ""
		for _, series := range got {
			names += series.Name()
		}
		return names == `{found="file",job="file"}{found="http",job="http"}`, names
	})
}
