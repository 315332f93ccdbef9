package remotewrite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/integrations/internal/pushtest"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

func TestConformance(t *testing.T) {
	for name, o := range map[string]Options{
		"negotiated": {MaxSamples: 10}, "1.0": {Version: Version1, Shards: 1}, "native": {Version: Version2, Histograms: Native, MaxBytes: 1},
		"stale at shutdown": {MarkStaleAtShutdown: true},
	} {
		t.Run(name, func(t *testing.T) {
			exporttest.Check(t, func(t *testing.T) exporttest.Subject {
				d := newDouble(t)
				return exporttest.Subject{
					Exporter: d.exporter(t, o),
					Delivered: func() string {
						if o.MarkStaleAtShutdown {
							return fmt.Sprint(len(d.samples())) // they end now
						}
						return d.text()
					},
					Break: func() func() { return d.Until(status(http.StatusServiceUnavailable, "later")) },
					Stall: func() func() { return d.Until(pushtest.Stall[written]) },
				}
			})
		})
	}
}

func TestWhatMakesNoSense(t *testing.T) {
	for want, try := range map[string]func() (*Exporter, error){
		"cannot be parsed":   func() (*Exporter, error) { return New("http://a b:s3cret@[", Options{}) },
		"is none to write":   func() (*Exporter, error) { return New("localhost:9090", Options{}) },
		"has a user":         func() (*Exporter, error) { return New("http://ann:s3cret@host", Options{}) },
		"write to: give":     func() (*Exporter, error) { return New("localhost:9090?p=s3cret", Options{}) },
		"user: give it":      func() (*Exporter, error) { return New("http://ann:s3cret@host?p=s3cret", Options{}) },
		"unknown Version":    func() (*Exporter, error) { return New("http://host", Options{Version: 9}) },
		"unknown Histograms": func() (*Exporter, error) { return New("http://host", Options{Histograms: 9}) },
		"Timeout is -1":      func() (*Exporter, error) { return New("http://host", Options{Timeout: -1}) },
		"Shards is -1":       func() (*Exporter, error) { return New("http://host", Options{Shards: -1}) },
		"MaxSamples is -1":   func() (*Exporter, error) { return New("http://host", Options{MaxSamples: -1}) },
		"MaxBytes is -1":     func() (*Exporter, error) { return New("http://host", Options{MaxBytes: -1}) },
		"Header has content": func() (*Exporter, error) {
			return New("http://host", Options{Header: http.Header{"content-type": {"text/plain"}}})
		},
		"starts with two underscores": func() (*Exporter, error) {
			return New("http://host", Options{ExternalLabels: map[string]string{"__name__": "a"}})
		},
		`ExternalLabels has "le"`: func() (*Exporter, error) {
			return New("http://host", Options{ExternalLabels: map[string]string{"le": "a"}})
		},
	} {
		_, err := try()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("error is %v, want one with %q and without a secret", err, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	for version, want := range map[Version]string{
		Version1: "application/x-protobuf 0.1.0", Version2: "application/x-protobuf;proto=io.prometheus.write.v2.Request 2.0.0",
	} {
		d := newDouble(t)
		token := func(context.Context) (string, error) { return "t", nil }
		e := d.exporter(t, Options{Version: version, Header: http.Header{"X-Scope-Orgid": {"team"}},
			Client: &http.Client{Transport: BearerToken(nil, token)}})
		mustExport(t, e, totals(level("a")))
		h := d.Requests()[0].header
		if got := h.Get("Content-Type") + " " + h.Get("X-Prometheus-Remote-Write-Version"); got != want {
			t.Errorf("version %v has headers %s", version, got)
		}
		if h.Get("Content-Encoding") != "snappy" || h.Get("User-Agent") == "" || h.Get("X-Scope-OrgID") != "team" || h.Get("Authorization") != "Bearer t" {
			t.Errorf("version %v has headers %v", version, h)
		}
	}
}

func TestAuthorization(t *testing.T) {
	d := newDouble(t)
	e := d.exporter(t, Options{Client: &http.Client{Transport: BasicAuth(http.DefaultTransport, "ann", "s3cret")}})
	mustExport(t, e, totals(level("a")))
	if got := d.Requests()[0].header.Get("Authorization"); got != "Basic YW5uOnMzY3JldA==" {
		t.Errorf("authorized by %q", got)
	}
	gone := errors.New("the file is gone")
	e = d.exporter(t, Options{Retry: export.Retry{Attempts: -1}, Client: &http.Client{Transport: BearerToken(nil, func(context.Context) (string, error) {
		return "", gone
	})}})
	if err := e.Export(t.Context(), totals(level("a"))); !errors.Is(err, gone) || errors.Is(err, export.ErrRejected) {
		t.Errorf("without a token: %v", err)
	}
}

// A receiver that takes so many samples at once gets all, and larger requests no
// more.
func TestTooLargeIsSplit(t *testing.T) {
	for _, version := range []Version{Version1, Version2} {
		d := newDouble(t)
		d.Until(func(w http.ResponseWriter, r *http.Request, asked written) bool {
			if len(asked.samples) > 100 {
				return status(413, "too large")(w, r, asked)
			}
			return take(w, r, asked)
		})
		e := d.exporter(t, Options{Version: version})
		for i := range 2 {
			mustExport(t, e, after(time.Duration(i)*time.Second, many(1000)))
		}
		seen := map[string]int{}
		for _, s := range d.samples() {
			seen[s.series()]++
		}
		if len(seen) != 1000 || seen[`level{l="0007"}`] != 2 || len(d.samples()) != 2000 {
			t.Errorf("version %v: %d series arrive in %d samples", version, len(seen), len(d.samples()))
		}
		split := e.Stats().Split
		mustExport(t, e, after(time.Minute, many(1000)))
		if s := e.Stats(); s.Split != split || split == 0 || s.Rejected != 0 {
			t.Errorf("version %v: counted %+v", version, s)
		}
	}
}

func TestRequestsAreBounded(t *testing.T) {
	d := newDouble(t)
	e := d.exporter(t, Options{MaxSamples: 64, MaxBytes: 3000})
	for i := range 3 {
		mustExport(t, e, after(time.Duration(i)*time.Second, many(1000)))
	}
	for i, r := range d.Requests() {
		if len(r.samples) > 64 || r.size > 2*3000 {
			t.Errorf("request %d has %d samples and %d bytes", i, len(r.samples), r.size)
		}
	}
}

// Memory that is kept does not grow with the number of series, but for what is
// known of each.
func TestMemoryIsBounded(t *testing.T) {
	d := newDouble(t)
	e := d.exporter(t, Options{MaxSamples: 100, MaxBytes: 8 << 10, Shards: 2})
	for i := range 2 {
		mustExport(t, e, after(time.Duration(i)*time.Second, many(10_000)))
	}
	for _, l := range e.lanes {
		for _, r := range []*request{l.pending, l.other} {
			if cap(r.entries) > 2*100 {
				t.Errorf("a request has room for %d series", cap(r.entries))
			}
		}
		if n := cap(l.encoder.body) + cap(l.encoder.series) + cap(l.compressed); n > 8*8<<10 {
			t.Errorf("a lane holds %d bytes", n)
		}
	}
}

// The samples of a series arrive in the order of their times, however many
// requests are under way.
func TestOrder(t *testing.T) {
	d := newDouble(t)
	e := d.exporter(t, Options{MaxSamples: 10, Shards: 8})
	for i := range 10 {
		mustExport(t, e, after(time.Duration(i)*time.Millisecond/2, many(200)))
	}
	last := map[string]int64{}
	for _, s := range d.samples() {
		if s.time <= last[s.series()] {
			t.Fatalf("%s at %d comes after %d", s.series(), s.time, last[s.series()])
		}
		last[s.series()] = s.time
	}
}

func TestClockThatIsSetBack(t *testing.T) {
	d := newDouble(t)
	e := d.exporter(t, Options{})
	for _, at := range []time.Duration{0, -time.Second, time.Second, -time.Hour} {
		mustExport(t, e, after(at, level("a")))
	}
	var times []int64
	for _, s := range d.samples() {
		times = append(times, s.time-noon.UnixMilli())
	}
	if want := []int64{0, 1, 1000, -3600_000}; !slices.Equal(times, want) {
		t.Errorf("times are %v, want %v", times, want)
	}
}

func TestInstrument(t *testing.T) {
	r := registry.New(registry.Options{})
	d := newDouble(t)
	e := d.exporter(t, Options{})
	if err := e.Instrument(meter.New(r)); err != nil {
		t.Fatal(err)
	}
	if err := e.Instrument(meter.New(r)); err == nil {
		t.Error("the metrics can be defined twice")
	}
	mustExport(t, e, totals(many(3)))
	got := pushtest.Collected(t, r)
	for id, v := range map[string]float64{
		`metertree_remotewrite_samples_total{outcome="delivered"}`:  3,
		`metertree_remotewrite_requests_total{outcome="attempted"}`: 1,
	} {
		if got[id] != v {
			t.Errorf("%s is %v, want %v", id, got[id], v)
		}
	}
}

// A panic, of a batch or of a transport, is one of Export, and leaves nothing
// behind.
func TestPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := false
		client := &http.Client{Transport: pushtest.RoundTrip(func(*http.Request) (*http.Response, error) {
			if broken {
				panic("transport")
			}
			return pushtest.Canned(204), nil
		})}
		e, err := New("http://host", Options{Version: Version1, Client: client, MaxSamples: 1})
		if err != nil {
			t.Fatal(err)
		}
		recovered := func(b *export.Batch) (value any) {
			defer func() { value = recover() }()
			_ = e.Export(t.Context(), b)
			return nil
		}
		bad := after(time.Second, many(10))
		families := bad.Families
		bad.Families = func(yield func(*metric.Family) bool) {
			families(yield)
			panic("batch")
		}
		mustExport(t, e, totals(many(10)))
		if got := recovered(bad); got != "batch" {
			t.Errorf("recovered %v", got)
		}
		broken = true
		if got := recovered(after(2*time.Second, many(10))); got != "transport" {
			t.Errorf("recovered %v", got)
		}
		broken = false
		mustExport(t, e, after(3*time.Second, many(10)))
	})
}

// Several exporters of a program show their metrics by their targets.
func TestInstrumentAll(t *testing.T) {
	r := registry.New(registry.Options{})
	d := newDouble(t)
	a, b := d.exporter(t, Options{}), d.exporter(t, Options{})
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
		`metertree_remotewrite_samples_total{outcome="delivered",target="a"}`: 0, `metertree_remotewrite_samples_total{outcome="delivered",target="b"}`: 3,
	} {
		if v, is := got[id]; !is || v != want {
			t.Errorf("%s is %v, want %v", id, v, want)
		}
	}
}
