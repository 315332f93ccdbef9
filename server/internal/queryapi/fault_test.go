package queryapi

import (
	"compress/gzip"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/tree"
)

// sourceOf is a source over a handler, under an address with a password.
func sourceOf(t *testing.T, h http.HandlerFunc, change func(*Options)) *Source {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return sourceAt(t, strings.Replace(server.URL, "http://", "http://me:s3cret@", 1), change)
}

func sourceAt(t *testing.T, address string, change func(*Options)) *Source {
	t.Helper()
	options := Options{URL: address, Timeout: 10 * time.Second}
	if change != nil {
		change(&options)
	}
	s, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// says answers every request the same way.
func says(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const vectorOfOne = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up"},"value":[1,"1"]}]}}`

func TestBadRemotes(t *testing.T) {
	const js = "application/json"
	redirected := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a redirect was followed")
	}))
	t.Cleanup(redirected.Close)
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		change  func(*Options)
		want    string
		is      error
	}{
		"a page":            {handler: says(200, "text/html", "<html>login</html>"), want: "web page"},
		"a page as JSON":    {handler: says(200, js, "<html>login</html>"), want: "web page"},
		"plain text":        {handler: says(200, "text/plain", "hello"), want: "other than JSON"},
		"nothing":           {handler: says(200, js, ""), want: "cut off"},
		"cut JSON":          {handler: says(200, js, vectorOfOne[:80]), want: "cut off"},
		"cut in transfer":   {handler: says(200, js, vectorOfOne[:80], "Content-Length", "500"), want: "cut off"},
		"malformed":         {handler: says(200, js, `{"status":"success","data":{"result":[{"metric":3}]}}`), want: "malformed"},
		"bad sample":        {handler: says(200, js, `{"status":"success","data":{"result":[{"metric":{},"value":["x"]}]}}`), want: "malformed"},
		"no status":         {handler: says(200, js, `{"hello":1}`), want: "no status"},
		"error within 200":  {handler: says(200, js, `{"status":"error","error":"no such\nthing"}`), want: "query refused: no such thing"},
		"refused":           {handler: says(422, js, `{"status":"error","errorType":"execution","error":"too many series"}`), want: "too many series"},
		"refused in words":  {handler: says(400, "text/plain", "bad\x1b[31m query"), want: "query refused: bad [31m query"},
		"internal":          {handler: says(500, "text/html", "<h1>oops</h1>"), want: "500 Internal Server Error"},
		"unauthorized":      {handler: says(401, js, ""), want: "give credentials"},
		"forbidden":         {handler: says(403, js, ""), want: "give credentials"},
		"wrong path":        {handler: says(404, "text/plain", "404 page not found"), want: "check the path"},
		"redirect":          {handler: says(302, "text/html", "", "Location", strings.Replace(redirected.URL, "http://", "http://u:hidden@", 1)+"/x?token=hidden"), want: "redirects to " + redirected.URL + "/x:"},
		"rate limit":        {handler: says(429, js, "", "Retry-After", "30"), want: "wants no request for 30s"},
		"unavailable":       {handler: says(503, js, "", "Retry-After", "Thu, 01 Jan 2100 00:00:00 GMT"), want: "wants no request for 1m0s"},
		"too large":         {handler: says(200, js, `{"x":"`+strings.Repeat("a", 5000)+`"}`), change: func(o *Options) { o.MaxBytes = 4000 }, want: "more than 4000 bytes"},
		"too large, packed": {handler: packed(1 << 20), change: func(o *Options) { o.MaxBytes = 100_000 }, want: "more than 100000 bytes"},
		"too many series":   {handler: manySeries(30), change: func(o *Options) { o.MaxSeries = 20 }, want: "more than 20 series"},
		"slow": {handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			change: func(o *Options) { o.Timeout = 50 * time.Millisecond }, want: "within 50ms", is: context.DeadlineExceeded},
		"slow body": {handler: func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, vectorOfOne[:50])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, change: func(o *Options) { o.Timeout = 50 * time.Millisecond }, want: "within 50ms", is: context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			s := sourceOf(t, tc.handler, tc.change)
			q := tree.Query{Family: tree.Family{Name: "up", Kind: tree.KindGauge, Fold: tree.FoldSum, Parts: []string{"up"}}, Selector: tree.Selector{Metric: "up"}, By: "x"}
			results, err := s.Fold(t.Context(), []tree.Query{q})
			if err != nil {
				t.Fatal(err)
			}
			err = results[0].Err
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want %q in it", err, tc.want)
			}
			text := err.Error()
			for _, secret := range []string{"s3cret", "hidden", "\n", "\x1b", "me@"} {
				if strings.Contains(text, secret) {
					t.Errorf("%q is in %q", secret, text)
				}
			}
			if tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("%v is not %v", err, tc.is)
			}
			if !strings.HasPrefix(text, s.Name()+": ") {
				t.Errorf("%q does not name the server", text)
			}
		})
	}
}

