package prom

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/web"
)

// FuzzTargets gives any targets. The configuration they make, and the errors of
// those that make none, are shown without what is secret in them.
func FuzzTargets(f *testing.F) {
	f.Add("http://127.0.0.1:9100/metrics", "localhost")
	f.Add("ann:s3cretvalue@host:1/m?x=y", "http://ann:s3cretvalue@host:1/m?token=s3cretvalue")
	f.Add("http://h:0", "http://h:99999/%zz")
	f.Add("ftp://ann:s3cretvalue@h", "http://[::1%25a]:1#x")
	f.Add("http://h/?a=1&a=2", "https://h/?a=2;b")
	f.Fuzz(func(t *testing.T, one, two string) {
		config, err := ConfigFromURLs([]string{one, two}, ScrapeDefaults{Interval: 5 * time.Second})
		text := ""
		if err != nil {
			if text = err.Error(); strings.ContainsAny(text, "\n\x1b") {
				t.Fatalf("%q, %q: not a line: %q", one, two, text)
			}
		} else {
			shown := config.redacted()
			text = shown.String()
		}
		for _, target := range []string{one, two} {
			full := target
			if !strings.Contains(target, "://") {
				full = "http://" + target
			}
			u, err := url.Parse(full)
			if err != nil || u.User == nil {
				continue
			}
			if password, is := u.User.Password(); is && password == "s3cretvalue" && strings.Count(one+two, password) == 1 && strings.Contains(text, password) {
				t.Fatalf("%q, %q: %s", one, two, text)
			}
		}
	})
}

// apiPaths are those that take parameters.
var apiPaths = []string{"query", "query_range", "series", "labels", "label/x/values", "metadata", "targets", "query_exemplars", "format_query", "parse_query", "status/tsdb", "targets/metadata", "rules", "scrape_pools"}

// FuzzAPI asks the query API with any parameters. Nobody's parameters are the
// server's fault: what cannot be answered is refused, in JSON.
func FuzzAPI(f *testing.F) {
	for i, query := range []string{
		"query=up&time=2026-01-01T00:00:00Z&timeout=1s&limit=3", "query=rate(up[5m])&start=0&end=100&step=1", "match[]=up&start=-1e300&end=NaN",
		"match[]={__name__=~\".*\"}&limit=-1", "start=9223372036854775807", "metric=up&limit=x", "state=any&scrapePool=%00", "query=up&start=1&end=0",
		"query=sum(up", "query=%ff", "limit=99999999999", "match_target={a=\"b\"}&limit=1", "type=alert&group_limit=-1",
	} {
		f.Add(uint8(i), query)
	}
	f.Add(uint8(0), "query=1&time=292277026596")
	f.Add(uint8(1), "query=up&start=0&end=11001&step=1")
	options := Options{
		Storage:   StorageOptions{Path: f.TempDir(), Retention: 2 * time.Hour, OutOfOrderWindow: time.Hour, MaxExemplars: 100},
		Query:     QueryOptions{Timeout: 2 * time.Second, MaxSamples: 10_000, MaxConcurrency: 4, LookbackDelta: 5 * time.Minute},
		Receivers: ReceiverOptions{MaxRequestBytes: 1 << 20, MaxConcurrency: 4}, Version: "test", ListenAddress: "127.0.0.1:0",
	}
	node, err := Open(options)
	if err != nil {
		f.Fatal(err)
	}
	if err := node.Apply(emptyConfig()); err != nil {
		f.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	running, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- node.Run(ctx, func() { close(running) }) }()
	f.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			f.Error(err)
		}
		if err := node.Close(); err != nil {
			f.Error(err)
		}
	})
	<-running
	api := node.API()
	f.Fuzz(func(t *testing.T, path uint8, query string) {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/"+apiPaths[int(path)%len(apiPaths)], nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		// 503 is a query that took too long.
		if w.Code >= http.StatusInternalServerError && w.Code != http.StatusServiceUnavailable {
			t.Fatalf("%s?%s: %d %s", r.URL.Path, query, w.Code, w.Body)
		}
		if !json.Valid(w.Body.Bytes()) && w.Code != http.StatusNoContent {
			t.Fatalf("%s?%s: not JSON: %.200s", r.URL.Path, query, w.Body)
		}
	})
}

// FuzzTree asks the tree of what is stored with any parameters.
func FuzzTree(f *testing.F) {
	endpoints := []string{"", "/values", "/signals", "/metric", "/split", "/plot", "/explain"}
	for i, query := range []string{
		"scope=&filter=req&depth=3", "metric=req_total&metric=temp&at=100000", "scope=", "metric=req_total&label=code&value=200&baseline=5m&rank=change",
		"metric=req_total&by=code&mode=share", "metric=dur_seconds&by=host&window=5m&points=9&quantile=0.9", "metric=req_total&window=2m&baseline=3m&branches=3",
	} {
		f.Add(uint8(i), query)
		f.Add(uint8(i), query+"&at=9223372036854775807")
	}
	f.Add(uint8(5), "metric=req_total&window=366d&at=1")
	f.Add(uint8(3), "metric=req_total&label=\xff&value=%00&baseline=4000w")
	f.Add(uint8(4), "metric=lone&by=a.b\"c")
	source := stocked(f)
	f.Cleanup(source.Close)
	h := web.Handler(source, web.Options{})
	f.Fuzz(func(t *testing.T, endpoint uint8, query string) {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/tree"+endpoints[int(endpoint)%len(endpoints)], nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if !slices.Contains([]int{http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusNotImplemented}, w.Code) || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s?%q: %d %s", r.URL.Path, query, w.Code, w.Body)
		}
	})
}
