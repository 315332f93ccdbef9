package stats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/registry"
)

func answering(name string, value any, err error) Query {
	return Query{Name: name, Help: "Answers.", Run: func(context.Context, url.Values) (any, error) { return value, err }}
}

func with(t *testing.T, o Options, queries ...Query) http.Handler {
	t.Helper()
	r := New(o)
	for _, q := range queries {
		if err := r.Add(q); err != nil {
			t.Fatal(err)
		}
	}
	return r.Handler()
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	return recorder
}

func TestAddRefuses(t *testing.T) {
	r := New(Options{})
	if err := r.Add(answering("known", 1, nil)); err != nil {
		t.Fatal(err)
	}
	for _, q := range []Query{
		answering("", 1, nil), answering("a/b", 1, nil), answering("Upper", 1, nil), answering("known", 1, nil), {Name: "empty"},
	} {
		if err := r.Add(q); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", q.Name)) {
			t.Errorf("%q: err = %v", q.Name, err)
		}
	}
}

func TestList(t *testing.T) {
	h := with(t, Options{}, answering("b", 1, nil), answering("a", 1, nil))
	var got struct{ Queries []listing }
	if err := json.Unmarshal(get(h, "/").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Queries) != 2 || got.Queries[0].Name != "a" || got.Queries[0].Help != "Answers." || got.Queries[0].Path != "./a" {
		t.Errorf("got %+v", got)
	}
	if text := get(with(t, Options{}), "/").Body.String(); !strings.Contains(text, "[]") {
		t.Errorf("an empty list is %s", text)
	}
}

func TestAnswers(t *testing.T) {
	h := with(t, Options{},
		answering("good", map[string]int{"n": 3}, nil),
		answering("broken", nil, errors.New("disk full")),
		answering("picky", nil, fmt.Errorf("parsing: %w", BadParameter("limit %q is no number", "x"))),
		answering("unwritable", math.NaN(), nil),
		Query{Name: "panics", Run: func(context.Context, url.Values) (any, error) { panic("no such shard") }},
	)
	for _, tt := range []struct {
		path, contains string
		code           int
	}{
		{"/good", `"n": 3`, http.StatusOK},
		{"/broken", "disk full", http.StatusInternalServerError},
		{"/picky", `limit \"x\" is no number`, http.StatusBadRequest},
		{"/unwritable", "cannot be written", http.StatusInternalServerError},
		{"/panics", "no such shard", http.StatusInternalServerError},
		{"/unknown", `\"unknown\"`, http.StatusNotFound},
	} {
		got := get(h, tt.path)
		if got.Code != tt.code || !strings.Contains(got.Body.String(), tt.contains) {
			t.Errorf("%s: got %d %s", tt.path, got.Code, got.Body)
		}
		if !json.Valid(got.Body.Bytes()) || got.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: not JSON: %v %s", tt.path, got.Header(), got.Body)
		}
	}
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/good", nil))
	if recorder.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: got %d", recorder.Code)
	}
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := with(t, Options{Timeout: 3 * time.Second}, Query{Name: "endless",
			Run: func(ctx context.Context, _ url.Values) (any, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}})
		start := time.Now()
		got := get(h, "/endless")
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("ended after %v", took)
		}
		if got.Code != http.StatusGatewayTimeout || !strings.Contains(got.Body.String(), "3s") {
			t.Errorf("got %d %s", got.Code, got.Body)
		}
	})
}

func TestConcurrencyIsBounded(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	h := with(t, Options{MaxConcurrent: 1}, Query{Name: "slow", Run: func(context.Context, url.Values) (any, error) {
		entered <- struct{}{}
		<-release
		return 1, nil
	}}, answering("other", 1, nil))
	first := make(chan *httptest.ResponseRecorder)
	go func() { first <- get(h, "/slow") }()
	<-entered
	if got := get(h, "/other"); got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" {
		t.Errorf("second: got %d %v", got.Code, got.Header())
	}
	if got := get(h, "/"); got.Code != http.StatusOK {
		t.Errorf("the list needs no slot: got %d", got.Code)
	}
	close(release)
	if got := <-first; got.Code != http.StatusOK {
		t.Errorf("first: got %d", got.Code)
	}
}

// filled is a registry with a metric of 3 × 120 series and one of a single.
func filled(t *testing.T) *registry.Registry {
	t.Helper()
	r := registry.New(registry.Options{})
	define := func(name string, keys ...string) *registry.Instrument {
		i, err := r.Define(registry.Definition{Descriptor: metric.Descriptor{Name: name, Kind: metric.Counter, Keys: keys}})
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	large, small := define("large_total", "op", "shard"), define("small_total")
	for op := range 3 {
		for shard := range 120 {
			large.AddInt(1, fmt.Sprint(op), fmt.Sprint(shard))
		}
	}
	small.AddInt(1)
	return r
}

func series(t *testing.T, r *registry.Registry, query string) SeriesCount {
	t.Helper()
	got := get(with(t, Options{}, Series(r)), "/series"+query)
	var count SeriesCount
	if err := json.Unmarshal(got.Body.Bytes(), &count); err != nil || got.Code != http.StatusOK {
		t.Fatalf("%v: %d %s", err, got.Code, got.Body)
	}
	return count
}

func TestSeries(t *testing.T) {
	r := filled(t)
	all := series(t, r, "?limit=0")
	large := all.Metrics[0]
	if large.Name != "large_total" || large.Kind != "counter" || large.Series != 360 {
		t.Errorf("got %+v", large)
	}
	if len(large.Labels) != 2 || large.Labels[0] != (LabelCount{"op", 3, policy.Good}) || large.Labels[1] != (LabelCount{"shard", 120, policy.Questioned}) {
		t.Errorf("labels %+v", large.Labels)
	}
	sum := 0
	for _, m := range all.Metrics {
		sum += m.Series
	}
	if all.TotalSeries != sum || all.TotalMetrics != len(all.Metrics) || all.OtherSeries != 0 {
		t.Errorf("totals %d and %d of %d and %d", all.TotalSeries, all.TotalMetrics, sum, len(all.Metrics))
	}

	one := series(t, r, "?limit=1")
	if len(one.Metrics) != 1 || one.Metrics[0].Name != "large_total" || one.OtherSeries != one.TotalSeries-360 {
		t.Errorf("got %+v", one)
	}
	if one.TotalMetrics != all.TotalMetrics {
		t.Errorf("limit changed the totals: %+v", one)
	}
}

func TestSeriesRefusesBadLimits(t *testing.T) {
	for _, limit := range []string{"-1", "x", "1.5"} {
		got := get(with(t, Options{}, Series(filled(t))), "/series?limit="+limit)
		if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), limit) {
			t.Errorf("limit %s: got %d %s", limit, got.Code, got.Body)
		}
	}
}

func TestSeriesStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := Series(filled(t)).Run(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", got, err)
	}
}
