package prometheus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

func TestWriteText(t *testing.T) {
	tests := []struct {
		name   string
		family *metric.Family
		want   string
	}{
		{
			name: "counter",
			family: family(metric.Descriptor{Name: "a_total", Kind: metric.Counter, Help: "Things."}, []string{"op", "status"},
				intPoint(math.MaxInt64, "get", "ok"), intPoint(0, "put", "ok")),
			want: "# HELP a_total Things.\n# TYPE a_total counter\n" +
				"a_total{op=\"get\",status=\"ok\"} 9223372036854775807\na_total{op=\"put\",status=\"ok\"} 0\n",
		},
		{
			name:   "no help, no labels",
			family: family(metric.Descriptor{Name: "a_total", Kind: metric.Counter}, nil, intPoint(3)),
			want:   "# TYPE a_total counter\na_total 3\n",
		},
		{
			name:   "up-down counter is a gauge",
			family: family(metric.Descriptor{Name: "a", Kind: metric.UpDownCounter}, nil, intPoint(-3)),
			want:   "# TYPE a gauge\na -3\n",
		},
		{
			name:   "float counter",
			family: family(metric.Descriptor{Name: "a_total", Kind: metric.Counter, Number: metric.Float64}, nil, floatPoint(0.1)),
			want:   "# TYPE a_total counter\na_total 0.1\n",
		},
		{
			name: "special values of a gauge",
			family: family(metric.Descriptor{Name: "a", Kind: metric.Gauge}, []string{"v"},
				floatPoint(math.NaN(), "nan"), floatPoint(math.Inf(1), "inf"), floatPoint(math.Inf(-1), "ninf"),
				floatPoint(math.Copysign(0, -1), "nzero"), floatPoint(1e6, "million"), floatPoint(1<<53, "2^53"),
				floatPoint(math.SmallestNonzeroFloat64, "least"), floatPoint(-2.5, "negative")),
			want: "# TYPE a gauge\na{v=\"nan\"} NaN\na{v=\"inf\"} +Inf\na{v=\"ninf\"} -Inf\na{v=\"nzero\"} -0\n" +
				"a{v=\"million\"} 1000000\na{v=\"2^53\"} 9.007199254740992e+15\na{v=\"least\"} 5e-324\na{v=\"negative\"} -2.5\n",
		},
		{
			name:   "help is escaped",
			family: family(metric.Descriptor{Name: "a", Kind: metric.Gauge, Help: "a \\ and\na \"quote\"\xff ."}, nil, floatPoint(1)),
			want:   "# HELP a a \\\\ and\\na \"quote\"\uFFFD .\n# TYPE a gauge\na 1\n",
		},
		{
			name:   "label values are escaped",
			family: family(metric.Descriptor{Name: "a", Kind: metric.Gauge}, []string{"l"}, floatPoint(1, "x\\y\"z\nü")),
			want:   "# TYPE a gauge\na{l=\"x\\\\y\\\"z\\nü\"} 1\n",
		},
		{
			name: "histogram with labels",
			family: family(metric.Descriptor{Name: "h_seconds", Kind: metric.Histogram, Help: "Waits."}, []string{"op"},
				histogramPoint([]float64{.005, 1, 1e6}, []uint64{1, 2, 0, 4}, 12.5, "get"),
				histogramPoint([]float64{.005, 1, 1e6}, []uint64{0, 0, 0, 0}, 0, "put")),
			want: "# HELP h_seconds Waits.\n# TYPE h_seconds histogram\n" +
				"h_seconds_bucket{op=\"get\",le=\"0.005\"} 1\nh_seconds_bucket{op=\"get\",le=\"1\"} 3\n" +
				"h_seconds_bucket{op=\"get\",le=\"1e+06\"} 3\nh_seconds_bucket{op=\"get\",le=\"+Inf\"} 7\n" +
				"h_seconds_sum{op=\"get\"} 12.5\nh_seconds_count{op=\"get\"} 7\n" +
				"h_seconds_bucket{op=\"put\",le=\"0.005\"} 0\nh_seconds_bucket{op=\"put\",le=\"1\"} 0\n" +
				"h_seconds_bucket{op=\"put\",le=\"1e+06\"} 0\nh_seconds_bucket{op=\"put\",le=\"+Inf\"} 0\n" +
				"h_seconds_sum{op=\"put\"} 0\nh_seconds_count{op=\"put\"} 0\n",
		},
		{
			name: "histogram without labels or bounds",
			family: family(metric.Descriptor{Name: "h", Kind: metric.Histogram}, nil,
				histogramPoint(nil, []uint64{5}, math.NaN())),
			want: "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 5\nh_sum NaN\nh_count 5\n",
		},
		{
			name: "a histogram that is none is left out",
			family: family(metric.Descriptor{Name: "h", Kind: metric.Histogram}, []string{"l"},
				histogramPoint([]float64{1}, []uint64{5}, 1, "bad"), histogramPoint([]float64{2}, []uint64{5, 1}, 1, "good")),
			want: "# TYPE h histogram\nh_bucket{l=\"good\",le=\"2\"} 5\nh_bucket{l=\"good\",le=\"+Inf\"} 6\nh_sum{l=\"good\"} 1\nh_count{l=\"good\"} 6\n",
		},
		{
			name:   "a family without series is left out",
			family: family(metric.Descriptor{Name: "a", Kind: metric.Gauge, Help: "Nothing."}, nil),
			want:   "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got strings.Builder
			n, err := Write(t.Context(), &got, families(tt.family))
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got.String(), tt.want)
			}
			if n != int64(len(tt.want)) {
				t.Errorf("n = %d, want %d", n, len(tt.want))
			}
		})
	}
}

