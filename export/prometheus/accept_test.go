package prometheus

import (
	"io"
	"net/http"
	"slices"
	"testing"
)

func TestNegotiation(t *testing.T) {
	const (
		prometheus2       = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
		prometheus2Native = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
		prometheus3       = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
		browser           = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
	)
	for accept, want := range map[string]string{
		"":                ContentType,
		prometheus2:       openMetricsType,
		prometheus2Native: protobufType,
		prometheus3:       openMetricsType,
		browser:           ContentType,
		"*/*":             ContentType,
		"text/*":          ContentType,
		"application/*":   openMetricsType,
		"text/plain":      ContentType,

		// Versions, and parameters that tell nothing apart.
		"application/openmetrics-text":                                     openMetricsType,
		"application/openmetrics-text;version=0.0.1":                       openMetricsOldType,
		"application/openmetrics-text; version=\"1.0.0\"; charset=utf-8":   openMetricsType,
		"APPLICATION/OpenMetrics-Text ; Version=1.0.0":                     openMetricsType,
		"application/openmetrics-text;version=2.0.0":                       ContentType,
		"application/openmetrics-text;version=0.0.1,*/*;q=0.5":             openMetricsOldType,
		"text/plain;version=1.0.0":                                         ContentType,
		"application/vnd.google.protobuf;encoding=delimited":               protobufType,
		"application/vnd.google.protobuf;encoding=text":                    ContentType,
		"application/vnd.google.protobuf;proto=other.Message;encoding=x,a": ContentType,

		// Weights.
		"application/openmetrics-text;q=0.4, text/plain;q=0.5":          ContentType,
		"application/openmetrics-text;q=0.5, text/plain;q=0.4":          openMetricsType,
		"application/openmetrics-text;q=0":                              ContentType,
		"text/plain;q=0, application/openmetrics-text;q=0.001":          openMetricsType,
		"text/plain;q=0, */*;q=0.5":                                     openMetricsType,
		"text/*;q=0, application/*;q=0.1":                               openMetricsType,
		"*/*;q=0":                                                       ContentType,
		"application/openmetrics-text;q=2, text/plain;q=0.1":            ContentType,
		"application/openmetrics-text;q=NaN, text/plain;q=0.1":          ContentType,
		"application/openmetrics-text;q=-1, text/plain;q=0.1":           ContentType,
		"application/openmetrics-text;q=x;version=1.0.0":                ContentType,
		"application/openmetrics-text;q=1;version=1.0.0, text/plain":    openMetricsType,
		"application/openmetrics-text, */*":                             openMetricsType,
		"*/*, application/openmetrics-text;q=0.9":                       ContentType,
		"text/plain;version=0.0.4;q=0.1, text/plain;q=0.9, a/*;q=0.5":   ContentType,
		"text/plain;version=0.0.4;q=0.1, application/*;q=0.2, a/*;q=.5": openMetricsType,

		// Nonsense.
		";;;,,, =;q":              ContentType,
		"openmetrics":             ContentType,
		"application/":            ContentType,
		"\"application/\\":        ContentType,
		"application/openmetrics": ContentType,
		"a;b=\",\";c, application/openmetrics-text;x=\"\\\";,\"": openMetricsType,
	} {
		if got := negotiate(http.Header{"Accept": {accept}}); got.contentType != want {
			t.Errorf("Accept %q: got %s, want %s", accept, got.contentType, want)
		}
	}
	lines := http.Header{"Accept": {"text/plain;q=0.5", "application/openmetrics-text"}}
	if got := negotiate(lines); got.format != OpenMetrics {
		t.Errorf("two lines: got %v", got.format)
	}
	if got := negotiate(http.Header{}); got.format != Text {
		t.Errorf("no Accept: got %v", got.format)
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add("application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1", "gzip;q=0.5, zstd")
	f.Add(`a;b="c,d\";e";q=1,`, `*;q=0,identity`)
	f.Add(`"`, `\`)
	codings := newCodings(named("zstd"))
	f.Fuzz(func(t *testing.T, accept, encoding string) {
		header := http.Header{"Accept": {accept}, "Accept-Encoding": {encoding}}
		if got := negotiate(header); !slices.ContainsFunc(offers, func(o offer) bool { return o.contentType == got.contentType }) {
			t.Errorf("Accept %q: %v", accept, got)
		}
		if got := choose(codings, header); got != nil && !slices.Contains(codings, got) {
			t.Errorf("Accept-Encoding %q: %v", encoding, got)
		}
		for e := range elements(header, "Accept") {
			if !(e.q >= 0 && e.q <= 1) {
				t.Errorf("weight %v in %q", e.q, accept)
			}
		}
	})
}

// named returns encodings that encode nothing.
func named(names ...string) (all []Encoding) {
	for _, name := range names {
		all = append(all, Encoding{Name: name, New: func(io.Writer) Encoder { return nil }})
	}
	return all
}

func TestCodings(t *testing.T) {
	codings := newCodings(named("ZSTD", "br"))
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd", "gzip, zstd": "zstd", "gzip, br": "br",
		"gzip;q=0.9, zstd;q=0.8": "gzip", "*": "zstd", "*, zstd;q=0": "br", "gzip, *;q=0": "gzip", "deflate": "",
		"identity, gzip;q=0.5": "", "identity;q=0.5, gzip;q=0.5": "gzip", "identity;q=0": "", "identity;q=0, *;q=0": "",
		"GZIP;Q=1.0": "gzip", "gzip;q=0.0000": "", "zstd;q=1.5, gzip;q=0.1": "gzip",
	} {
		got := ""
		if c := choose(codings, http.Header{"Accept-Encoding": {accept}}); c != nil {
			got = c.Name
		}
		if got != want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", accept, got, want)
		}
	}
	if got := newCodings(named("gzip")); len(got) != 1 || got[0].New(nil) != nil {
		t.Errorf("gzip given and built in: %v", got)
	}
}
