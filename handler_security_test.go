//go:build !metertree_off

package metertree_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/metertree/metertree"
)

// askWith sends a request to the address with headers of its own; Host is one of
// them.
func askWith(t *testing.T, client *http.Client, method, url string, header map[string]string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	request.Host = header["Host"]
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

func TestEveryAnswerHasSecurityHeaders(t *testing.T) {
	rt := start(t, metertree.Config{Profiling: true})
	for _, path := range []string{
		"/", "/metrics", "/tree/", "/tree/api/v1/tree", "/tree/nothing", "/-/healthy", "/-/ready", "/nothing", "/debug/pprof/",
		"/api/v1/observer/", "/api/v1/observer/?format=html", "/api/v1/observer/?format=text", "/api/v1/observer/nobody",
		"/api/v1/stats/", "/api/v1/stats/?format=html", "/api/v1/stats/series", "/api/v1/stats/nothing", "//metrics",
	} {
		got := askWith(t, http.DefaultClient, http.MethodGet, "http://"+rt.Addr().String()+path, nil)
		for name, want := range map[string]string{
			"Content-Security-Policy": "frame-ancestors 'none'", "Referrer-Policy": "no-referrer",
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		} {
			if !strings.Contains(got.header.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, got.header.Get(name))
			}
		}
		if policy := got.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
		if origin := got.header.Get("Access-Control-Allow-Origin"); origin != "" {
			t.Errorf("%s lets %q read it", path, origin)
		}
	}
}

func TestOtherNamesAreRefusedOnLoopback(t *testing.T) {
	rt := start(t, metertree.Config{Security: metertree.Security{Hosts: []string{"metrics.example.org"}}})
	for host, want := range map[string]int{
		"": http.StatusOK, "localhost": http.StatusOK, "metrics.example.org": http.StatusOK,
		"evil.example": http.StatusMisdirectedRequest, "evil.example:2121": http.StatusMisdirectedRequest,
	} {
		got := askWith(t, http.DefaultClient, http.MethodGet, "http://"+rt.Addr().String()+"/metrics", map[string]string{"Host": host})
		if got.code != want {
			t.Errorf("%q: status %d, want %d", host, got.code, want)
		}
	}
}

// Beyond loopback a service has names that it does not know, unless it is told.
func TestOtherNamesElsewhere(t *testing.T) {
	for name, tt := range map[string]struct {
		hosts []string
		want  int
	}{
		"untold": {nil, http.StatusOK},
		"told":   {[]string{"metrics.example.org"}, http.StatusMisdirectedRequest},
	} {
		t.Run(name, func(t *testing.T) {
			rt := start(t, metertree.Config{Listen: ":0", Security: metertree.Security{Hosts: tt.hosts}})
			_, port, err := net.SplitHostPort(rt.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			got := askWith(t, http.DefaultClient, http.MethodGet, "http://127.0.0.1:"+port+"/-/healthy", map[string]string{"Host": "pod-7:2121"})
			if got.code != tt.want {
				t.Errorf("status %d, want %d", got.code, tt.want)
			}
		})
	}
}

func TestProfilesStayOnTheMachine(t *testing.T) {
	remote := metertree.Security{RemoteProfiling: true}
	for name, tt := range map[string]struct {
		security   metertree.Security
		peer, host string
		header     string
		want       int
	}{
		"this machine":       {peer: "127.0.0.1:999", host: "localhost:2121", want: http.StatusOK},
		"this machine, IPv6": {peer: "[::1]:999", host: "[::1]:2121", want: http.StatusOK},
		"Unix socket":        {peer: "@", host: "localhost", want: http.StatusOK},
		"elsewhere":          {peer: "192.0.2.1:999", host: "192.0.2.2:2121", want: http.StatusForbidden},
		"no peer known":      {peer: "pipe", host: "localhost", want: http.StatusForbidden},
		"through a proxy":    {peer: "127.0.0.1:999", host: "localhost", header: "X-Forwarded-For", want: http.StatusForbidden},
		"rebound name":       {peer: "127.0.0.1:999", host: "evil.example:2121", want: http.StatusMisdirectedRequest},
		"elsewhere, allowed": {security: remote, peer: "192.0.2.1:999", host: "pod-7:2121", want: http.StatusOK},
		"from another site":  {security: remote, peer: "127.0.0.1:999", host: "localhost", header: "Sec-Fetch-Site", want: http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			rt := start(t, metertree.Config{Listen: metertree.NoListener, Profiling: true, Security: tt.security})
			for _, path := range []string{"/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/heap"} {
				request := httptest.NewRequest(http.MethodGet, path, nil)
				request.RemoteAddr, request.Host = tt.peer, tt.host
				if tt.header != "" {
					request.Header.Set(tt.header, "cross-site")
				}
				recorder := httptest.NewRecorder()
				rt.Handler().ServeHTTP(recorder, request)
				if recorder.Code != tt.want {
					t.Errorf("%s: status %d, want %d", path, recorder.Code, tt.want)
				}
			}
		})
	}
}

