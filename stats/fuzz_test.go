package stats

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// FuzzParameters asks a query with any parameters. What it is run with passes the
// checks it declared, and everything else is refused with the name of what is
// wrong.
func FuzzParameters(f *testing.F) {
	f.Add("limit=5&order=name&since=15m&who=a")
	f.Add("limit=&order=&since=&who=x")
	f.Add("limit=5&limit=6")
	f.Add("who=%00&unknown=1;2")
	f.Add("limit=99999999999999999999&since=-1ns&order=%zz")
	r := New(Options{})
	declared := []Parameter{
		{Name: "limit", Help: "How many.", Default: "10", Check: Between(1, 100)},
		{Name: "order", Help: "By what.", Check: OneOf("name", "size")},
		{Name: "since", Help: "How far back.", Default: "1m", Check: Duration(time.Second, time.Hour)},
		{Name: "who", Help: "Whose.", Required: true},
	}
	err := r.Add(Query{Name: "ask", Help: "Repeats.", Parameters: declared, TTL: -1, Run: func(_ context.Context, given url.Values) (any, error) {
		return given, nil
	}})
	if err != nil {
		f.Fatal(err)
	}
	h := r.Handler()
	f.Fuzz(func(t *testing.T, query string) {
		request := httptest.NewRequest(http.MethodGet, "/ask", nil)
		request.URL.RawQuery = query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request)
		if w.Code == http.StatusBadRequest {
			var said struct{ Error string }
			if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || !names(said.Error, declared) {
				t.Fatalf("%q: %s", query, w.Body)
			}
			return
		}
		var given map[string][]string
		if err := json.Unmarshal(w.Body.Bytes(), &given); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%q: %d, %v", query, w.Code, err)
		}
		for name, values := range given {
			i := slices.IndexFunc(declared, func(p Parameter) bool { return p.Name == name })
			if i < 0 || len(values) != 1 || declared[i].check(values[0]) != nil {
				t.Fatalf("%q: run with %s=%q", query, name, values)
			}
		}
		if n, err := strconv.Atoi(given["limit"][0]); err != nil || n < 1 || n > 100 || len(given["who"]) != 1 {
			t.Fatalf("%q: run with %v", query, given)
		}
	})
}

// names reports whether an error names one of the parameters.
func names(text string, declared []Parameter) bool {
	return slices.ContainsFunc(declared, func(p Parameter) bool { return strings.Contains(text, p.Name) })
}

// FuzzPaths asks for any query of any name in any format: there is always an
// answer that can be read.
func FuzzPaths(f *testing.F) {
	f.Add("", "format=text", "text/html")
	f.Add("ask", "", "*/*;q=0.1, text/plain")
	f.Add("a%2Fb", "format=<x>", `";,`)
	r := New(Options{})
	if err := r.Add(answering("ask", 1, nil)); err != nil {
		f.Fatal(err)
	}
	h := r.Handler()
	f.Fuzz(func(t *testing.T, path, query, accept string) {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.URL.Path, request.URL.RawQuery = "/"+path, query
		request.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request)
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%q?%q: %d %s", path, query, w.Code, w.Body)
		}
		if w.Header().Get("Content-Type") == "application/json" && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%q?%q: not JSON: %s", path, query, w.Body)
		}
	})
}
