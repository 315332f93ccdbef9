package observer

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// FuzzHandler asks for any page with any parameters in any format. Only what is
// asked for can be wrong, and nothing of it gets into a page or a terminal as
// more than text.
func FuzzHandler(f *testing.F) {
	f.Add("", "format=html&refresh=3", "*/*")
	f.Add("store", "refresh=-1", "text/html")
	f.Add("cardinality", "budget=10&limit=0", "text/plain")
	f.Add("cardinality", "budget=-1&limit=x", "")
	f.Add("<script>", "format=html", "")
	f.Add("\x1b[31m", "format=text", "")
	f.Add("a", "format=xml", "text/html;q=0.1")
	r := New(Options{Service: "checkout", Series: families(grid("rows_total", 5, 4))})
	if _, err := r.Add("store", func(context.Context) Status { return Healthy("open") }); err != nil {
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
		kept(t, path, w)
	})
}

// kept checks that an answer is well formed, and what was asked for is text in it.
func kept(t *testing.T, asked string, w *httptest.ResponseRecorder) {
	t.Helper()
	body := w.Body.String()
	switch kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";"); kind {
	case "application/json":
		if !json.Valid([]byte(body)) {
			t.Fatalf("%q: not JSON: %s", asked, body)
		}
	case "text/html":
		if html.EscapeString(asked) != asked && strings.Contains(body, "\""+asked+"\"") {
			t.Fatalf("%q is in the page as it is: %s", asked, body)
		}
	case "text/plain":
		if i := strings.IndexFunc(body, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); i >= 0 {
			t.Fatalf("%q: a control character in %q", asked, body)
		}
	}
}

// FuzzCountedAs holds that the numbers of the cardinality document are within
// their bounds or an error that names them.
func FuzzCountedAs(f *testing.F) {
	f.Add("10", "0")
	f.Add("", "-1")
	f.Add("0x10", "9223372036854775808")
	f.Fuzz(func(t *testing.T, b, l string) {
		budget, limit, err := countedAs(url.Values{"budget": {b}, "limit": {l}})
		if err != nil {
			if !strings.Contains(err.Error(), strconv.Quote(b)) && !strings.Contains(err.Error(), strconv.Quote(l)) {
				t.Fatalf("%q, %q: %v", b, l, err)
			}
			return
		}
		if budget < 0 || limit < 0 || b != "" && budget == 0 || limit == 0 && strings.Trim(l, "+-0") != "" {
			t.Fatalf("%q, %q are %d and %d", b, l, budget, limit)
		}
	})
}
