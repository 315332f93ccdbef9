package grafanatest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/serve"
)

// exposed has a counter, a gauge, and a histogram with an exemplar.
const exposed = `# HELP shop_calls Calls.
# TYPE shop_calls counter
shop_calls_total{status="ok"} 41
shop_calls_total{status="error"} 1
# HELP shop_seconds Time of calls.
# TYPE shop_seconds histogram
# UNIT shop_seconds seconds
shop_seconds_bucket{le="1.0"} 40 # {trace_id="4bf92f"} 0.5
shop_seconds_bucket{le="+Inf"} 42
shop_seconds_sum 21
shop_seconds_count 42
# EOF
`

// request is one that Grafana makes.
type request struct {
	name, method, path string
	form               url.Values
	// same says that the data is the same, too, and not only its form.
	same bool
}

// requests are those of the data source's backend and of its editors, with POST
// chosen: it posts questions and gets what else there is.
func requests(at time.Time) []request {
	end := strconv.FormatInt(at.Unix(), 10)
	start := strconv.FormatInt(at.Add(-time.Minute).Unix(), 10)
	within := func(more ...string) url.Values {
		values := url.Values{"start": {start}, "end": {end}}
		for i := 0; i < len(more); i += 2 {
			values.Add(more[i], more[i+1])
		}
		return values
	}
	const match = `{job="shop",__name__=~"shop_.+"}`
	post, get := http.MethodPost, http.MethodGet
	return []request{
		{"save and test", post, "query", url.Values{"query": {"1+1"}, "time": {"4"}}, true},
		{"which kind of server", get, "status/buildinfo", nil, false},
		{"a table", post, "query", url.Values{"query": {`shop_calls_total`}, "time": {end}, "timeout": {"30s"}}, false},
		{"a graph", post, "query_range", within("query", `rate(shop_calls_total[1m])`, "step", "15", "timeout", "30s"), false},
		{"a graph, by GET", get, "query_range", within("query", `shop_calls_total`, "step", "15"), false},
		{"a heat map", post, "query_range", within("query", `sum by (le) (increase(shop_seconds_bucket[1m]))`, "step", "15"), false},
		{"exemplars", post, "query_exemplars", within("query", `histogram_quantile(0.99, sum by (le) (rate(shop_seconds_bucket[1m])))`), false},
		{"label names", post, "labels", within("match[]", match, "limit", "40000"), true},
		{"label names, by GET", get, "labels", within("match[]", match), true},
		{"metric names", get, "label/__name__/values", within("match[]", match, "limit", "40000"), true},
		{"label values", get, "label/status/values", within("match[]", `shop_calls_total{job="shop"}`), true},
		{"label_values() of a variable", post, "series", within("match[]", `shop_calls_total{job="shop"}`, "limit", "40000"), false},
		{"query_result() of a variable", post, "query", url.Values{"query": {`topk(1, shop_calls_total)`}, "time": {end}}, false},
		{"help texts", get, "metadata", url.Values{"metric": {"shop_seconds"}}, true},
		{"all help texts", get, "metadata", url.Values{"limit": {"40000"}}, false},
		{"rules", get, "rules", nil, true},
		{"rules that alert", get, "rules", url.Values{"type": {"alert"}}, true},
		{"alerts", get, "alerts", nil, true},
		{"an unfinished query", post, "query", url.Values{"query": {`sum(`}, "time": {end}}, false},
		{"a step too small", post, "query_range", url.Values{"query": {"up"}, "start": {"0"}, "end": {end}, "step": {"1"}}, false},
		{"no such path", get, "status/nothing", nil, false},
		{"no ruler", get, "/ruler/api/v1/rules", nil, false},
		{"formatting", get, "format_query", url.Values{"query": {"sum(up)by(job)"}}, true},
	}
}

// answer is what came of a request.
type answer struct {
	status int
	body   any
}

func ask(t *testing.T, server string, r request) answer {
	t.Helper()
	address := server + "/api/v1/" + r.path
	if strings.HasPrefix(r.path, "/") {
		address = server + r.path
	}
	var body io.Reader
	if r.method == http.MethodPost {
		body = strings.NewReader(r.form.Encode())
	} else if len(r.form) > 0 {
		address += "?" + r.form.Encode()
	}
	q, err := http.NewRequestWithContext(t.Context(), r.method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	if r.method == http.MethodPost {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: response.StatusCode}
	if err := json.Unmarshal(text, &a.body); err != nil && response.StatusCode == http.StatusOK {
		t.Errorf("%s: %s answers %.200q", r.name, server, text)
	}
	return a
}

// shape lists the paths to the values of a JSON document, with their types.
func shape(at string, value any, into map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			shape(at+"."+key, inner, into)
		}
		into[at+": object"] = true
	case []any:
		for _, inner := range v {
			shape(at+"[]", inner, into)
		}
		into[at+": list"] = true
	default:
		into[fmt.Sprintf("%s: %T", at, value)] = true
	}
}

