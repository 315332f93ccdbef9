package httpmetrics

import (
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// newServer returns a server that measures into a registry of its own.
func newServer(t testing.TB, options ServerOptions) (*Server, *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	s, err := NewServer(meter.New(r), options)
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

// exposed is the exposition of the metrics that begin with http_.
func exposed(t testing.TB, r *registry.Registry) string {
	t.Helper()
	var page, own strings.Builder
	if _, err := prometheus.Write(t.Context(), &page, r.Collect(t.Context())); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(page.String()) {
		if strings.HasPrefix(strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "), "http_") {
			own.WriteString(line)
		}
	}
	return own.String()
}

// expect checks that the exposition has each of the lines.
func expect(t testing.TB, r *registry.Registry, lines ...string) {
	t.Helper()
	page := exposed(t, r)
	for _, line := range lines {
		if !strings.Contains("\n"+page, "\n"+line+"\n") {
			t.Errorf("%s is missing in\n%s", line, samples(page))
		}
	}
}

// samples are the lines of an exposition that help to read a failure.
func samples(page string) string {
	var kept strings.Builder
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, "_bucket{") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// golden compares an exposition with a file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	wanted, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(wanted) {
		t.Errorf("got:\n%s\nwant (rewrite with -update if intended):\n%s", got, wanted)
	}
}

// seriesOf counts the series of a family.
func seriesOf(t testing.TB, r *registry.Registry, name string) (n int) {
	t.Helper()
	for f := range r.Collect(t.Context()) {
		if f.Descriptor.Name != name {
			continue
		}
		for range f.Points {
			n++
		}
	}
	return n
}

// serve answers one request without a connection.
func serve(h http.Handler, method, target, body string) {
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, target, strings.NewReader(body)))
}

// writeString writes to those who may be gone.
func writeString(w io.Writer, s string) { _, _ = io.WriteString(w, s) }
