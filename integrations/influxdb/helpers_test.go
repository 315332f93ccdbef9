package influxdb

import (
	"compress/gzip"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func batchOf(temporality metric.Temporality, families iter.Seq[*metric.Family]) *export.Batch {
	return &export.Batch{Temporality: temporality, Start: noon.Add(-time.Minute), Time: noon, Families: families}
}

// family returns one of points under the label l.
func family(d metric.Descriptor, points ...metric.Point) *metric.Family {
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

// line is what a reader makes of one.
type line struct {
	measurement string
	tags        map[string]string
	fields      map[string]any
	time        int64
}

// series identifies what a line is of.
func (l line) series() string {
	var b strings.Builder
	b.WriteString(l.measurement)
	for _, key := range slices.Sorted(maps.Keys(l.tags)) {
		fmt.Fprintf(&b, ",%s=%q", key, l.tags[key])
	}
	return b.String()
}

// decode reads lines by the protocol's own library.
func decode(text []byte) (lines []line, err error) {
	d := lineprotocol.NewDecoderWithBytes(text)
	for d.Next() {
		l := line{tags: map[string]string{}, fields: map[string]any{}}
		measurement, err := d.Measurement()
		if err != nil {
			return nil, err
		}
		l.measurement = string(measurement)
		for {
			key, value, err := d.NextTag()
			if err != nil {
				return nil, err
			}
			if key == nil {
				break
			}
			l.tags[string(key)] = string(value)
		}
		for {
			key, value, err := d.NextField()
			if err != nil {
				return nil, err
			}
			if key == nil {
				break
			}
			if _, twice := l.fields[string(key)]; twice {
				return nil, fmt.Errorf("field %q comes twice", key)
			}
			l.fields[string(key)] = value.Interface()
		}
		stamp, err := d.TimeBytes()
		if err != nil {
			return nil, err
		}
		if l.time, err = strconv.ParseInt(string(stamp), 10, 64); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func mustDecode(t testing.TB, text string) []line {
	t.Helper()
	lines, err := decode([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return lines
}

// encode returns the lines of a batch.
func encode(t testing.TB, o Options, b *export.Batch) string {
	t.Helper()
	d := newDouble(t)
	o.Compression = Uncompressed
	e := d.exporter(t, V1{Database: "db"}, o)
	if err := e.Export(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return d.text()
}

// double stands in for the database: it takes requests as its endpoints do, and
// answers as it is told.
type double struct {
	*httptest.Server
	mu sync.Mutex
	// queue is what the next requests are answered with.
	queue []http.HandlerFunc
	// always, unless nil, answers those after them.
	always http.HandlerFunc
	taken  []taken
	asked  int
}

// taken is a request that was answered with 204.
type taken struct {
	path   string
	query  url.Values
	header http.Header
	body   string
}

func newDouble(t testing.TB) *double {
	t.Helper()
	d := &double{}
	d.Server = httptest.NewServer(d)
	t.Cleanup(d.Close)
	return d
}

// ServeHTTP implements http.Handler.
func (d *double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if handle := d.next(); handle != nil {
		handle(w, r)
		return
	}
	d.take(w, r)
}

func (d *double) next() http.HandlerFunc {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if len(d.queue) == 0 {
		return d.always
	}
	handle := d.queue[0]
	d.queue = d.queue[1:]
	return handle
}

func (d *double) answer(handlers ...http.HandlerFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = append(d.queue, handlers...)
}

// take takes a request.
func (d *double) take(w http.ResponseWriter, r *http.Request) {
	body := bodyOf(w, r)
	d.mu.Lock()
	d.taken = append(d.taken, taken{r.URL.Path, r.URL.Query(), r.Header, body})
	d.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func bodyOf(w http.ResponseWriter, r *http.Request) string {
	var reader io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzip, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return ""
		}
		reader = unzip
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return string(body)
}

func (d *double) requests() []taken {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.taken)
}

// text is all that was taken.
func (d *double) text() string {
	var all strings.Builder
	for _, r := range d.requests() {
		all.WriteString(r.body)
	}
	return all.String()
}

// attempts is how many requests there were.
func (d *double) attempts() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

// exporter returns one to the double that is impatient.
func (d *double) exporter(t testing.TB, target Target, o Options) *Exporter {
	t.Helper()
	o.Retry.Initial, o.Retry.Max = time.Millisecond, time.Millisecond
	e, err := New(d.URL, target, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return e
}

func status(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}
