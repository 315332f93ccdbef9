package serve

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// canary is a server that nobody should ask.
func canary(t *testing.T) (address string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{
		Handler: http.NotFoundHandler(),
		// A connection without a request is one too many.
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				asked.Add(1)
			}
		},
	}}
	server.Start()
	t.Cleanup(server.Close)
	return listener.Addr().String(), asked
}

// outwardParameters are names that might stand for something to be fetched.
var outwardParameters = []string{
	"url", "uri", "target", "targets", "host", "address", "endpoint", "source", "from", "query_url", "query-url", "remote", "backend", "proxy",
	"match", "match[]", "match_target", "metric", "query", "name[]", "scrapePool", "labels", "file", "path", "config", "config.file", "redirect", "next", "callback", "module", "debug",
}

// asksNothingOf sends what a reader could to make the server at a URL connect to
// somewhere.
func asksNothingOf(t *testing.T, base, address string) {
	t.Helper()
	at := "http://" + address
	request := func(line, headers, body string) {
		t.Helper()
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(base, "http://"), 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n%s", line, headers, len(body), body)
		if err != nil {
			t.Fatal(err)
		}
		if answered, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answered), "HTTP/1.1 ") {
			t.Errorf("%s: answered %.200q, %v", line, answered, err)
		}
	}
	for _, path := range append([]string{"/federate", "/probe", "/api/v1/tree", "/api/v1/tree/explain", "/api/v1/read", "/api/v1/write", "/api/v1/query_range", "/debug/pprof/"}, shownPaths...) {
		parameters := url.Values{}
		for _, name := range outwardParameters {
			parameters.Set(name, at)
		}
		path, _, _ = strings.Cut(path, "?")
		request("GET "+path+"?"+parameters.Encode(), "", "")
		request("POST "+path, "Content-Type: application/x-www-form-urlencoded\r\n", parameters.Encode())
	}
	for _, headers := range []string{
		"X-Forwarded-Host: " + address + "\r\nX-Forwarded-For: " + address + "\r\n", "Forwarded: host=" + address + "\r\n",
		"Referer: " + at + "\r\n", "X-Original-URL: " + at + "\r\n", "X-Scope-OrgID: " + at + "\r\n", "Destination: " + at + "\r\n",
	} {
		request("GET /", headers, "")
		request("GET /api/v1/targets", headers, "")
	}
	// As one asks a proxy.
	request("GET "+at+"/", "", "")
	request("CONNECT "+address, "", "")
	for _, query := range []string{`{__address__="` + address + `"}`, `up{url="` + at + `"}`, `{__name__="` + at + `"}`} {
		request("GET /api/v1/query?query="+url.QueryEscape(query), "", "")
	}
}

// Nothing that a reader sends makes the server connect to anywhere.
func TestReadersMakeNoConnections(t *testing.T) {
	address, asked := canary(t)
	options := testOptions(t)
	options.Explorer = withExplorer
	options.ConfigFile = configFile(t, "scrape_configs: [{job_name: none}]")
	r := start(t, options)
	asksNothingOf(t, r.URL, address)
	if n := asked.Load(); n > 0 {
		t.Errorf("%d connections were made", n)
	}
	response, err := http.Get("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if asked.Load() != 1 {
		t.Error("a connection is not noticed")
	}
}
