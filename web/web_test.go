package web

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// past is a source whose lines are flat.
type past struct {
	*tree.Snapshot
	err error // of every reading, when set
}

func (p past) Families(ctx context.Context) ([]tree.Family, error) {
	if p.err != nil {
		return nil, p.err
	}
	return p.Snapshot.Families(ctx)
}

func (p past) Range(_ context.Context, q tree.Query, w tree.Window) (tree.RangeResult, error) {
	r := tree.RangeResult{Times: w.Instants(), Meaning: tree.MeaningRate}
	for range r.Times {
		r.Total = append(r.Total, 3)
	}
	if q.By != "" {
		r.Lines = []tree.Line{{Value: "a", Points: r.Total}, {Value: "", Points: r.Total}}
	}
	return r, nil
}

const evil = `</script><img src=x onerror=alert(1)>&"'`

func stock() *tree.Snapshot {
	b := tree.NewSnapshotBuilder()
	b.Declare("shop_orders_total", tree.Metadata{Kind: tree.KindCounter, Help: "Orders taken.", Role: metric.RoleTraffic})
	b.Add(tree.Sample{Name: "shop_orders_total", Labels: []tree.Label{{Name: "country", Value: "de"}}, Value: 5})
	b.Add(tree.Sample{Name: "shop_orders_total", Labels: []tree.Label{{Name: "country", Value: evil}}, Value: 7})
	b.Add(tree.Sample{Name: "shop_orders_total", Value: 2})
	b.Add(tree.Sample{Name: "shop_carts_open", Value: 4})
	b.Add(tree.Sample{Name: "up", Value: 1})
	return b.Build()
}

func get(t *testing.T, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}

func TestScope(t *testing.T) {
	h := Handler(past{Snapshot: stock()}, Options{})
	root := decode[tree.Node](t, get(t, h, "/api/v1/tree"))
	if root.Series != 5 || len(root.Children) != 2 || root.Children[0].Path != "shop_" || root.Children[0].Children != nil {
		t.Errorf("root: %+v", root)
	}
	shop := decode[tree.Node](t, get(t, h, "/api/v1/tree?scope=shop_"))
	if len(shop.Children) != 2 || shop.Children[1].Name != "orders_total" || shop.Children[1].Reading.Value != 14 {
		t.Errorf("scope: %+v", shop)
	}
	found := decode[tree.Node](t, get(t, h, "/api/v1/tree?filter=CARTS&depth=64"))
	if found.Metrics != 1 || found.Children[0].Path != "shop_carts_open" {
		t.Errorf("filter: %+v", found)
	}
	none := decode[tree.Node](t, get(t, h, "/api/v1/tree?filter=nothing"))
	if none.Metrics != 0 || len(none.Children) != 0 {
		t.Errorf("filter without a match: %+v", none)
	}
}

