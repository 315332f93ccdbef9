package prom

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

func TestAPI(t *testing.T) {
	options := testOptions(t)
	options.Flags = map[string]string{"a.flag": "its value"}
	_, client := startNode(t, options, emptyConfig())
	now := time.Now().Truncate(time.Second)
	client.MustWrite(t, apitest.RemoteWriteV1(pushed(now, "x_total", 4)), apitest.TypeV1)
	at := url.Values{"time": {now.Format(time.RFC3339)}}
	span := url.Values{"start": {now.Add(-time.Minute).Format(time.RFC3339)}, "end": {now.Format(time.RFC3339)}}
	with := func(values url.Values, more ...string) url.Values {
		merged := url.Values{}
		for name, value := range values {
			merged[name] = value
		}
		for i := 0; i+1 < len(more); i += 2 {
			merged.Set(more[i], more[i+1])
		}
		return merged
	}

	// Every endpoint that takes parameters answers GET and POST alike.
	type vector struct {
		Result []struct {
			Metric map[string]string `json:"metric"`
		} `json:"result"`
	}
	both := []struct {
		endpoint   string
		parameters url.Values
		check      func(call func(into any)) bool
	}{
		{"query", with(at, "query", "x_total"), func(call func(any)) bool {
			var v vector
			call(&v)
			return len(v.Result) == 1 && v.Result[0].Metric["from"] == "a test"
		}},
		{"query_range", with(span, "query", "x_total", "step", "1"), func(call func(any)) bool {
			var v vector
			call(&v)
			return len(v.Result) == 1
		}},
		{"series", with(span, "match[]", "x_total"), func(call func(any)) bool {
			var v []map[string]string
			call(&v)
			return len(v) == 1 && v[0]["__name__"] == "x_total"
		}},
		{"labels", span, func(call func(any)) bool {
			var v []string
			call(&v)
			return slices.Equal(v, []string{"__name__", "from"})
		}},
	}
	for _, test := range both {
		if !test.check(func(into any) { client.Get(t, test.endpoint, test.parameters, into) }) {
			t.Errorf("GET %s: wrong answer", test.endpoint)
		}
		if !test.check(func(into any) { client.Post(t, test.endpoint, test.parameters, into) }) {
			t.Errorf("POST %s: wrong answer", test.endpoint)
		}
	}

	var values []string
	client.Get(t, "label/from/values", nil, &values)
	if !slices.Equal(values, []string{"a test"}) {
		t.Errorf("label values: %v", values)
	}
	var build map[string]string
	client.Get(t, "status/buildinfo", nil, &build)
	if build["version"] == "" || build["revision"] != "metertree-test" {
		t.Errorf("build information: %v", build)
	}
	var flags map[string]string
	client.Get(t, "status/flags", nil, &flags)
	if flags["a.flag"] != "its value" {
		t.Errorf("flags: %v", flags)
	}
	for _, endpoint := range []string{"metadata", "rules", "alerts", "status/config", "status/runtimeinfo", "status/tsdb", "status/tsdb/blocks", "status/walreplay", "notifications", "scrape_pools", "features"} {
		var anything any
		client.Get(t, endpoint, nil, &anything)
	}
}

func TestAPIDoesNotDelete(t *testing.T) {
	_, client := startNode(t, testOptions(t), emptyConfig())
	err := client.TryGet("labels", nil, new([]string))
	if err != nil {
		t.Fatal(err)
	}
	for _, endpoint := range []string{"admin/tsdb/delete_series?match[]=x", "admin/tsdb/snapshot", "admin/tsdb/clean_tombstones"} {
		status, answer, err := client.Send(endpoint, nil, nil)
		if err != nil || status/100 == 2 {
			t.Errorf("%s: status %d, answer %q, error %v", endpoint, status, answer, err)
		}
	}
}

// A page of another site must not be able to read the API.
func TestAPIAllowsNoOrigin(t *testing.T) {
	node, _ := startNode(t, testOptions(t), emptyConfig())
	request := httptest.NewRequest(http.MethodGet, "/api/v1/labels", nil)
	request.Header.Set("Origin", "http://elsewhere.example")
	answer := httptest.NewRecorder()
	node.API().ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		t.Fatalf("status %d", answer.Code)
	}
	if allowed := answer.Header().Get("Access-Control-Allow-Origin"); allowed != "" {
		t.Errorf("origin %q is allowed", allowed)
	}
}

func TestQueryLimits(t *testing.T) {
	options := testOptions(t)
	options.Query.MaxSamples = 10
	_, client := startNode(t, options, emptyConfig())
	now := time.Now()
	var many apitest.Pushed
	many.Labels = []string{"__name__", "many"}
	for i := range 20 {
		many.Samples = append(many.Samples, apitest.PushedSample{Millis: now.UnixMilli() - int64(20-i), Value: 1})
	}
	client.MustWrite(t, apitest.RemoteWriteV1([]apitest.Pushed{many}), apitest.TypeV1)
	err := client.TryGet("query", url.Values{"query": {"count_over_time(many[1m])"}}, new(any))
	if err == nil || !strings.Contains(err.Error(), "too many samples") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestProductVersion(t *testing.T) {
	for module, want := range map[string]string{
		"v0.315.0": "3.15.0", "v0.305.2": "3.5.2", "v0.300.1": "3.0.1", "v1.2.3": "v1.2.3", "(devel)": "(devel)",
	} {
		if got := productVersion(module); got != want {
			t.Errorf("%s: %s, want %s", module, got, want)
		}
	}
}
