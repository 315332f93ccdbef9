package prom

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A subquery of more steps than there is memory for ended the process. Now the asker
// is told what to change, and others are answered.
func TestSubqueriesAreBounded(t *testing.T) {
	options := testOptions(t)
	options.Query.MaxSamples = 10_000
	_, client := startNode(t, options, emptyConfig())
	instant := func(query string) (string, url.Values) { return "query", url.Values{"query": {query}} }
	ranged := func(query, end, step string) (string, url.Values) {
		return "query_range", url.Values{"query": {query}, "start": {"0"}, "end": {end}, "step": {step}}
	}
	check := func(path string, values url.Values) func(want int) {
		return func(want int) {
			t.Helper()
			status, text := request(t, http.MethodPost, client.URL+"/api/v1/"+path, values)
			if status != want || (want != http.StatusOK) != strings.Contains(text, "more than the 10000 samples that a query may hold") {
				t.Errorf("%s %v: %d %.300s", path, values, status, text)
			}
		}
	}
	const refused = http.StatusBadRequest
	check(instant("up[100y:1ms]"))(refused)
	check(instant("up[100y:]"))(refused)
	check(instant("max_over_time(up[1h:1s])"))(http.StatusOK)
	check(instant("max_over_time(up[1h:1s] offset 1d)"))(http.StatusOK)
	check(instant("max_over_time(up[1h:1s]) + max_over_time(up[1h:1s]) + max_over_time(up[1h:1s])"))(refused)
	check(instant("max_over_time(max_over_time(up[1m:1s])[1d:1h])"))(refused) // the inner one covers a day
	check(ranged("max_over_time(up[1h:1m])", "3600", "60"))(http.StatusOK)
	check(ranged("max_over_time(up[1m:1ms])", "1000000000", "1000000"))(refused)
	check(ranged("max_over_time(up[1m:1ms] @ end())", "9000000000", "90000000"))(refused)
	widest := url.Values{"query": {"max_over_time(up[1m:1ms])"}, "start": {"-9e15"}, "end": {"9e15"}, "step": {"9e9"}}
	check("query_range", widest)(refused)
	check(instant("vector(1)"))(http.StatusOK)
}
