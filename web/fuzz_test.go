package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/tree"
)

// endpoints are those that take parameters.
var endpoints = []string{"", "/values", "/signals", "/metric", "/split", "/plot", "/explain"}

// FuzzParameters asks every endpoint with any query. Nobody's parameters are the
// server's fault, and no answer is larger than its limits allow.
func FuzzParameters(f *testing.F) {
	for i, query := range []string{
		"scope=shop_&filter=orders&depth=3&values=none", "metric=up&metric=shop_orders_total&at=1700000000000",
		"scope=shop_", "metric=shop_orders_total&label=country&value=de&baseline=1d12h&rank=change",
		"metric=shop_orders_total&by=country&limit=1&mode=share", "metric=shop_orders_total&by=country&window=2w&quantile=0.5&lines=2&points=9",
		"metric=shop_orders_total&by=country&by=x&window=1h&baseline=1d&branches=3",
	} {
		f.Add(uint8(i), query)
		f.Add(uint8(i), query+"&at=9223372036854775807")
	}
	f.Add(uint8(3), "metric=%00&label=&value=%zz;&label=%22")
	f.Add(uint8(5), "metric=up&quantile=NaN&window=2562047h47m")
	handlers := []http.Handler{Handler(past{Snapshot: stock()}, Options{}), Handler(stock(), Options{})}
	f.Fuzz(func(t *testing.T, endpoint uint8, query string) {
		path := "/api/v1/tree" + endpoints[int(endpoint)%len(endpoints)]
		for _, h := range handlers {
			request := httptest.NewRequest(http.MethodGet, path, nil)
			request.URL.RawQuery = query
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request)
			checkAnswer(t, path+"?"+query, w)
		}
	})
}

func checkAnswer(t *testing.T, target string, w *httptest.ResponseRecorder) {
	t.Helper()
	if !slices.Contains([]int{http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusNotImplemented}, w.Code) {
		t.Fatalf("%q: %d %s", target, w.Code, w.Body)
	}
	const most = 1 << 20 // the longest lines of the plot, of the few branches there are
	if !json.Valid(w.Body.Bytes()) || w.Body.Len() > most+8*len(target) {
		t.Fatalf("%q: an answer of %d bytes: %.200s", target, w.Body.Len(), w.Body)
	}
	if w.Code == http.StatusOK {
		return
	}
	var said struct{ Error string }
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || said.Error == "" {
		t.Fatalf("%q: %d without an error: %s", target, w.Code, w.Body)
	}
}

// FuzzSelector holds that a node which is asked for is the node that is read.
func FuzzSelector(f *testing.F) {
	f.Add("up", "a", "1", "b", "")
	f.Add("x&y=z", "é", "a;b", "\x00", "%")
	f.Fuzz(func(t *testing.T, name, label, value, other, another string) {
		query, err := url.ParseQuery(url.Values{"metric": {name}, "label": {label, other}, "value": {value, another}}.Encode())
		if err != nil {
			t.Fatal(err)
		}
		p := &parameters{query: query}
		got := p.selector()
		want := tree.Selector{Metric: name, Matchers: []tree.Matcher{{Name: label, Value: value}, {Name: other, Value: another}}}
		possible := name != "" && label != "" && other != "" && label != other
		if possible != (p.err == nil) {
			t.Fatalf("%+v: error %v", want, p.err)
		}
		if possible && (got.Metric != want.Metric || !slices.Equal(got.Matchers, want.Matchers)) {
			t.Fatalf("%+v is read as %+v", want, got)
		}
	})
}

// FuzzDuration holds that a duration that is accepted is not negative, and reads
// the same as Go writes it; and that an error names what was given.
func FuzzDuration(f *testing.F) {
	for _, s := range []string{"15m", "1d", "2w", "1w2d3h", "1d-2h", "4095w4095d2562047h", "d", "-1h", "1e3s", "0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		const fallback = 7 * time.Second
		p := &parameters{query: url.Values{"window": {s}}}
		d := p.duration("window", fallback)
		switch {
		case p.err != nil && !strings.Contains(p.err.Error(), "window"):
			t.Fatalf("%q: %v", s, p.err)
		case p.err != nil && d != fallback, d < 0:
			t.Fatalf("%q is %v, error %v", s, d, p.err)
		case p.err == nil && s != "":
			if again, err := parseDuration(d.String()); err != nil || again != d {
				t.Fatalf("%q is %v, which is %v, %v", s, d, again, err)
			}
		}
	})
}
