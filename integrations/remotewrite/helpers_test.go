package remotewrite

import (
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func batchOf(temporality metric.Temporality, families iter.Seq[*metric.Family]) *export.Batch {
	return &export.Batch{Temporality: temporality, Start: noon.Add(-time.Minute), Time: noon, Families: families}
}

// family returns one of points under the label l.
func newFamily(d metric.Descriptor, points ...metric.Point) *metric.Family {
	return &metric.Family{Descriptor: d, Keys: []string{"l"}, Points: func(yield func(*metric.Point) bool) {
		for i := range points {
			if !yield(&points[i]) {
				return
			}
		}
	}}
}

func labelled(value string) metric.LabelSet {
	return metric.EncodeLabels([]string{"l"}, []string{value})
}

func totals(families ...*metric.Family) *export.Batch {
	return batchOf(metric.Cumulative, slices.Values(families))
}

// later returns a batch at a time after noon.
func after(d time.Duration, families ...*metric.Family) *export.Batch {
	b := totals(families...)
	b.Time = noon.Add(d)
	return b
}

func level(labels ...string) *metric.Family {
	var points []metric.Point
	for i, l := range labels {
		points = append(points, metric.Point{Labels: labelled(l), Float: float64(i)})
	}
	return newFamily(metric.Descriptor{Name: "level", Kind: metric.Gauge}, points...)
}

func many(n int) *metric.Family {
	var labels []string
	for i := range n {
		labels = append(labels, fmt.Sprintf("%04d", i))
	}
	return level(labels...)
}

// double stands in for a receiver. It reads what it is sent, keeps it if it
// answers so, and answers as it is told.
type double struct {
	*httptest.Server
	t  testing.TB
	mu sync.Mutex
	// queue is what the next requests are answered with, and always, unless nil,
	// what those after them are.
	queue  []answering
	always answering
	taken  []written
	asked  []written
}

// answering answers a request and reports whether it keeps what is in it.
type answering func(w http.ResponseWriter, r *http.Request, asked written) (taken bool)

func newDouble(t testing.TB) *double {
	t.Helper()
	d := &double{t: t}
	d.Server = httptest.NewServer(d)
	t.Cleanup(d.Close)
	return d
}

// ServeHTTP implements http.Handler.
func (d *double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	asked, err := decodeRequest(r.Header, body)
	if err != nil {
		d.t.Errorf("a request cannot be read: %v", err)
	}
	d.mu.Lock()
	at := len(d.asked)
	d.asked = append(d.asked, asked)
	handle := d.always
	if len(d.queue) > 0 {
		handle, d.queue = d.queue[0], d.queue[1:]
	}
	d.mu.Unlock()
	if handle == nil {
		handle = take
	}
	if handle(w, r, asked) {
		// The answer leaves when this returns.
		d.mu.Lock()
		d.asked[at].taken = true
		d.taken = append(d.taken, asked)
		d.mu.Unlock()
	}
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

// status answers so and keeps nothing.
func status(code int, body string, header ...string) answering {
	return func(w http.ResponseWriter, _ *http.Request, _ written) bool {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
		return false
	}
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

func (d *double) answer(a ...answering) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = append(d.queue, a...)
}

// until answers everything in one way until it is told to end.
func (d *double) until(a answering) (end func()) {
	set := func(a answering) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.always = a
	}
	set(a)
	return func() { set(nil) }
}

// requests are those that were taken, and attempts all there were.
func (d *double) requests() []written {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.taken)
}

func (d *double) attempts() []written {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asked)
}

// samples are all that were taken.
func (d *double) samples() (all []sample) {
	for _, r := range d.requests() {
		all = append(all, r.samples...)
	}
	return all
}

// text is all that was taken, in an order of its own.
func (d *double) text() string {
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
func (d *double) exporter(t testing.TB, o Options) *Exporter {
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