// Layouts that differ from series to series, as callbacks may give them, must
// not be mixed up with one another.
func TestWriteHistogramsOfDifferentLayouts(t *testing.T) {
	f := family(metric.Descriptor{Name: "h", Kind: metric.Histogram}, []string{"l"},
		histogramPoint([]float64{1}, []uint64{1, 0}, 0, "a"),
		histogramPoint(nil, []uint64{1}, 0, "b"),
		histogramPoint([]float64{2}, []uint64{1, 0}, 0, "c"))
	var got strings.Builder
	if _, err := Write(t.Context(), &got, families(f)); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{`h_bucket{l="a",le="1"} 1`, `h_bucket{l="b",le="+Inf"} 1`, `h_bucket{l="c",le="2"} 1`} {
		if !strings.Contains(got.String(), line+"\n") {
			t.Errorf("no line %s in:\n%s", line, got.String())
		}
	}
}

// largeFamily has the given number of series.
func largeFamily(series int) *metric.Family {
	labels := metric.EncodeLabels([]string{"op", "status"}, []string{"get", "ok"})
	return &metric.Family{
		Descriptor: metric.Descriptor{Name: "large_total", Kind: metric.Counter},
		Keys:       []string{"op", "status"},
		Points: func(yield func(*metric.Point) bool) {
			p := metric.Point{Labels: labels}
			for p.Int = range int64(series) {
				if !yield(&p) {
					return
				}
			}
		},
	}
}

func largeHistogram(series int) *metric.Family {
	p := metric.Point{
		Labels:    metric.EncodeLabels([]string{"op"}, []string{"gét"}),
		Histogram: metric.HistogramPoint{Bounds: []float64{.1, 1, 10}, Counts: []uint64{1, 2, 3, 4}, Sum: 1.5},
	}
	return &metric.Family{
		Descriptor: metric.Descriptor{Name: "large_seconds", Kind: metric.Histogram},
		Keys:       []string{"op"},
		Points: func(yield func(*metric.Point) bool) {
			for range series {
				if !yield(&p) {
					return
				}
			}
		},
	}
}

// largestWrite remembers the size of the largest piece.
type largestWrite struct{ largest int }

func (w *largestWrite) Write(p []byte) (int, error) {
	w.largest = max(w.largest, len(p))
	return len(p), nil
}

func TestWriteStreams(t *testing.T) {
	var w largestWrite
	n, err := Write(t.Context(), &w, families(largeFamily(50_000)))
	if err != nil {
		t.Fatal(err)
	}
	if w.largest > 2*flushAt || n < 10*flushAt {
		t.Errorf("wrote %d bytes in pieces of up to %d", n, w.largest)
	}
}

// failAfter fails once it took some bytes.
type failAfter struct {
	left int
	err  error
}

func (w *failAfter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return w.left, w.err
	}
	w.left -= len(p)
	return len(p), nil
}

func TestWriteEndsAtTheFirstError(t *testing.T) {
	broken := errors.New("broken pipe")
	read := 0
	counted := func(yield func(*metric.Family) bool) {
		for range 1000 {
			read++
			if !yield(largeFamily(1000)) {
				return
			}
		}
	}
	n, err := Write(t.Context(), &failAfter{left: flushAt + 100, err: broken}, counted)
	if !errors.Is(err, broken) {
		t.Fatalf("err = %v", err)
	}
	if n != flushAt+100 {
		t.Errorf("n = %d, want %d", n, flushAt+100)
	}
	size, err := Write(t.Context(), io.Discard, families(largeFamily(1000)))
	if err != nil {
		t.Fatal(err)
	}
	// The second part fails, and may end within a family.
	if most := int(2*flushAt/size) + 2; read > most {
		t.Errorf("read %d families, want the %d of two parts at most", read, most)
	}
}

func TestWriteTellsThatTheCollectionWasCutShort(t *testing.T) {
	cause := errors.New("out of time")
	ctx, cancel := context.WithCancelCause(t.Context())
	cutShort := iter.Seq[*metric.Family](func(yield func(*metric.Family) bool) {
		yield(family(metric.Descriptor{Name: "a", Kind: metric.Gauge}, nil, floatPoint(1)))
		cancel(cause)
	})
	if _, err := Write(ctx, io.Discard, cutShort); !errors.Is(err, cause) {
		t.Errorf("err = %v, want one that wraps %q", err, cause)
	}
}

func TestWriteStopsWithinAFamily(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n, err := Write(ctx, io.Discard, families(largeFamily(1<<30)))
	if !errors.Is(err, context.Canceled) || n != 0 {
		t.Errorf("n = %d, err = %v", n, err)
	}
}

func BenchmarkWriteCounters(b *testing.B) {
	all := families(largeFamily(100_000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Write(b.Context(), io.Discard, all); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/series")
}

func BenchmarkWriteHistograms(b *testing.B) {
	all := families(largeHistogram(100_000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Write(b.Context(), io.Discard, all); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleWrite() {
	jobs := &metric.Family{
		Descriptor: metric.Descriptor{Name: "jobs_total", Kind: metric.Counter, Help: "Jobs done."},
		Keys:       []string{"status"},
		Points: func(yield func(*metric.Point) bool) {
			yield(&metric.Point{Labels: metric.EncodeLabels([]string{"status"}, []string{"ok"}), Int: 3})
		},
	}
	var text strings.Builder
	if _, err := Write(context.Background(), &text, families(jobs)); err != nil {
		fmt.Println(err)
	}
	fmt.Print(text.String())
	// Output:
	// # HELP jobs_total Jobs done.
	// # TYPE jobs_total counter
	// jobs_total{status="ok"} 3
}
