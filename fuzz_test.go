//go:build !metertree_off

package metertree_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/meter"
)

// FuzzRequest sends any request to everything that a program serves, and holds
// that none is answered as a fault of the server, or without the headers by which
// a browser keeps an answer to itself.
func FuzzRequest(f *testing.F) {
	for _, seed := range []struct{ method, path, query, name, value string }{
		{"GET", "metrics", "name[]=a&name[]=b_total", "Accept", "application/openmetrics-text;version=1.0.0, */*;q=0.1"},
		{"GET", "metrics", "", "Accept-Encoding", "gzip;q=0.5, zstd"},
		{"GET", "tree/api/v1/tree/metric", "metric=calls_total&label=op&value=a", "Sec-Fetch-Site", "cross-site"},
		{"GET", "tree/api/v1/tree/plot", "metric=calls_total&by=op", "", ""},
		{"GET", "tree/static/page.css", "", "If-None-Match", `"x"`},
		{"GET", "api/v1/observer/cardinality", "budget=1", "Accept", "text/html"},
		{"GET", "api/v1/stats/series", "limit=1", "If-None-Match", `W/"a", *`},
		{"POST", "metrics", "", "Origin", "null"},
		{"GET", "debug/pprof/cmdline", "", "X-Forwarded-For", "1.2.3.4"},
		{"GET", "..//tree/%2e", "a=%zz;b", "Range", "bytes=0-1,5-"},
	} {
		f.Add(seed.method, seed.path, seed.query, seed.name, seed.value)
	}
	rt, err := metertree.Start(context.Background(), metertree.Config{Listen: "127.0.0.1:0", Service: "fuzzed"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			f.Error(err)
		}
	})
	rt.Scope().Counter("calls_total", meter.Keys("op"), meter.Help("Calls.")).Add(1, "a")
	h := rt.Handler()
	f.Fuzz(func(t *testing.T, method, path, query, name, value string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Method, r.URL.Path, r.URL.RawQuery, r.RemoteAddr = method, "/"+path, query, "127.0.0.1:9"
		r.Header.Set(name, value)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		// Without a past, a tree page cannot plot: 501.
		if w.Code >= http.StatusInternalServerError && w.Code != http.StatusNotImplemented {
			t.Fatalf("%s %q?%q: %d %s", method, path, query, w.Code, w.Body)
		}
		if w.Header().Get("X-Frame-Options") != "DENY" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Fatalf("%s %q: headers %v", method, path, w.Header())
		}
		if kind := w.Header().Get("Content-Type"); w.Code == http.StatusOK && method == http.MethodGet &&
			strings.HasPrefix(kind, "application/json") && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%q?%q: not JSON: %.200s", path, query, w.Body)
		}
	})
}
