package queryapi

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"
)

// FuzzAnswers has a server answer anything. Its error is one line that begins with
// its address, and tells no password.
func FuzzAnswers(f *testing.F) {
	f.Add(200, vectorOfOne, "application/json", "Warning", "x")
	f.Add(400, `{"status":"error","errorType":"bad_data","error":"parse\nerror \u001b[31m"}`, "", "", "")
	f.Add(302, "<html>", "text/html", "Location", "http://ann:s3cret@else/\x7f?token=s3cret#s3cret")
	f.Add(429, "", "", "Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT")
	f.Add(503, "\xff", "text/html; charset=\"", "Retry-After", "-1")
	f.Add(200, `{"status":"error","error":"`+strings.Repeat("é", 2000)+`"}`, "application/json", "", "")
	f.Fuzz(func(t *testing.T, status int, body, media, name, value string) {
		if status < 100 || status > 999 {
			return // no answer
		}
		source, err := New(Options{URL: "http://ann:s3cret@host/p", MaxBytes: 1 << 20, Transport: fake(func(*http.Request) (*http.Response, error) {
			r := response(status, body, "Content-Type", media)
			r.Header[name] = []string{value}
			return r, nil
		})})
		if err != nil {
			t.Fatal(err)
		}
		defer source.Close()
		c := source.backend.client
		a, _, err := c.exchange(t.Context(), http.MethodGet, "query", url.Values{"query": {"up"}})
		if err == nil {
			if a == nil || status != http.StatusOK {
				t.Fatalf("%d %q is an answer", status, body)
			}
			return
		}
		text := err.Error()
		secret := strings.Contains(text, "ann:s3cret") || name == "Location" && strings.Contains(text, "token=s3cret")
		if secret || !strings.HasPrefix(text, c.name) || len(text) > 2000+3*len(value) {
			t.Fatalf("%d %q: %q", status, body, text)
		}
		if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("%d %q: no line: %q", status, body, text)
		}
	})
}

// FuzzAddress gives any address. The error of one that cannot be used tells no
// password of it.
func FuzzAddress(f *testing.F) {
	for _, address := range []string{"http://host:9090/prometheus", "http://ann:s3cret@host", "ann:s3cret@host", "http://ann:s3cret@[::1", "http://ann:s3cret@host/?x#y", "https://ann:s3cret@", "://s3cret@", "http://h/%zz"} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		source, err := New(Options{URL: address})
		if err == nil {
			defer source.Close()
			if name := source.backend.client.name; strings.Contains(name, ":s3cret@") {
				t.Fatalf("%q is shown as %q", address, name)
			}
			return
		}
		if strings.Contains(err.Error(), ":s3cret@") || strings.Contains(err.Error(), "\n") {
			t.Fatalf("%q: %v", address, err)
		}
	})
}