// packed answers with JSON that is small only while compressed.
func packed(size int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = fmt.Fprintf(z, `{"x":"%s"}`, strings.Repeat("a", size))
		_ = z.Close()
	}
}

func manySeries(n int) http.HandlerFunc {
	series := make([]string, n)
	for i := range series {
		series[i] = fmt.Sprintf(`{"metric":{"__name__":"m%d","x":"%d"},"value":[1,"1"]}`, i, i)
	}
	return says(200, "application/json", `{"status":"success","data":{"result":[`+strings.Join(series, ",")+`]}}`)
}

func TestDown(t *testing.T) {
	s := sourceAt(t, "http://me:s3cret@"+realserver.FreeAddress(t), nil)
	_, err := s.Families(t.Context())
	if err == nil || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a server that is down gives %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for want, o := range map[string]Options{
		"not a URL":            {URL: "me:s3cret@host"},
		"is not a URL: write":  {URL: "ftp://me:s3cret@host/"},
		"has parameters":       {URL: "http://me:s3cret@host/?x=1"},
		"one of them":          {URL: "http://me:s3cret@host", BearerTokenFile: file("t", "x")},
		"no such file":         {URL: "http://host", BearerTokenFile: filepath.Join(dir, "none")},
		"does not hold":        {URL: "http://host", BearerTokenFile: file("two", "s3cret s3cret")},
		"holds no certificate": {URL: "http://host", CAFile: file("ca", "s3cret")},
	} {
		_, err := New(o)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: error %v", want, err)
		}
	}
	for address, want := range map[string]string{
		"http://h:1/":                       "http://h:1",
		"https://u:p@h/prom/api/v1/query":   "https://h/prom",
		"http://h/select/0/prometheus/":     "http://h/select/0/prometheus",
		"http://h/api/v1":                   "http://h",
		"http://h:9090/graph":               "http://h:9090",
		"http://h/api/v1/query_range/":      "http://h",
		"http://h/prometheus/api/v1/query/": "http://h/prometheus",
	} {
		if s := sourceAt(t, address, nil); s.Name() != want {
			t.Errorf("%s is asked at %s, want %s", address, s.Name(), want)
		}
	}
}

func TestCredentials(t *testing.T) {
	var got atomic.Pointer[http.Request]
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.Store(r.Clone(context.Background()))
		says(200, "application/json", vectorOfOne)(w, r)
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	ca, token := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "token")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for path, content := range map[string][]byte{ca: certificate, token: []byte("first\n")} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sourceAt(t, server.URL, nil).Families(t.Context()); err == nil || !strings.Contains(err.Error(), "authority") {
		t.Errorf("an unknown authority gives %v", err)
	}
	withUser := strings.Replace(server.URL, "https://", "https://me:s3cret@", 1)
	s := sourceAt(t, withUser, func(o *Options) { o.CAFile, o.Header = ca, http.Header{"X-Scope-Orgid": {"team"}} })
	if _, err := s.Families(t.Context()); err != nil {
		t.Fatal(err)
	}
	user, password, _ := got.Load().BasicAuth()
	if user != "me" || password != "s3cret" || got.Load().Header.Get("X-Scope-OrgID") != "team" {
		t.Errorf("sent %q, %q, %v", user, password, got.Load().Header)
	}
	s = sourceAt(t, server.URL, func(o *Options) {
		o.CAFile, o.BearerTokenFile, o.CacheFor = ca, token, time.Nanosecond
	})
	for _, want := range []string{"first", "second"} { // read again
		if err := os.WriteFile(token, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.backend.Instant(t.Context(), "up", time.Now()); err != nil {
			t.Fatal(err)
		}
		if sent := got.Load().Header.Get("Authorization"); sent != "Bearer "+want {
			t.Errorf("sent %q, want the token %q", sent, want)
		}
	}
}

