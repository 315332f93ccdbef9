package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/web"
)

func readSnapshot(t *testing.T, path string) *tree.Snapshot {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := prom.ParseExposition(bytes.NewReader(text), prom.FormatAny)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

// treePages serves a program: an index, its metrics, and a tree page over the same
// at two places.
func treePages(t *testing.T) *httptest.Server {
	t.Helper()
	page := web.Handler(readSnapshot(t, "testdata/source/after.prom"), web.Options{})
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<html>shop</html>")
	})
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/source/after.prom") })
	mux.Handle("/tree/", http.StripPrefix("/tree", page))
	mux.HandleFunc("/locked/", func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.StripPrefix("/locked", page).ServeHTTP(w, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestSourcesAreToldApartByWhatAnswers(t *testing.T) {
	server := treePages(t)
	secret := strings.Replace(server.URL, "http://", "http://me:s3cret@", 1)
	for target, want := range map[string]string{
		server.URL:                       server.URL + "  47 series in 7 metrics", // as ever: its metrics
		server.URL + "/metrics":          server.URL + "/metrics  47 series",
		server.URL + "/":                 server.URL + "/tree/  47 series in 7 metrics",
		server.URL + "/tree/":            server.URL + "/tree/  47 series",
		server.URL + "/tree":             server.URL + "/tree/  47 series",
		server.URL + "/tree/?m=x#y":      server.URL + "/tree/  47 series",
		server.URL + "/tree/api/v1/tree": server.URL + "/tree/  47 series",
		secret + "/locked/":              "/locked/  47 series",
		"testdata/source/after.prom":     "testdata/source/after.prom  47 series",
	} {
		for _, args := range [][]string{{"tree", target}, {"tree", "--from", target}} {
			code, out, errs := run(t, args...)
			if code != exitOK || !strings.Contains(out, want) || errs != "" || strings.Contains(out, "s3cret") {
				t.Errorf("%v: exit code %d, %s\n%.300s\nwant %q", args, code, errs, out, want)
			}
		}
	}
}

// A program's page gives what its source gives to those who read it here.
func TestTreePageAnswersAsItsSource(t *testing.T) {
	source := readSnapshot(t, "testdata/source/after.prom")
	server := httptest.NewServer(web.Handler(source, web.Options{}))
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	page := newPageClient(base, treeInput{target: server.URL, timeout: 10 * time.Second, limit: 1 << 20})
	defer page.close()
	here := tree.New(source, tree.Limits{})
	region := tree.Selector{Metric: "shop_call_error_ratio", Matchers: []tree.Matcher{{Name: "region", Value: "eu"}}}
	for name, ask := range map[string]func(viewer) (any, error){
		"scope": func(v viewer) (any, error) {
			return v.Scope(t.Context(), tree.ScopeRequest{Path: "shop_", Filter: "call", Depth: 3})
		},
		"names":   func(v viewer) (any, error) { return v.Scope(t.Context(), tree.ScopeRequest{Values: tree.LeaveValues}) },
		"signals": func(v viewer) (any, error) { return v.Signals(t.Context(), "shop_") },
		"metric": func(v viewer) (any, error) {
			return v.Metric(t.Context(), tree.MetricRequest{Selector: region, Rank: tree.RankByValue})
		},
		"split": func(v viewer) (any, error) {
			return v.Split(t.Context(), tree.SplitRequest{Selector: region, By: "operation", Limit: 2, Mode: metric.ShareOfParent})
		},
		"unset": func(v viewer) (any, error) {
			return v.Metric(t.Context(), tree.MetricRequest{Selector: tree.Selector{Metric: "shop_workers"}.With("none", "")})
		},
		"no such metric": func(v viewer) (any, error) {
			return v.Metric(t.Context(), tree.MetricRequest{Selector: tree.Selector{Metric: "none"}})
		},
		"no history": func(v viewer) (any, error) {
			return v.Plot(t.Context(), tree.PlotRequest{Selector: region, By: "operation", Window: time.Hour, Lines: 3, Points: 10})
		},
		"nothing to explain": func(v viewer) (any, error) {
			return v.Explain(t.Context(), tree.ExplainRequest{Selector: region, By: []string{"operation"}, Window: time.Hour, Baseline: 2 * time.Hour, MaxBranches: 3})
		},
		"a bad request": func(v viewer) (any, error) {
			return v.Plot(t.Context(), tree.PlotRequest{Selector: region, Window: time.Second, Quantile: 0.5})
		},
	} {
		want, wantErr := ask(here)
		got, err := ask(page)
		if (err == nil) != (wantErr == nil) || err != nil && !strings.HasSuffix(err.Error(), oneLine(wantErr.Error())) {
			t.Errorf("%s: %v, want %v", name, err, wantErr)
		}
		if a, b := timeless(t, got), timeless(t, want); err == nil && a != b {
			t.Errorf("%s:\n%s\nwant\n%s", name, a, b)
		}
	}
}

// timeless is the JSON of a value without moments.
func timeless(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return withoutMoments(string(text))
}

// What is no source of numbers is told apart from what is one and cannot answer.
func TestBadSources(t *testing.T) {
	mux := http.NewServeMux()
	answer := func(path, kind, text string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			fmt.Fprint(w, text)
		})
	}
	answer("/html/", "text/html", "<html>hello</html>") // whatever one asks below it
	answer("/prom/", "text/html", "<html>Prometheus</html>")
	answer("/prom/api/v1/query", "application/json", `{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}`)
	answer("/odd/api/v1/tree", "application/json", `{"status":"success"}`)
	answer("/odd/", "text/html", "<html>")
	down := `{"error":"the store is on fire\u001b[31m"}`
	mux.HandleFunc("/down/", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		if strings.HasSuffix(r.URL.Path, "/api/v1/tree") {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/down/api/v1/tree", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, down)
	})
	// These are tree pages until they are asked for more than names.
	later := func(path string, then http.HandlerFunc) {
		answer(path, "text/html", "<html>")
		mux.HandleFunc(path+"api/v1/tree", func(w http.ResponseWriter, r *http.Request) {
			if r.FormValue("values") == "none" {
				fmt.Fprint(w, `{"type":"scope"}`)
				return
			}
			then(w, r)
		})
	}
	later("/cut/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"type":"scope","metr`) })
	later("/busy/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	later("/proxy/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	later("/large/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat(" ", 1<<20)) })
	later("/other/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>please log in</html>") })
	later("/slow/", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := httptest.NewServer(mux)
	defer server.Close()
	closed := "http://" + realserver.FreeAddress(t) + "/tree/"
	for path, want := range map[string][]string{
		"/html/":                 {"HTML page", "or of a tree page"},
		"/odd/":                  {"HTML page", "or of a tree page"},
		"/prom/":                 {"query API of Prometheus", "--query-url " + server.URL + "/prom"},
		"/prom/graph?g0.expr=up": {"--query-url " + server.URL + "/prom"},
		"/down/":                 {"the store is on fire"},
		"/none":                  {"404", "/metrics"},
		"/cut/":                  {"cut off"},
		"/busy/":                 {"429", "fewer questions"},
		"/proxy/":                {"502", "log"},
		"/large/":                {"larger than 512KiB", "--body-size-limit"},
		"/other/":                {"none of a tree page"},
		"/slow/":                 {"within 300ms", "--timeout"},
		closed:                   {"connection refused", "start the exporter"},
	} {
		target := path
		if !strings.HasPrefix(target, "http") {
			target = server.URL + path
		}
		limits := []string{"--body-size-limit=512KB"}
		if path == "/slow/" {
			limits = []string{"--timeout=300ms"}
		}
		for _, command := range [][]string{{"tree", target}, {"ratio", "--from", target}} {
			code, out, errs := run(t, append(command, limits...)...)
			if code != exitFailure || out != "" || strings.Count(errs, "\n") != 1 || strings.Contains(errs, "\x1b") {
				t.Errorf("%v: exit code %d, %q%q", command, code, out, errs)
			}
			for _, w := range want {
				if !strings.Contains(errs, w) {
					t.Errorf("%v: %q lacks %q", command, errs, w)
				}
			}
		}
	}
}

func TestSourceMistakes(t *testing.T) {
	good := filepath.Join("testdata", "source", "after.prom")
	checkMistakes(t, []mistake{
		{"no source", []string{"explain", "x"}, exitUsage, []string{"no source", "--from", "--query-url"}},
		{"no source of a ratio", []string{"ratio", "x"}, exitUsage, []string{"no source"}},
		{"two sources", []string{"tree", "--from", good, "--query-url", "http://x"}, exitUsage, []string{"--from", "--query-url"}},
		{"two metrics", []string{"tree", "--from", good, "a", "b"}, exitUsage, []string{`"a" and "b"`, "give one metric"}},
		{"header without a server", []string{"ratio", "--from", good, "--query.header", "a:b"}, exitUsage, []string{"are for --query-url"}},
		{"timeout", []string{"explain", "x", "--from", good, "--timeout=0s"}, exitUsage, []string{"--timeout=0s is not positive"}},
		{"bad selector", []string{"tree", good, `a{b!="c"}`}, exitUsage, []string{`"b" is negated`, "calls_total{"}},
		{"fixed label", []string{"tree", good, `a{b="c"}`, "--by=b"}, exitUsage, []string{`--by="b" is fixed`}},
		{"filter and metric", []string{"tree", good, "a", "--filter=b"}, exitUsage, []string{`--filter="b"`}},
		{"top", []string{"tree", good, "--top=0"}, exitUsage, []string{"--top=0", "1 to 10000"}},
		{"watching a pipe", []string{"tree", "-", "--watch"}, exitUsage, []string{"--watch", "standard input"}},
		{"watching too often", []string{"tree", good, "--watch=1ms"}, exitUsage, []string{"1ms is too often"}},
		{"watching for ever so long", []string{"tree", good, "--watch=soon"}, exitUsage, []string{`"soon" is not a duration`}},
		{"window", []string{"tree", good, "--sparkline", "--window=1s"}, exitUsage, []string{"--window=1s", "1m"}},
		{"no history for changes", []string{"tree", good, "--baseline=1h"}, exitFailure, []string{"one exposition has no history", "--query-url"}},
		{"no history for lines", []string{"ratio", "--from", good, "--sparkline"}, exitFailure, []string{"one exposition has no history", "--query-url"}},
		{"no such label", []string{"tree", good, "shop_workers", "--by=none"}, exitFailure, []string{`no label "none"`, `["state"]`}},
		{"no such metric", []string{"tree", good, "none"}, exitFailure, []string{`"none"`, "no such metric"}},
		{"explaining nothing", []string{"explain", "--from", good}, exitUsage, []string{"metric"}},
		{"overlap", []string{"explain", "x", "--from", good, "--window=10m", "--baseline=5m"}, exitUsage, []string{"--baseline=5m", "window of 10m"}},
		{"branches", []string{"explain", "x", "--from", good, "--branches=11"}, exitUsage, []string{"--branches=11", "1 to 10"}},
		{"before a server", []string{"explain", "x", "--query-url=http://h", "--before", good}, exitUsage, []string{"--before", "--baseline"}},
		{"before and baseline", []string{"explain", "x", "--from", good, "--before", good, "--baseline=1h"}, exitUsage, []string{"--before", "leave them out"}},
		{"standard input twice", []string{"explain", "x", "--from=-", "--before=-"}, exitUsage, []string{"standard input, which is there once"}},
		{"what has no past", []string{"explain", "shop_calls_total", "--from", good}, exitFailure, []string{"no history", "--before", "--query-url"}},
		{"what does not add up", []string{"explain", "shop_queue_used_ratio", "--from", good, "--before", good}, exitFailure, []string{"folds by max"}},
		{"label of an explanation", []string{"explain", "shop_calls_total", "--from", good, "--before", good, "--by=none"}, exitFailure, []string{`"none"`}},
		{"no earlier file", []string{"explain", "shop_calls_total", "--from", good, "--before", "none.prom"}, exitFailure, []string{"none.prom", "no such file"}},
		{"a metric for a ratio", []string{"ratio", "shop_calls_total", "--from", good}, exitFailure, []string{"no ratio", "--mode share"}},
		{"shares of what", []string{"ratio", "shop_workers", "--mode=share", "--from", good}, exitUsage, []string{"--mode=share", "--by"}},
		{"shares of levels", []string{"ratio", "shop_queue_used_ratio", "--by=region", "--mode=share", "--from", good}, exitFailure, []string{"folds by max"}},
		{"mode", []string{"ratio", "x", "--mode=mean", "--from", good}, exitUsage, []string{"--mode", "within-group"}},
		{"a pattern in a ratio", []string{"ratio", `a{b=~"5.."}`, "a", "--from", good}, exitUsage, []string{`"5.." is more than values`}},
		{"a ratio of one thing", []string{"ratio", "a", "a", "--from", good}, exitUsage, []string{"numerator and denominator are the same"}},
		{"an unknown numerator", []string{"ratio", "none", "shop_calls_total", "--from", good}, exitFailure, []string{`"none"`, "no such metric"}},
		{"a ratio of levels", []string{"ratio", "shop_queue_used_ratio", "shop_calls_total", "--from", good}, exitFailure, []string{"folds by max"}},
		{"no ratio of the words", []string{"ratio", "--filter=none", "--from", good}, exitFailure, []string{`"none"`, "--filter"}},
		{"no ratio at all", []string{"ratio", "--from", "testdata/tree/service.prom"}, exitFailure, []string{"no ratio is declared", "meter.Ratio"}},
		{"a ratio by what it selects by", []string{"ratio", "shop_call_error_ratio", "--by=status", "--from", good}, exitFailure, []string{`"status"`}},
	})
}

// A server that cannot answer is told apart from one that has no such metric, by
// every command, with one line and a remedy.
func TestBadServers(t *testing.T) {
	mux := http.NewServeMux()
	serve := func(path string, h http.HandlerFunc) { mux.HandleFunc(path+"/api/v1/", h) }
	serve("/html", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>log in</html>") })
	serve("/cut", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":"success","data":{"resultTy`) })
	serve("/failing", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	serve("/closed", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	serve("/busy", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	serve("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	serve("/empty", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"vector","result":[]}}`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	closed := "http://" + realserver.FreeAddress(t)
	for path, want := range map[string]string{
		"/html":    "JSON",
		"/cut":     "cut off",
		"/failing": "502",
		"/closed":  "give credentials",
		"/busy":    "429",
		"/slow":    "within 300ms",
		"/none":    "404",
		"/empty":   "no ", // metric, such metric
		closed:     "connection refused",
	} {
		url := path
		if url != closed {
			url = server.URL + path
		}
		for _, command := range [][]string{{"tree"}, {"tree", "jobs_total", "--by=code"}, {"ratio", "a_ratio"}, {"ratio", "a", "b"}, {"explain", "jobs_total"}} {
			code, out, errs := run(t, append(command, "--query-url", url, "--timeout=300ms")...)
			if code != exitFailure || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, want) || !strings.Contains(errs, url) {
				t.Errorf("%v %s: exit code %d, %q%q, want %q", command, path, code, out, errs, want)
			}
		}
	}
}
