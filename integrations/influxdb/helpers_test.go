package influxdb

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/pushtest"
)

var (
	noon     = pushtest.Noon
	batchOf  = pushtest.Batch
	family   = pushtest.Family
	labelled = pushtest.Labelled
	totals   = pushtest.Totals
	level    = pushtest.Level
	many     = pushtest.Many
	status   = pushtest.Status[written]
)

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

// double stands in for the database.
type double struct{ *pushtest.Backend[written] }

// written is what a request holds.
type written struct {
	path   string
	query  url.Values
	header http.Header
	body   string
}

type answering = pushtest.Answer[written]

func newDouble(t testing.TB) double {
	t.Helper()
	return double{pushtest.NewBackend(t, readRequest, take)}
}

func readRequest(r *http.Request, body []byte) (written, error) {
	w := written{r.URL.Path, r.URL.Query(), r.Header, string(body)}
	if r.Header.Get("Content-Encoding") != "gzip" {
		return w, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return w, err
	}
	unzipped, err := io.ReadAll(reader)
	w.body = string(unzipped)
	return w, err
}

// take takes a request as every version does.
func take(w http.ResponseWriter, _ *http.Request, _ written) bool {
	w.WriteHeader(http.StatusNoContent)
	return true
}

// text is all that was taken.
func (d double) text() string {
	var all strings.Builder
	for _, r := range d.Requests() {
		all.WriteString(r.body)
	}
	return all.String()
}

// exporter returns one to the double that is impatient.
func (d double) exporter(t testing.TB, target Target, o Options) *Exporter {
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
