package influxdb

import (
	"net/http"
	"strings"
	"testing"

	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/integrations/internal/pushtest"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

func TestConformance(t *testing.T) {
	for name, target := range map[string]Target{
		"v1": V1{Database: "db"}, "v2": V2{Org: "org", Bucket: "bucket", Token: "t"}, "v3": V3{Database: "db", Token: "t"},
	} {
		t.Run(name, func(t *testing.T) {
			exporttest.Check(t, func(t *testing.T) exporttest.Subject {
				d := newDouble(t)
				return exporttest.Subject{
					Exporter:  d.exporter(t, target, Options{MaxBytes: 1000}),
					Delivered: d.text,
					Break:     func() func() { return d.Until(status(http.StatusServiceUnavailable, "later")) },
					Stall:     func() func() { return d.Until(pushtest.Stall[written]) },
				}
			})
		})
	}
}

func TestEndpoints(t *testing.T) {
	for name, test := range map[string]struct {
		target        Target
		path, query   string
		authorization string
	}{
		"v1":          {V1{Database: "a b"}, "/base/write", "db=a+b&precision=ms", ""},
		"v1 complete": {V1{"db", "week", "ann", "s3cret"}, "/base/write", "db=db&precision=ms&rp=week", "Basic YW5uOnMzY3JldA=="},
		"v2":          {V2{"org", "b", "t"}, "/base/api/v2/write", "bucket=b&org=org&precision=ms", "Token t"},
		"v3":          {V3{"db", "t"}, "/base/api/v3/write_lp", "db=db&precision=millisecond", "Bearer t"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDouble(t)
			e, err := New(d.URL+"/base/", test.target, Options{Precision: Milliseconds, Header: http.Header{"X-Team": {"a"}}})
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Export(t.Context(), totals(level("a"))); err != nil {
				t.Fatal(err)
			}
			r := d.Requests()[0]
			if r.path != test.path || r.query.Encode() != test.query {
				t.Errorf("written to %s?%s", r.path, r.query.Encode())
			}
			if got := r.header.Get("Authorization"); got != test.authorization {
				t.Errorf("authorised by %q, want %q", got, test.authorization)
			}
			if r.header.Get("X-Team") != "a" || r.header.Get("Content-Encoding") != "gzip" {
				t.Errorf("headers are %v", r.header)
			}
		})
	}
}

func TestWhatMakesNoSense(t *testing.T) {
	for want, try := range map[string]func() (*Exporter, error){
		"cannot be parsed":  func() (*Exporter, error) { return New("http://a b:s3cret@[", V1{Database: "d"}, Options{}) },
		"is none of a":      func() (*Exporter, error) { return New("localhost:8086", V1{Database: "d"}, Options{}) },
		"more than a host":  func() (*Exporter, error) { return New("http://ann:s3cret@host", V1{Database: "d"}, Options{}) },
		"than a host and":   func() (*Exporter, error) { return New("http://host?u=a&p=s3cret", V1{Database: "d"}, Options{}) },
		"none of a server":  func() (*Exporter, error) { return New("host:8086?p=s3cret", V1{Database: "d"}, Options{}) },
		"target is nil":     func() (*Exporter, error) { return New("http://host", nil, Options{}) },
		"V1: Database":      func() (*Exporter, error) { return New("http://host", V1{}, Options{}) },
		"V2: Org":           func() (*Exporter, error) { return New("http://host", V2{Bucket: "b"}, Options{}) },
		"V3: Database":      func() (*Exporter, error) { return New("http://host", V3{}, Options{}) },
		"Measurement: metr": func() (*Exporter, error) { return New("http://host", V3{Database: "d"}, Options{Measurement: "a b"}) },
		"Tags: label name": func() (*Exporter, error) {
			return New("http://host", V3{Database: "d"}, Options{Tags: map[string]string{"a b": ""}})
		},
		"unknown Precision": func() (*Exporter, error) { return New("http://host", V3{Database: "d"}, Options{Precision: 9}) },
		"unknown Buckets":   func() (*Exporter, error) { return New("http://host", V3{Database: "d"}, Options{Buckets: 9}) },
		"9: use Gzip or":    func() (*Exporter, error) { return New("http://host", V3{Database: "d"}, Options{Compression: 9}) },
		"MaxBytes is -1":    func() (*Exporter, error) { return New("http://host", V3{Database: "d"}, Options{MaxBytes: -1}) },
		"Timeout is -1":     func() (*Exporter, error) { return New("http://host", V3{Database: "d"}, Options{Timeout: -1}) },
	} {
		_, err := try()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("error is %v, want one with %q and without a secret", err, want)
		}
	}
}

