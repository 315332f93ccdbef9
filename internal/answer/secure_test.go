package answer

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

var fine = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })

func TestHeadersAreOnEveryAnswer(t *testing.T) {
	for name, next := range map[string]http.Handler{
		"answer":    fine,
		"not found": http.NotFoundHandler(),
		"redirect":  http.RedirectHandler("/x", http.StatusFound),
	} {
		recorder := httptest.NewRecorder()
		WithHeaders(next).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
		for header, want := range map[string]string{
			"Content-Security-Policy":      "frame-ancestors 'none'",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Referrer-Policy":              "no-referrer",
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "DENY",
		} {
			if got := recorder.Header().Get(header); !strings.Contains(got, want) {
				t.Errorf("%s: %s is %q, want %s in it", name, header, got, want)
			}
		}
	}
}

func TestHosts(t *testing.T) {
	hosts := Hosts{Names: []string{"Metrics.example.org", "proxy:8080"}, Remedy: "allow it"}
	for host, want := range map[string]int{
		"127.0.0.1:2121":            http.StatusNoContent,
		"127.0.0.1":                 http.StatusNoContent,
		"[::1]:2121":                http.StatusNoContent,
		"[::1]":                     http.StatusNoContent,
		"[fe80::1%eth0]:80":         http.StatusNoContent,
		"192.168.7.9:1":             http.StatusNoContent,
		"localhost":                 http.StatusNoContent,
		"LOCALHOST.:2121":           http.StatusNoContent,
		"app.localhost:2121":        http.StatusNoContent,
		"metrics.EXAMPLE.org:443":   http.StatusNoContent,
		"metrics.example.org.":      http.StatusNoContent,
		"proxy":                     http.StatusNoContent,
		"":                          http.StatusNoContent,
		"evil.example":              http.StatusMisdirectedRequest,
		"evil.example:2121":         http.StatusMisdirectedRequest,
		"localhost.evil.example":    http.StatusMisdirectedRequest,
		"127.0.0.1.evil.example":    http.StatusMisdirectedRequest,
		"metrics.example.org.evil":  http.StatusMisdirectedRequest,
		"notlocalhost":              http.StatusMisdirectedRequest,
		"2130706433":                http.StatusMisdirectedRequest,
		"0x7f.1":                    http.StatusMisdirectedRequest,
		"evil.example:80:127.0.0.1": http.StatusMisdirectedRequest,
	} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Host = host
		recorder := httptest.NewRecorder()
		hosts.Only(fine).ServeHTTP(recorder, request)
		if recorder.Code != want {
			t.Errorf("%q: status %d, want %d", host, recorder.Code, want)
		}
		if recorder.Code != http.StatusNoContent && !strings.Contains(recorder.Body.String(), "allow it") {
			t.Errorf("%q: %q does not say what to do", host, recorder.Body)
		}
	}
}

func TestSameOrigin(t *testing.T) {
	const refused, served = http.StatusForbidden, http.StatusNoContent
	for name, tt := range map[string]struct {
		method string
		header map[string]string
		want   int
	}{
		"program":               {http.MethodPost, nil, served},
		"address bar":           {http.MethodGet, map[string]string{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, served},
		"own page reads":        {http.MethodGet, map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, served},
		"own page changes":      {http.MethodPost, map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://example.com"}, served},
		"followed link":         {http.MethodGet, map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, served},
		"foreign frame":         {http.MethodGet, map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, refused},
		"foreign image":         {http.MethodGet, map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, refused},
		"foreign form":          {http.MethodPost, map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, refused},
		"sibling's form":        {http.MethodPost, map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://other.example.com"}, refused},
		"old browser, foreign":  {http.MethodPost, map[string]string{"Origin": "http://evil.example"}, refused},
		"old browser, opaque":   {http.MethodPut, map[string]string{"Origin": "null"}, refused},
		"old browser, own":      {http.MethodPut, map[string]string{"Origin": "http://example.com"}, served},
		"old browser, its read": {http.MethodGet, map[string]string{"Origin": "http://evil.example"}, served},
	} {
		t.Run(name, func(t *testing.T) {
			request := httptest.NewRequest(tt.method, "http://example.com/-/reload", nil)
			for header, value := range tt.header {
				request.Header.Set(header, value)
			}
			recorder := httptest.NewRecorder()
			SameOrigin(fine).ServeHTTP(recorder, request)
			if recorder.Code != tt.want {
				t.Errorf("status %d, want %d", recorder.Code, tt.want)
			}
		})
	}
}

func TestIsLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:1": true, "127.9.9.9:1": true, "[::1]:1": true, "[::ffff:127.0.0.1]:1": true,
		"0.0.0.0:1": false, "[::]:1": false, "10.0.0.1:1": false, "": false, "localhost:1": false, "@": false,
	} {
		if got := IsLoopback(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}
