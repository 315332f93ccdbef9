package stdout

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/metric"
)

var update = flag.Bool("update", false, "write what is written into testdata")

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// batchOf returns a batch of the last minute before noon.
func batchOf(temporality metric.Temporality, families iter.Seq[*metric.Family]) *export.Batch {
	return &export.Batch{Temporality: temporality, Start: noon.Add(-time.Minute), Time: noon, Families: families}
}

func plain() *export.Batch { return batchOf(metric.Cumulative, exporttest.Families(noon)) }

func newExporter(t testing.TB, w io.Writer, format Format) *Exporter {
	t.Helper()
	e, err := New(w, Options{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func written(t testing.TB, format Format, b *export.Batch) string {
	t.Helper()
	var out strings.Builder
	if err := newExporter(t, &out, format).Export(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	for name, test := range map[string]struct {
		format Format
		batch  *export.Batch
	}{
		"cumulative.jsonl": {JSON, plain()},
		"delta.jsonl":      {JSON, batchOf(metric.Delta, exporttest.Families(noon))},
		"odd.jsonl":        {JSON, batchOf(metric.Delta, exporttest.OddFamilies(noon))},
		"empty.jsonl":      {JSON, &export.Batch{Time: noon, Families: slices.Values[[]*metric.Family](nil)}},
		"table.txt":        {Table, plain()},
	} {
		got := written(t, test.format, test.batch)
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: written\n%s\nwant\n%s\nif it is meant, run go test ./export/stdout -update", name, got, want)
		}
	}
}

func TestExporterKeepsTheContract(t *testing.T) {
	for _, format := range []Format{JSON, Table} {
		t.Run(format.String(), func(t *testing.T) {
			exporttest.Check(t, func(t *testing.T) exporttest.Subject {
				out := &fragile{}
				return exporttest.Subject{
					Exporter:  newExporter(t, out, format),
					Delivered: out.String,
					Break: func() func() {
						out.err = errFull
						return func() { out.err = nil }
					},
				}
			})
		})
	}
}

var errFull = errors.New("disk is full")

// fragile is a writer that takes only so many bytes of a write when it has an
// error.
type fragile struct {
	bytes.Buffer
	err   error
	takes int
}

func (f *fragile) Write(p []byte) (int, error) {
	if f.err == nil {
		return f.Buffer.Write(p)
	}
	n, _ := f.Buffer.Write(p[:min(f.takes, len(p))])
	return n, f.err
}

func TestALineThatWasTornIsEnded(t *testing.T) {
	out := &fragile{err: errFull, takes: 100}
	e := newExporter(t, out, JSON)
	if err := e.Export(t.Context(), plain()); !errors.Is(err, errFull) {
		t.Errorf("Export = %v", err)
	}
	// Nothing is taken at all; the line stays torn.
	out.takes = 0
	if err := e.Export(t.Context(), plain()); !errors.Is(err, errFull) {
		t.Errorf("Export = %v", err)
	}
	out.err = nil
	if err := e.Export(t.Context(), plain()); err != nil {
		t.Error(err)
	}
	torn, whole, _ := strings.Cut(out.String(), "\n")
	if len(torn) != 100 || whole != written(t, JSON, plain()) {
		t.Errorf("after a torn line of %d bytes: %s", len(torn), whole)
	}
}

// halfway is a writer that says less than it should.
type halfway struct{}

func (halfway) Write(p []byte) (int, error) { return len(p) / 2, nil }

func TestAShortWriteIsAnError(t *testing.T) {
	if err := newExporter(t, halfway{}, JSON).Export(t.Context(), plain()); err == nil {
		t.Error("a writer that took half of it makes no error")
	}
}

func TestExportEndsWithItsContext(t *testing.T) {
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	out := &fragile{}
	points, more := 0, false
	endless := &export.Batch{Families: func(yield func(*metric.Family) bool) {
		yield(&metric.Family{Descriptor: metric.Descriptor{Name: "c_total", Kind: metric.Counter}, Points: func(yield func(*metric.Point) bool) {
			for more = true; more; points++ {
				if out.Len() > 0 {
					cancel(gone)
				}
				more = yield(new(metric.Point))
			}
		}})
	}}
	if err := newExporter(t, out, JSON).Export(ctx, endless); !errors.Is(err, gone) {
		t.Errorf("Export of an endless batch = %v", err)
	}
}

func TestUnknownFormat(t *testing.T) {
	if _, err := New(&strings.Builder{}, Options{Format: 7}); err == nil || !strings.Contains(err.Error(), "7") {
		t.Errorf("New = %v, want an error that names the format", err)
	}
	if JSON.String() != "json" || Table.String() != "table" || Format(7).String() != "format(7)" {
		t.Error("formats have lost their names")
	}
}

func TestMemoryDoesNotGrowWithTheBatch(t *testing.T) {
	e := newExporter(t, io.Discard, JSON)
	batch := func(points int) *export.Batch {
		point := &metric.Point{Labels: metric.EncodeLabels([]string{"l"}, []string{"v"})}
		f := &metric.Family{Descriptor: metric.Descriptor{Name: "c_total", Kind: metric.Counter}, Keys: []string{"l"},
			Points: func(yield func(*metric.Point) bool) {
				for range points {
					yield(point)
				}
			}}
		return &export.Batch{Families: slices.Values([]*metric.Family{f})}
	}
	b := batch(100_000)
	if err := e.Export(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if n := cap(e.out.buf); n > 4*flushAt {
		t.Errorf("the buffer grew to %d bytes", n)
	}
}

// Whatever is in it, every line is valid JSON that tells apart what differs.
func FuzzJSON(f *testing.F) {
	f.Add("c_total", "ok", "error", int64(1), 1.5, uint64(3))
	f.Add("", "caf\xe9", "caf\uFFFDe9", int64(-1<<63), 0.0, uint64(1<<63))
	f.Add("\"\\\n\x00\x7f\u2028", "\uFFFD\xff", "\uFFFDff", int64(1<<53+1), -1e308, uint64(0))
	f.Fuzz(func(t *testing.T, text, a, b string, whole int64, real float64, count uint64) {
		keys := []string{"a", "b"}
		p := metric.Point{
			Labels: metric.EncodeLabels(keys, []string{a, b}), Int: whole, Float: real, Start: time.Unix(whole, 0),
			Histogram: metric.HistogramPoint{Bounds: []float64{real}, Counts: []uint64{count, 1}, Sum: real},
			Summary:   metric.SummaryPoint{Min: real, Max: -real, Sum: real * 10, Count: count},
			Exemplars: []*metric.Exemplar{{TraceID: text, SpanID: a, Value: real, Time: time.Unix(whole, whole)}},
		}
		exact, exponential := p, p
		exact.Exact = &metric.ExactPoint{Values: []float64{real, real}, Missed: count, MissedSum: real}
		exponential.Exponential = &metric.ExponentialPoint{Scale: int(whole), Positive: []uint64{count, count}, Sum: real}
		family := func(p metric.Point, d metric.Descriptor) *metric.Family {
			d.Name, d.Unit = text, text
			return &metric.Family{Descriptor: d, Keys: keys, Points: func(yield func(*metric.Point) bool) { yield(&p) }}
		}
		lines := written(t, JSON, &export.Batch{Time: time.Unix(whole, 0), Families: slices.Values([]*metric.Family{
			family(p, metric.Descriptor{Kind: metric.Counter}),
			family(p, metric.Descriptor{Kind: metric.Gauge}),
			family(p, metric.Descriptor{Kind: metric.Histogram}),
			family(p, metric.Descriptor{Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount}),
			family(exact, metric.Descriptor{Kind: metric.Histogram, Aggregation: metric.Exact}),
			family(exponential, metric.Descriptor{Kind: metric.Histogram, Exponential: metric.ExponentialLayout{Size: 2}}),
		})})
		all := strings.Split(strings.TrimSuffix(lines, "\n"), "\n")
		if len(all) != 7 {
			t.Fatalf("%d lines, want 7:\n%s", len(all), lines)
		}
		for _, line := range all {
			checkLine(t, line, a, b, whole)
		}
	})
}

func checkLine(t *testing.T, line, a, b string, whole int64) {
	t.Helper()
	var read struct {
		Type, Kind string
		Labels     map[string]string
		Value      any
	}
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.UseNumber()
	if err := decoder.Decode(&read); err != nil || decoder.More() {
		t.Fatalf("%v in %s", err, line)
	}
	if read.Type == "batch" {
		return
	}
	if (read.Labels["a"] == read.Labels["b"]) != (a == b) {
		t.Errorf("labels %q and %q are written as %q and %q", a, b, read.Labels["a"], read.Labels["b"])
	}
	if want := json.Number(fmt.Sprint(whole)); read.Kind == "counter" && read.Value != want {
		t.Errorf("%d is written as %v", whole, read.Value)
	}
}