// TestGrafanasRequests makes each request to our server and to a real Prometheus
// that scrape the same target. Ours has the same status, and whatever there is in
// the real one's answer.
func TestGrafanasRequests(t *testing.T) {
	target := strings.TrimPrefix(exposition(t), "http://")
	config := fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n- job_name: shop\n  static_configs: [{targets: [%q]}]\n", target)
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	write(t, file, config)
	theirs, ours := prometheus(t, file), metertree(t, file)
	for _, server := range []string{ours, theirs} {
		client := apitest.Client{URL: server}
		apitest.Eventually(t, 40*time.Second, func() (bool, string) {
			var exemplars []any
			values := url.Values{"query": {"shop_seconds_bucket"}, "start": {"0"}, "end": {strconv.FormatInt(time.Now().Unix()+60, 10)}}
			if err := client.TryGet("query_exemplars", values, &exemplars); err != nil {
				return false, err.Error()
			}
			points := client.Query(t, `count_over_time(shop_calls_total{status="ok"}[1m])`, time.Now())
			return len(exemplars) > 0 && len(points) == 1 && points[0].Samples[0].Float() >= 3, fmt.Sprint(server, exemplars, points)
		})
	}
	for _, r := range requests(time.Now()) {
		mine, other := ask(t, ours, r), ask(t, theirs, r)
		if mine.status != other.status {
			t.Errorf("%s: status %d, and Prometheus %d: %v", r.name, mine.status, other.status, mine.body)
			continue
		}
		have, want := map[string]bool{}, map[string]bool{}
		shape("", mine.body, have)
		shape("", other.body, want)
		for path := range want {
			if !have[path] {
				t.Errorf("%s: no %s in %v; Prometheus answers %v", r.name, path, mine.body, other.body)
			}
		}
		if got, wanted := spelt(t, mine.body), spelt(t, other.body); r.same && got != wanted {
			t.Errorf("%s: %s, and Prometheus %s", r.name, got, wanted)
		}
	}
}

// The data source takes a server whose build information has features for Mimir,
// and asks it for a ruler.
func TestIsNoMimir(t *testing.T) {
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	write(t, file, "scrape_configs: []\n")
	a := ask(t, metertree(t, file), request{path: "status/buildinfo", method: http.MethodGet})
	data, isObject := a.body.(map[string]any)["data"].(map[string]any)
	if version, isText := data["version"].(string); !isObject || !isText || version == "" || data["features"] != nil {
		t.Errorf("build information %v", a.body)
	}
}

func spelt(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func exposition(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
		_, _ = io.WriteString(w, exposed)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// prometheus starts Debian's, which keeps exemplars if it is asked to.
func prometheus(t *testing.T, file string) string {
	t.Helper()
	binary, data := realserver.Find(t, "prometheus"), t.TempDir()
	return realserver.Start(t, "/-/ready", func(address string) *exec.Cmd {
		return exec.Command(binary, "--config.file="+file, "--storage.tsdb.path="+data, "--web.listen-address="+address,
			"--enable-feature=exemplar-storage", "--log.level=warn")
	}).URL
}

// metertree runs the server until the end of the test.
func metertree(t *testing.T, file string) string {
	t.Helper()
	options := serve.Defaults(filepath.Join(t.TempDir(), "data"))
	options.ListenAddress, options.ConfigFile, options.SelfScrape = "127.0.0.1:0", file, serve.SelfScrapeOff
	ready, ended := make(chan string, 1), make(chan error, 1)
	options.OnReady = func(url string) { ready <- strings.TrimSuffix(url, "/") }
	stop := run(t, options, ended)
	select {
	case url := <-ready:
		t.Cleanup(stop)
		return url
	case err := <-ended:
		t.Fatal(err)
	}
	return ""
}

// The requests are listed once each.
func TestRequestsDiffer(t *testing.T) {
	var names []string
	for _, r := range requests(time.Unix(100, 0)) {
		if slices.Contains(names, r.name) {
			t.Errorf("%s is there twice", r.name)
		}
		names = append(names, r.name)
	}
}
