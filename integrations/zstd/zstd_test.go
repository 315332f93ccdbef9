package zstd_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	reader "github.com/klauspost/compress/zstd"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/integrations/zstd"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func filled(series int) *registry.Registry {
	r := registry.New(registry.Options{SeriesBudget: series})
	calls := meter.New(r).Counter("calls_total", meter.Keys("shard"))
	for i := range series {
		calls.Inc(string(rune('a' + i)))
	}
	return r
}

func scrape(t *testing.T, h http.Handler, coding string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept-Encoding", coding)
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, request)
	return recorder
}

func decoded(t *testing.T, compressed io.Reader) []byte {
	t.Helper()
	decoder, err := reader.NewReader(compressed)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	page, err := io.ReadAll(decoder)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// The coding that Prometheus asks for is answered, and holds the same bytes as
// the page without a coding, scrape after scrape.
func TestScrapesInZstd(t *testing.T) {
	h := prometheus.Handler(filled(20_000), prometheus.Options{Encodings: []prometheus.Encoding{zstd.Encoding()}})
	plain := scrape(t, h, "identity").Body.Bytes()
	for range 5 {
		got := scrape(t, h, "gzip, zstd")
		if coding := got.Header().Get("Content-Encoding"); coding != "zstd" {
			t.Fatalf("Content-Encoding = %q", coding)
		}
		if got.Body.Len() >= len(plain)/2 {
			t.Errorf("%d bytes of %d are left", got.Body.Len(), len(plain))
		}
		if !bytes.Equal(decoded(t, got.Body), plain) {
			t.Fatal("the page differs from the one without a coding")
		}
	}
	if coding := scrape(t, h, "gzip").Header().Get("Content-Encoding"); coding != "gzip" {
		t.Errorf("gzip alone is accepted: Content-Encoding = %q", coding)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// An encoder whose destination failed serves the next one.
func TestResetAfterFailure(t *testing.T) {
	before := runtime.NumGoroutine()
	e := zstd.Encoding().New(broken{})
	_, err := e.Write(bytes.Repeat([]byte("incompressible? "), 1<<17))
	if err == nil {
		err = e.Close()
	}
	if err == nil {
		t.Fatal("the error of the destination is lost")
	}
	var page bytes.Buffer
	e.Reset(&page)
	if _, err := e.Write([]byte("up 1\n")); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if got := decoded(t, &page); string(got) != "up 1\n" {
		t.Errorf("got %q", got)
	}
	if now := runtime.NumGoroutine(); now > before {
		t.Errorf("%d goroutines, %d before", now, before)
	}
}
