package remotewrite

import (
	"fmt"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/pushtest"
	"github.com/metertree/metertree/metric"
)

var (
	noon      = pushtest.Noon
	batchOf   = pushtest.Batch
	newFamily = pushtest.Family
	labelled  = pushtest.Labelled
	totals    = pushtest.Totals
	level     = pushtest.Level
	many      = pushtest.Many
	status    = pushtest.Status[written]
)

// after returns a batch at a time after noon.
func after(d time.Duration, families ...*metric.Family) *export.Batch {
	b := totals(families...)
	b.Time = noon.Add(d)
	return b
}

// double stands in for a receiver.
type double struct{ *pushtest.Backend[written] }

type answering = pushtest.Answer[written]

func newDouble(t testing.TB) double {
	t.Helper()
	return double{pushtest.NewBackend(t, decodeRequest, take)}
}

// take takes a request as both versions demand.
func take(w http.ResponseWriter, _ *http.Request, asked written) bool {
	if asked.version == Version2 {
		confirm(w, asked, 0)
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}

// confirm says how much is written: all but some samples.
func confirm(w http.ResponseWriter, asked written, less int) {
	samples, histograms, exemplars := -less, 0, 0
	for _, s := range asked.samples {
		if exemplars += len(s.exemplars); s.native != nil {
			histograms++
		} else {
			samples++
		}
	}
	w.Header().Set("X-Prometheus-Remote-Write-Samples-Written", strconv.Itoa(samples))
	w.Header().Set("X-Prometheus-Remote-Write-Histograms-Written", strconv.Itoa(histograms))
	w.Header().Set("X-Prometheus-Remote-Write-Exemplars-Written", strconv.Itoa(exemplars))
}

// version1 is a receiver that knows version 1 only, and answers others so.
func version1(other answering) answering {
	return func(w http.ResponseWriter, r *http.Request, asked written) bool {
		if asked.version == Version1 {
			return take(w, r, asked)
		}
		return other(w, r, asked)
	}
}

// samples are all that were taken.
func (d double) samples() (all []sample) {
	for _, r := range d.Requests() {
		all = append(all, r.samples...)
	}
	return all
}

// text is all that was taken, in an order of its own.
func (d double) text() string {
	var lines []string
	for _, s := range d.samples() {
		native := ""
		if s.native != nil {
			native = fmt.Sprintf("%+v", *s.native)
		}
		lines = append(lines, fmt.Sprint(s.series(), s.value, s.time, s.start, native, s.exemplars, s.kind, s.help, s.unit))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// exporter returns one to the double that is impatient.
func (d double) exporter(t testing.TB, o Options) *Exporter {
	t.Helper()
	o.Retry.Initial, o.Retry.Max = time.Millisecond, time.Millisecond
	e, err := New(d.URL+"/api/v1/write?key=s3cret", o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func mustExport(t testing.TB, e *Exporter, b *export.Batch) {
	t.Helper()
	if err := e.Export(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}