// tokenGuard is a guard that asks for one.
func tokenGuard(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t0ken" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

func TestGuardStandsBeforeEveryPage(t *testing.T) {
	rt := start(t, metertree.Config{Profiling: true, Security: metertree.Security{Guard: tokenGuard}})
	mounted := httptest.NewServer(rt.Handler())
	defer mounted.Close()
	for _, base := range []string{"http://" + rt.Addr().String(), mounted.URL} {
		for _, path := range []string{"/", "/metrics", "/tree/", "/-/healthy", "/debug/pprof/", "/api/v1/observer/", "/api/v1/stats/", "/nothing"} {
			if got := askWith(t, http.DefaultClient, http.MethodGet, base+path, nil); got.code != http.StatusUnauthorized || got.header.Get("X-Frame-Options") == "" {
				t.Errorf("%s without a token: status %d, header %v", path, got.code, got.header)
			}
		}
		if got := askWith(t, http.DefaultClient, http.MethodGet, base+"/metrics", map[string]string{"Authorization": "Bearer t0ken"}); got.code != http.StatusOK {
			t.Errorf("with a token: status %d", got.code)
		}
	}
}

// serverCertificate is one for 127.0.0.1, and those who trust it.
func serverCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return server.TLS.Certificates[0], pool
}

func TestTLS(t *testing.T) {
	certificate, pool := serverCertificate(t)
	var asked atomic.Int64
	config := &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			asked.Add(1)
			return &certificate, nil
		},
	}
	rt := start(t, metertree.Config{Security: metertree.Security{TLS: config}})
	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: version == "HTTP/2.0"}
		response, err := (&http.Client{Transport: transport}).Get("https://" + rt.Addr().String() + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		transport.CloseIdleConnections()
		if response.StatusCode != http.StatusOK || response.Proto != version {
			t.Errorf("status %d by %s, want %s", response.StatusCode, response.Proto, version)
		}
	}
	if asked.Load() != 2 {
		t.Errorf("%d certificates were asked for by two connections", asked.Load())
	}
	if config.NextProtos != nil {
		t.Errorf("the caller's configuration was changed: %v", config.NextProtos)
	}
	if response, err := http.Get("https://" + rt.Addr().String() + "/metrics"); err == nil {
		_ = response.Body.Close()
		t.Error("a client that does not know the authority was content")
	}
	if got := askWith(t, http.DefaultClient, http.MethodGet, "http://"+rt.Addr().String()+"/metrics", nil); got.code != http.StatusBadRequest {
		t.Errorf("plain HTTP: status %d", got.code)
	}
}

func TestStartRefusesSecurityThatCannotBe(t *testing.T) {
	for want, security := range map[string]metertree.Security{
		"has no certificate": {TLS: &tls.Config{MinVersion: tls.VersionTLS12}},
		`"https://a.b/"`:     {Hosts: []string{"https://a.b/"}},
		`"*.example.org"`:    {Hosts: []string{"*.example.org"}},
	} {
		_, err := metertree.Start(t.Context(), metertree.Config{Listen: metertree.NoListener, Security: security})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want one with %s", err, want)
		}
	}
}

func TestRequestBodiesAreBounded(t *testing.T) {
	rt := start(t, metertree.Config{Profiling: true})
	body := strings.NewReader(strings.Repeat("0x1+", 1<<20))
	response, err := http.Post("http://"+rt.Addr().String()+"/debug/pprof/symbol", "", body)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if said, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(said), "request body too large") {
		t.Errorf("status %d: %.200q, %v", response.StatusCode, said, err)
	}
}

// Two lengths, or a length and chunks, are two readings of where a request ends:
// what a proxy and a server disagree about carries one request into another.
func TestAmbiguousRequestsAreRefused(t *testing.T) {
	rt := start(t, metertree.Config{})
	for name, head := range map[string]string{
		"two lengths":        "Content-Length: 1\r\nContent-Length: 2\r\n",
		"unknown coding":     "Transfer-Encoding: xchunked\r\n",
		"space in the name":  "Content-Length : 1\r\n",
		"line in a value":    "X: a\x00b\r\n",
		"two hosts":          "Host: other\r\n",
		"header beyond 64 K": "X: " + strings.Repeat("x", 80<<10) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", rt.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			// The server may have answered and closed before it has read all.
			_, _ = io.WriteString(conn, "POST /metrics HTTP/1.1\r\nHost: localhost\r\n"+head+"\r\n")
			answered, _ := io.ReadAll(conn)
			if first, _, _ := strings.Cut(string(answered), "\r\n"); !strings.Contains(first, " 400 ") && !strings.Contains(first, " 431 ") && !strings.Contains(first, " 501 ") {
				t.Errorf("answered %q", first)
			}
		})
	}
}
