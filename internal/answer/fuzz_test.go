package answer

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"unicode"
)

// FuzzFormatOf holds that a request gets a format that exists, or an error that
// names what it asked for and what there is.
func FuzzFormatOf(f *testing.F) {
	f.Add("text", "text/html")
	f.Add("", `text/html;q=0.5;q=2, ";,`)
	f.Add("x\ny", "*/*;q=NaN")
	f.Fuzz(func(t *testing.T, format, accept string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		query := r.URL.Query()
		query.Set("format", format)
		r.URL.RawQuery = query.Encode()
		r.Header.Set("Accept", accept)
		got, err := FormatOf(r)
		if got != JSON && got != Text && got != Page {
			t.Fatalf("format %q", got)
		}
		given := Format(format) == JSON || Format(format) == Text || Format(format) == Page
		switch {
		case (err == nil) != (given || format == ""):
			t.Fatalf("%q: error %v", format, err)
		case given && got != Format(format):
			t.Fatalf("%q is %q", format, got)
		case err != nil && (!strings.Contains(err.Error(), "json, text or html") || strings.Contains(err.Error(), "\n")):
			t.Fatalf("%q: error %q", format, err)
		}
	})
}

// FuzzHosts holds that whatever name a request gives, it is let in only by an
// address, as localhost, or by a name that is allowed.
func FuzzHosts(f *testing.F) {
	for _, host := range []string{"", "a.example", "A.EXAMPLE.:80", "[::1]:2121", "localhost.", "x.localhost:1", "evil", "[[a.example]]", "a.example:80:80", "[fe80::1%25eth0]"} {
		f.Add(host)
	}
	hosts := Hosts{Names: []string{"a.example:9090"}, Remedy: "allow it"}
	f.Fuzz(func(t *testing.T, host string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		hosts.Only(fine).ServeHTTP(w, r)
		if w.Code != http.StatusNoContent {
			if body := strings.TrimSuffix(w.Body.String(), "\n"); w.Code != http.StatusMisdirectedRequest || OneLine(body) != body {
				t.Fatalf("%q: %d %q", host, w.Code, body)
			}
			return
		}
		name := hostname(host)
		_, err := netip.ParseAddr(name)
		if name != "" && err != nil && name != "a.example" && name != "localhost" && !strings.HasSuffix(name, ".localhost") {
			t.Fatalf("%q is let in as %q", host, name)
		}
	})
}

// FuzzOneLine holds that nothing gets into a line that does not print, and that
// what prints stays.
func FuzzOneLine(f *testing.F) {
	f.Add("a\nb\x1b[31m\u202e")
	f.Add("\xff\u2028é")
	f.Fuzz(func(t *testing.T, s string) {
		line := OneLine(s)
		if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("%q becomes %q", s, line)
		}
		if OneLine(line) != line || len([]rune(line)) != len([]rune(s)) {
			t.Fatalf("%q becomes %q", s, line)
		}
	})
}
