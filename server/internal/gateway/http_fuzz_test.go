package gateway

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/golang/snappy"

	"github.com/metertree/metertree/server/internal/apitest"
)

// FuzzRequests sends any request to a gateway that keeps what it is sent. None is
// answered as a fault of the gateway, and the merged stream stays readable.
func FuzzRequests(f *testing.F) {
	write := apitest.RemoteWriteV1([]apitest.Pushed{{Labels: []string{"__name__", "calls_total"}, Samples: []apitest.PushedSample{{Millis: 1700000000000, Value: 2}}}})
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write([]byte("a 1\n"))
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []struct{ method, path, query, kind, coding, body string }{
		{"POST", "/api/v1/write", "", "application/x-protobuf", "snappy", string(write)},
		{"POST", "/api/v1/write", "", "application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy", string(write)},
		{"POST", "/api/v1/write", "", "application/x-protobuf", "snappy", "\xff\xff\xff\xff\x0f"},
		{"POST", "/v1/metrics", "", "application/json", "", `{"resourceMetrics":[]}`},
		{"POST", "/v1/metrics", "", "application/x-protobuf", "gzip", "\x1f\x8b"},
		{"PUT", "/metrics/job/a", "start=1", "text/plain", "gzip", zipped.String()},
		{"DELETE", "/metrics/job/a", "", "", "", ""},
		{"POST", "/metrics/job@base64/x", "", "text/html", "br", "a 1"},
		{"GET", "/metrics", "name[]=calls_total", "", "", ""},
	} {
		f.Add(seed.method, seed.path, seed.query, seed.kind, seed.coding, []byte(seed.body))
	}
	options := Defaults(f.TempDir())
	options.MaxPushBytes = 1 << 16
	g, err := Open(options)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := g.Close(); err != nil {
			f.Error(err)
		}
	})
	h := newHandler(g)
	f.Fuzz(func(t *testing.T, method, path, query, kind, coding string, body []byte) {
		r := httptest.NewRequest(http.MethodGet, "/", bytes.NewReader(body))
		r.Method, r.URL.Path, r.URL.RawQuery = method, "/"+strings.TrimPrefix(path, "/"), query
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Content-Encoding", coding)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%s %q: %d %s", method, r.URL, w.Code, w.Body)
		}
		if w.Code >= http.StatusBadRequest && method == http.MethodPost && strings.HasPrefix(path, "/metrics/") && strings.Count(w.Body.String(), "\n") > 1 {
			t.Fatalf("%q: more than a line: %q", r.URL, w.Body)
		}
	})
}

// FuzzBody holds that a body is read as it was before it was compressed, or
// refused, and never as more than the limit.
func FuzzBody(f *testing.F) {
	const limit = 1 << 10
	f.Add(uint8(0), []byte("a 1\n"))
	f.Add(uint8(1), []byte{0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add(uint8(2), []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"))
	f.Add(uint8(2), bytes.Repeat([]byte{0}, 2*limit))
	g := &Gateway{options: Defaults("unused")}
	g.options.MaxPushBytes = limit
	h := &handler{gateway: g}
	read := func(coding string, body []byte) ([]byte, error) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.ContentLength = -1
		r.Header.Set("Content-Encoding", coding)
		return h.readBody(httptest.NewRecorder(), r)
	}
	f.Fuzz(func(t *testing.T, n uint8, body []byte) {
		coding := []string{"", "snappy", "gzip"}[n%3]
		if got, err := read(coding, body); len(got) > limit || err != nil && got != nil {
			t.Fatalf("%s: %d bytes, error %v", coding, len(got), err)
		}
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		_, err := z.Write(body)
		if err == nil {
			err = z.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		for coding, packed := range map[string][]byte{"": body, "snappy": snappy.Encode(nil, body), "gzip": zipped.Bytes()} {
			got, err := read(coding, packed)
			if fits := len(body) <= limit && len(packed) <= limit; fits != (err == nil) && (fits || len(body) > limit) || err == nil && !bytes.Equal(got, body) {
				t.Fatalf("%s of %d bytes is read as %d, error %v", coding, len(body), len(got), err)
			}
		}
	})
}