func TestPartialAnswersSayWhy(t *testing.T) {
	s := sourceOf(t, func(w http.ResponseWriter, r *http.Request) {
		body := strings.Replace(vectorOfOne, `"status":"success"`, `"status":"success","isPartial":true,"warnings":["store \u001b[1m gone"]`, 1)
		if strings.HasSuffix(r.URL.Path, "/metadata") {
			says(500, "text/plain", "")(w, r)
			return
		}
		says(200, "application/json", body)(w, r)
	}, nil)
	if _, err := s.Families(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(s.Notices(), "\n")
	for _, want := range []string{"answers in part", "store [1m gone", "metadata cannot be read"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not among the notices %q", want, text)
		}
	}
}

// A server that refuses to count everything is asked part by part, and the parts
// that it refuses are missed with notice.
func TestCountsInParts(t *testing.T) {
	const names = 450
	var posted atomic.Bool
	s := sourceOf(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.FormValue("query")
		posted.Store(posted.Load() || r.Method == http.MethodPost)
		switch {
		case strings.HasSuffix(r.URL.Path, "/label/__name__/values"):
			list := make([]string, names)
			for i := range list {
				list[i] = fmt.Sprintf(`"metric_%03d_of_one_service"`, i)
			}
			says(200, "application/json", `{"status":"success","data":[`+strings.Join(list, ",")+`]}`)(w, r)
		case strings.HasSuffix(r.URL.Path, "/metadata"):
			says(404, "text/plain", "")(w, r)
		case strings.Contains(query, "metric_100_of_one_service|"):
			var list []string
			for i := range 200 {
				list = append(list, fmt.Sprintf(`{"metric":{"__name__":"metric_%03d_of_one_service"},"value":[1,"7"]}`, i))
			}
			says(200, "application/json", `{"status":"success","data":{"resultType":"vector","result":[`+strings.Join(list, ",")+`]}}`)(w, r)
		default:
			says(422, "application/json", `{"status":"error","error":"too many samples"}`)(w, r)
		}
	}, nil)
	families, err := s.Families(t.Context())
	if err != nil || len(families) != 200 || families[7].Series != 7 || !families[7].Inferred.Kind {
		t.Fatalf("%d families, error %v", len(families), err)
	}
	if text := strings.Join(s.Notices(), "\n"); !strings.Contains(text, "250 metrics are not shown") || !posted.Load() {
		t.Errorf("notices %q; long queries posted: %v", text, posted.Load())
	}
}

func TestPostFallsBackToGet(t *testing.T) {
	s := sourceOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			says(405, "text/plain", "no")(w, r)
			return
		}
		says(200, "application/json", vectorOfOne)(w, r)
	}, nil)
	query := `{x="` + strings.Repeat("a", 2*maxAddress) + `"}`
	if got, err := s.backend.Instant(t.Context(), query, time.Now()); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

// No label value or name becomes part of a query.
func TestNoInjection(t *testing.T) {
	const evil = `x"} or vector(1) or {a="` + "\n\\"
	var seen []string
	s := sourceOf(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.FormValue("query"))
		says(200, "application/json", vectorOfOne)(w, r)
	}, func(o *Options) { o.Concurrency = 1 })
	f := tree.Family{Name: evil, Kind: tree.KindGauge, Fold: tree.FoldSum, Parts: []string{evil}}
	q := tree.Query{Family: f, Selector: tree.Selector{Metric: evil, Matchers: []tree.Matcher{{Name: evil, Value: evil}}}, By: evil}
	if _, err := s.Fold(t.Context(), []tree.Query{q}); err != nil {
		t.Fatal(err)
	}
	if len(seen) == 0 {
		t.Fatal("nothing was asked")
	}
	for _, query := range seen {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		selected := parser.ExtractSelectors(expr)
		if len(selected) != 1 || len(selected[0]) != 2 || selected[0][1].Value != evil || selected[0][1].Name != evil {
			t.Errorf("%s selects %v", query, selected)
		}
	}
}