func TestMetricSplitAndPlot(t *testing.T) {
	h := Handler(past{Snapshot: stock()}, Options{})
	node := decode[tree.Node](t, get(t, h, "/api/v1/tree/metric?metric=shop_orders_total"))
	if node.Family.Help != "Orders taken." || len(node.Children) != 1 || node.Children[0].Branches != 3 {
		t.Errorf("metric: %+v", node)
	}
	w := get(t, h, "/api/v1/tree/split?metric=shop_orders_total&by=country")
	axis := decode[tree.Node](t, w)
	if len(axis.Children) != 3 || axis.Children[0].Name != evil || axis.Children[2].Name != tree.Unset {
		t.Errorf("split: %s", w.Body)
	}
	if strings.Contains(w.Body.String(), "<img") {
		t.Error("markup in a label value is not escaped in the JSON")
	}
	branch := decode[tree.Node](t, get(t, h, "/api/v1/tree/metric?metric=shop_orders_total&label=country&value="+url.QueryEscape(evil)))
	if branch.Type != tree.NodeValue || branch.Reading.Value != 7 {
		t.Errorf("branch: %+v", branch)
	}
	unset := decode[tree.Node](t, get(t, h, "/api/v1/tree/metric?metric=shop_orders_total&label=country&value="))
	if unset.Name != tree.Unset || unset.Reading.Value != 2 {
		t.Errorf("unset: %+v", unset)
	}
	plot := decode[tree.Plot](t, get(t, h, "/api/v1/tree/plot?metric=shop_orders_total&by=country&window=5m"))
	if len(plot.Lines) != 3 || len(plot.Times) != len(plot.Lines[0].Points) || len(plot.Times) < 100 || plot.Lines[2].Name != tree.Unset {
		t.Errorf("plot: %+v", plot)
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "1d": 24 * time.Hour, "1d12h": 36 * time.Hour, "2w1d30m": 15*24*time.Hour + 30*time.Minute} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestValuesAndSignals(t *testing.T) {
	h := Handler(past{Snapshot: stock()}, Options{})
	bare := decode[tree.Node](t, get(t, h, "/api/v1/tree?scope=shop_&values=none"))
	if len(bare.Children) != 2 || bare.Children[1].Reading != nil || bare.Children[1].Series != 3 {
		t.Errorf("without values: %+v", bare.Children)
	}
	values := decode[struct{ Nodes []tree.Node }](t, get(t, h, "/api/v1/tree/values?metric=up&metric=gone&metric=shop_orders_total"))
	if n := values.Nodes; len(n) != 3 || n[0].Reading.Value != 1 || !strings.Contains(n[1].Error, "gone") || n[2].Reading.Value != 14 {
		t.Errorf("values: %+v", values.Nodes)
	}
	signals := decode[tree.Signals](t, get(t, h, "/api/v1/tree/signals?scope=shop_"))
	if signals.Path != "shop_" || signals.Traffic == nil || signals.Traffic.Reading.Value != 14 {
		t.Errorf("signals: %+v", signals)
	}
	ranked := decode[tree.Node](t, get(t, h, "/api/v1/tree/metric?metric=shop_orders_total&rank=value"))
	if u := ranked.Children[0].Axis.Uneven; u == nil || !(*u > 0 && *u < 1) {
		t.Errorf("unevenness of %+v", ranked.Children[0])
	}
}

func TestErrors(t *testing.T) {
	working := past{Snapshot: stock()}
	cases := []struct {
		target string
		source tree.Source
		status int
		text   string
	}{
		{"/api/v1/tree?scope=none_", working, 404, "none_"},
		{"/api/v1/tree?depth=0", working, 400, "depth"},
		{"/api/v1/tree?depth=x", working, 400, "depth"},
		{"/api/v1/tree/metric", working, 400, "metric=NAME"},
		{"/api/v1/tree/metric?metric=none", working, 404, "none"},
		{"/api/v1/tree/metric?metric=up&label=a", working, 400, "1 labels and 0 values"},
		{"/api/v1/tree/metric?metric=up&label=&value=1", working, 400, "no name"},
		{"/api/v1/tree/metric?metric=up&label=a&value=1&label=a&value=2", working, 400, "twice"},
		{"/api/v1/tree/metric?metric=up" + strings.Repeat("&label=a&value=1", 33), working, 400, "at most 32"},
		{"/api/v1/tree/split?metric=up", working, 400, "by=LABEL"},
		{"/api/v1/tree/split?metric=up&by=a&label=a&value=1", working, 400, "already fixed"},
		{"/api/v1/tree/plot?metric=up&window=soon", working, 400, "window"},
		{"/api/v1/tree/plot?metric=up&window=1s", working, 400, "window"},
		{"/api/v1/tree/plot?metric=up&quantile=2", working, 400, "quantile"},
		{"/api/v1/tree/plot?metric=up&quantile=x", working, 400, "quantile"},
		{"/api/v1/tree/plot?metric=up&quantile=NaN", working, 400, "quantile"},
		{"/api/v1/tree/plot?metric=up&lines=0", working, 400, "lines"},
		{"/api/v1/tree/plot?metric=up&points=9999", working, 400, "points"},
		{"/api/v1/tree/plot?metric=up&mode=half", working, 400, "within-group or share"},
		{"/api/v1/tree?values=some", working, 400, "values"},
		{"/api/v1/tree?at=yesterday", working, 400, "milliseconds"},
		{"/api/v1/tree?at=-1", working, 400, "milliseconds"},
		{"/api/v1/tree/values?" + strings.Repeat("&metric=up", 101), working, 400, "at most 100"},
		{"/api/v1/tree/metric?metric=up&rank=best", working, 400, "declared, value or change"},
		{"/api/v1/tree/metric?metric=up&baseline=-1h", working, 400, "baseline"},
		{"/api/v1/tree/metric?metric=up&baseline=99999d", working, 400, "baseline"},
		{"/api/v1/tree/metric?metric=up&baseline=31000w", working, 400, "baseline"},
		{"/api/v1/tree/metric?metric=up&baseline=2d1w", working, 400, "baseline"},
		{"/api/v1/tree/metric?metric=up&label=__name__&value=x", working, 400, "another metric"},
		{"/api/v1/tree/split?metric=up&by=__name__", working, 400, "another label"},
		{"/api/v1/tree/signals?scope=nosuch", working, 404, "nosuch"},
		{"/api/v1/tree/split?metric=up&by=a&limit=10001", working, 400, "limit"},
		{"/api/v1/tree/explain?metric=up&window=d", working, 400, "window"},
		{"/api/v1/tree/explain?metric=up&branches=11", working, 400, "branches"},
		{"/api/v1/tree/explain?metric=shop_carts_open&by=colour", stock(), 400, "colour"},
		{"/api/v1/tree/explain?metric=shop_orders_total", stock(), 501, "history"},
		{"/api/v1/tree/plot?metric=up", stock(), 501, "history"},
		{"/api/v1/tree", past{err: errors.New("store on fire")}, 503, "store on fire"},
		{"/api/v1/tree", past{err: context.DeadlineExceeded}, 504, "deadline"},
	}
	for _, tc := range cases {
		w := get(t, Handler(tc.source, Options{}), tc.target)
		body := decode[map[string]string](t, w)
		if w.Code != tc.status || !strings.Contains(body["error"], tc.text) {
			t.Errorf("%s: %d %q, want %d with %q", tc.target, w.Code, body["error"], tc.status, tc.text)
		}
	}
	for target, status := range map[string]int{"/nope": 404, "/static/nope.js": 404, "/api/v1/tree/nope": 404} {
		if w := get(t, Handler(working, Options{}), target); w.Code != status {
			t.Errorf("%s: %d, want %d", target, w.Code, status)
		}
	}
	w := httptest.NewRecorder()
	Handler(working, Options{}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/v1/tree", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

// stuck waits until its caller gives up.
type stuck struct{ past }

func (stuck) Families(ctx context.Context) ([]tree.Family, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTimeout(t *testing.T) {
	w := get(t, Handler(stuck{}, Options{Timeout: time.Millisecond}), "/api/v1/tree")
	if w.Code != http.StatusGatewayTimeout {
		t.Errorf("a stuck source gives %d", w.Code)
	}
}

func TestUnchangedFilesAreNotSentAgain(t *testing.T) {
	h := Handler(stock(), Options{})
	for _, target := range []string{"/", "/static/page.css"} {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.Header.Set("If-None-Match", get(t, h, target).Header().Get("ETag"))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusNotModified || w.Body.Len() != 0 {
			t.Errorf("%s: %d with %d bytes", target, w.Code, w.Body.Len())
		}
	}
}

// TestPage: everything the page refers to is served, from the page's own origin,
// with its type, within the weight allowed.
func TestPage(t *testing.T) {
	h := Handler(stock(), Options{})
	page := get(t, h, "/")
	if page.Code != 200 || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", page.Code, page.Header())
	}
	if csp := page.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("content security policy %q", csp)
	}
	html := page.Body.String()
	if strings.Contains(html, "http:") || strings.Contains(html, "https:") || strings.Contains(html, "<style") || strings.Contains(html, " style=") ||
		regexp.MustCompile(`<script[^>]*>[^<]`).MatchString(html) || regexp.MustCompile(`\son[a-z]+=`).MatchString(html) {
		t.Error("the page has something inline or from elsewhere")
	}
	types := map[string]string{"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
	for _, m := range regexp.MustCompile(`(?:src|href)="(static/[^"]+\.(\w+))"`).FindAllStringSubmatch(html, -1) {
		w := get(t, h, "/"+m[1])
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), types[m[2]]) {
			t.Errorf("%s: %d %s", m[1], w.Code, w.Header().Get("Content-Type"))
		}
	}
}

func TestWeightAndLicences(t *testing.T) {
	var total int64
	seen := map[string]bool{}
	err := fs.WalkDir(files, "static", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		seen[path] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if total > 200_000 {
		t.Errorf("the page weighs %d bytes, more than 200,000", total)
	}
	for _, need := range []string{"static/vendor/uplot/LICENSE", "static/vendor/uplot/NOTICE"} {
		if !seen[need] {
			t.Errorf("%s is missing", need)
		}
	}
}

var importLine = regexp.MustCompile(`(?m)^import .* from "\./([a-z]+\.js)";$`)

// TestModules: each module imports only modules that exist, and none writes markup.
func TestModules(t *testing.T) {
	names, err := fs.Glob(files, "static/js/*.js")
	if err != nil || len(names) < 5 {
		t.Fatalf("%d modules, error %v", len(names), err)
	}
	for _, name := range names {
		source, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range importLine.FindAllStringSubmatch(string(source), -1) {
			if _, err := fs.Stat(files, "static/js/"+m[1]); err != nil {
				t.Errorf("%s imports %s: %v", name, m[1], err)
			}
		}
		for _, banned := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("} {
			if strings.Contains(string(source), banned) {
				t.Errorf("%s uses %s; text must stay text", name, banned)
			}
		}
	}
}
