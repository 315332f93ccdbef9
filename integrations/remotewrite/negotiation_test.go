package remotewrite

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/export"
)

func TestNegotiation(t *testing.T) {
	for name, test := range map[string]struct {
		receiver answering
		versions []Version
		speaks   Version
	}{
		"2.0":                     {take, []Version{2, 2, 2}, Version2},
		"415":                     {version1(status(415, "no")), []Version{2, 1, 1, 1}, Version1},
		"takes all, says nothing": {version1(status(204, "")), []Version{2, 1, 1, 1}, Version1},
		"200 and words":           {version1(status(200, "fine")), []Version{2, 1, 1, 1}, Version1},
		"400":                     {version1(status(400, "cannot unmarshal")), []Version{2, 1, 1, 1}, Version1},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDouble(t)
			d.Until(test.receiver)
			e := d.exporter(t, Options{})
			for i := range 3 {
				mustExport(t, e, after(time.Duration(i)*time.Second, level("a")))
			}
			var versions []Version
			for _, r := range d.Attempts() {
				versions = append(versions, r.Request.version)
			}
			if !slices.Equal(versions, test.versions) || e.Stats().Version != test.speaks {
				t.Errorf("spoken were %v, and now %v", versions, e.Stats().Version)
			}
			if n := len(d.samples()); n != 3 {
				t.Errorf("%d samples arrive, want 3", n)
			}
		})
	}
}

// Once a receiver has shown that it knows version 2, a 400 is what it says.
func TestBadRequestIsNoFallback(t *testing.T) {
	d := newDouble(t)
	e := d.exporter(t, Options{})
	mustExport(t, e, totals(level("a")))
	d.Answer(status(400, "out of order"))
	if err := e.Export(t.Context(), after(time.Second, level("a"))); !errors.Is(err, export.ErrRejected) || len(d.Attempts()) != 2 {
		t.Errorf("error is %v after %d attempts", err, len(d.Attempts()))
	}
	// And if the first one is, the trial in the other version decides nothing.
	d = newDouble(t)
	e = d.exporter(t, Options{})
	d.Answer(status(400, "first"), status(400, "second"))
	err := e.Export(t.Context(), totals(level("a")))
	if !errors.Is(err, export.ErrRejected) || !strings.Contains(err.Error(), "first") || e.Stats().Version != Negotiate || e.Stats().Rejected != 1 {
		t.Errorf("error is %v, counted %+v", err, e.Stats())
	}
}

// A receiver of version 1 that is replaced by one of version 2 alone is spoken to
// in that from the next batch on.
func TestNegotiationStartsOver(t *testing.T) {
	d := newDouble(t)
	d.Until(version1(status(415, "no")))
	e := d.exporter(t, Options{})
	mustExport(t, e, totals(level("a")))
	d.Until(func(w http.ResponseWriter, r *http.Request, asked written) bool {
		if asked.version == Version1 {
			return status(415, "no")(w, r, asked)
		}
		return take(w, r, asked)
	})
	if err := e.Export(t.Context(), after(time.Second, level("a"))); err == nil || errors.Is(err, export.ErrRejected) {
		t.Errorf("error is %v", err)
	}
	mustExport(t, e, after(2*time.Second, level("a")))
	if e.Stats().Version != Version2 {
		t.Errorf("spoken is %v", e.Stats().Version)
	}
}

// A receiver that falls back is sent everything once, whatever was under way.
func TestFallbackOfManyRequests(t *testing.T) {
	d := newDouble(t)
	d.Until(version1(status(204, "")))
	e := d.exporter(t, Options{MaxSamples: 20})
	for i := range 3 {
		mustExport(t, e, after(time.Duration(i)*time.Second, many(500)))
	}
	if n := len(d.samples()); n != 1500 || e.Stats().Delivered != 1500 || e.Stats().Rejected != 0 {
		t.Errorf("%d samples arrive, counted %+v", n, e.Stats())
	}
}