func TestRequestsAreBounded(t *testing.T) {
	d := newDouble(t)
	e := d.exporter(t, V1{Database: "db"}, Options{MaxBytes: 500})
	if err := e.Export(t.Context(), totals(many(100), family(
		metric.Descriptor{Name: "long", Kind: metric.Gauge}, metric.Point{Labels: labelled(strings.Repeat("x", 600))}))); err != nil {
		t.Fatal(err)
	}
	for i, r := range d.Requests() {
		if len(r.body) > 500 && strings.Count(r.body, "\n") != 1 {
			t.Errorf("request %d has %d bytes", i, len(r.body))
		}
	}
	if cap(e.lines) > 4*600 {
		t.Errorf("%d bytes are held", cap(e.lines))
	}
	if lines := mustDecode(t, d.text()); len(lines) != 101 {
		t.Errorf("%d lines arrive, want 101", len(lines))
	}
}

// A database that takes at most so many bytes gets all lines, and larger requests
// no more.
func TestTooLargeIsSplit(t *testing.T) {
	const most = 10_000
	d := newDouble(t)
	d.Until(func(w http.ResponseWriter, r *http.Request, asked written) bool {
		if len(asked.body) > most {
			return status(http.StatusRequestEntityTooLarge, "too large")(w, r, asked)
		}
		return take(w, r, asked)
	})
	e := d.exporter(t, V2{Org: "o", Bucket: "b"}, Options{})
	for range 2 {
		if err := e.Export(t.Context(), totals(many(1000))); err != nil {
			t.Fatal(err)
		}
	}
	if lines := mustDecode(t, d.text()); len(lines) != 2000 {
		t.Errorf("%d lines arrive, want 2000", len(lines))
	}
	if s := e.Stats(); s.Split == 0 || s.Delivered != 2000 || s.Rejected != 0 || int(s.Failures) != int(s.Split) {
		t.Errorf("counted %+v", s)
	}
	before := e.Stats().Split
	if err := e.Export(t.Context(), totals(many(1000))); err != nil || e.Stats().Split != before {
		t.Errorf("%d more are split, %v", e.Stats().Split-before, err)
	}
}

func TestInstrument(t *testing.T) {
	r := registry.New(registry.Options{})
	d := newDouble(t)
	e := d.exporter(t, V1{Database: "db"}, Options{})
	if err := e.Instrument(meter.New(r)); err != nil {
		t.Fatal(err)
	}
	if err := e.Instrument(meter.New(r)); err == nil {
		t.Error("the metrics can be defined twice")
	}
	if err := e.Export(t.Context(), totals(many(3))); err != nil {
		t.Fatal(err)
	}
	got := pushtest.Collected(t, r)
	want := map[string]float64{
		`metertree_influxdb_points_total{outcome="delivered"}`:   3,
		`metertree_influxdb_requests_total{outcome="attempted"}`: 1,
	}
	for id, v := range want {
		if got[id] != v {
			t.Errorf("%s is %v, want %v", id, got[id], v)
		}
	}
}

func TestHalves(t *testing.T) {
	for _, text := range []string{"a\n", "a\nb\n", "aaaaaa\nb\n", "a\nbbbbbbbbb\n", "\n\n", "a\nb\nc\nd\n"} {
		first, second := halves([]byte(text))
		if string(first)+string(second) != text || !strings.HasSuffix(string(first), "\n") ||
			(len(second) == 0) != (strings.Count(text, "\n") == 1) {
			t.Errorf("%q is divided into %q and %q", text, first, second)
		}
	}
}

// Several exporters of a program show their metrics by their targets.
func TestInstrumentAll(t *testing.T) {
	r := registry.New(registry.Options{})
	d := newDouble(t)
	a, b := d.exporter(t, V1{Database: "db"}, Options{}), d.exporter(t, V1{Database: "db"}, Options{})
	if err := InstrumentAll(meter.New(r), map[string]*Exporter{"a": a, "b": b}); err != nil {
		t.Fatal(err)
	}
	if err := a.Instrument(meter.New(r)); err == nil || !strings.Contains(err.Error(), "InstrumentAll") {
		t.Errorf("defining one of them again: %v", err)
	}
	if err := b.Export(t.Context(), totals(many(3))); err != nil {
		t.Fatal(err)
	}
	got := pushtest.Collected(t, r)
	for id, want := range map[string]float64{
		`metertree_influxdb_points_total{outcome="delivered",target="a"}`: 0, `metertree_influxdb_points_total{outcome="delivered",target="b"}`: 3,
	} {
		if v, is := got[id]; !is || v != want {
			t.Errorf("%s is %v, want %v", id, v, want)
		}
	}
}
