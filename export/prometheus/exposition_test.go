package prometheus

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/metertree/metertree/metric"
)

// Write allocates for itself at most, never for a family or a series.
func TestAllocationsDoNotGrowWithFamilies(t *testing.T) {
	const many = 300
	shapes := map[string]func(string) *metric.Family{
		"counter": func(name string) *metric.Family {
			p := intPoint(7, "get", "ok")
			return one(metric.Descriptor{Name: name + "_total", Kind: metric.Counter, Help: "Things.", Unit: "things"}, p)
		},
		"gauge": func(name string) *metric.Family {
			return one(metric.Descriptor{Name: name, Kind: metric.Gauge, Help: "Things."}, floatPoint(.1, "get", "caf\xe9"))
		},
		"histogram": func(name string) *metric.Family {
			return one(metric.Descriptor{Name: name, Kind: metric.Histogram}, histogramPoint([]float64{.1, 1, 10}, []uint64{1, 2, 3, 4}, .7, "get", "ok"))
		},
		"extremes": func(name string) *metric.Family {
			return one(metric.Descriptor{Name: name, Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount, Help: "Things."},
				extremesPoint(metric.SummaryPoint{Min: 1, Max: 2, Sum: 3, Count: 2}, "get", "ok"))
		},
	}
	for _, f := range []Format{Text, OpenMetrics, Protobuf} {
		for shape, make := range shapes {
			t.Run(fmt.Sprintf("%v %s", f, shape), func(t *testing.T) {
				var all []*metric.Family
				for i := range many {
					all = append(all, make(fmt.Sprintf("name_%d", i)))
				}
				allocations := func(n int) float64 {
					some := families(all[:n]...)
					return testing.AllocsPerRun(10, func() {
						if _, err := (Exposition{Format: f}).Write(t.Context(), io.Discard, some); err != nil {
							t.Fatal(err)
						}
					})
				}
				allocations(many)
				if few, most := allocations(1), allocations(many); most > few+many/10 {
					t.Errorf("%v allocations for one family, %v for %d", few, most, many)
				}
			})
		}
	}
}

// one is a family of two series, made so that reading it allocates nothing.
func one(d metric.Descriptor, p point) *metric.Family {
	keys := []string{"op", "status"}
	p.Labels = metric.EncodeLabels(keys, p.values)
	return &metric.Family{Descriptor: d, Keys: keys, Points: func(yield func(*metric.Point) bool) {
		for range 2 {
			if !yield(&p.Point) {
				return
			}
		}
	}}
}

// Bounds that change within memory that stays are other bounds.
func TestBoundsInReusedMemory(t *testing.T) {
	bounds := []float64{1}
	f := &metric.Family{Descriptor: metric.Descriptor{Name: "h", Kind: metric.Histogram}, Keys: []string{"l"}, Points: func(yield func(*metric.Point) bool) {
		for i, l := range []string{"a", "b"} {
			bounds[0] = float64(i + 1)
			p := histogramPoint(bounds, []uint64{1, 0}, 0)
			p.Labels = metric.EncodeLabels([]string{"l"}, []string{l})
			if !yield(&p.Point) {
				return
			}
		}
	}}
	want := "# TYPE h histogram\n" +
		"h_bucket{l=\"a\",le=\"1\"} 1\nh_bucket{l=\"a\",le=\"+Inf\"} 1\nh_sum{l=\"a\"} 0\nh_count{l=\"a\"} 1\n" +
		"h_bucket{l=\"b\",le=\"2\"} 1\nh_bucket{l=\"b\",le=\"+Inf\"} 1\nh_sum{l=\"b\"} 0\nh_count{l=\"b\"} 1\n"
	if got := write(t, f); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// Long texts of bounds, many buckets, and large counts fit into the room that is
// made for them.
func TestWideHistograms(t *testing.T) {
	bounds, counts := make([]float64, 3000), make([]uint64, 3001)
	for i := range bounds {
		bounds[i] = -1.2345678901234567e-300 * float64(3000-i)
		counts[i] = 1 << 51
	}
	for _, f := range []Format{Text, OpenMetrics} {
		p := histogramPoint(bounds, counts, 1, "x")
		p.Exemplars = make([]*metric.Exemplar, len(counts))
		for i := range p.Exemplars {
			p.Exemplars[i] = &metric.Exemplar{TraceID: "\"\"\"\"\"\"\"\"\"\"\"\"", SpanID: "s", Value: -1.2345678901234567e-300}
		}
		samples, err := readText(string(writeAs(t, Exposition{Format: f}, family(metric.Descriptor{Name: "h", Kind: metric.Histogram}, []string{"l"}, p))))
		if err != nil {
			t.Fatal(err)
		}
		for i := range counts {
			if want := float64(uint64(min(i+1, 3000)) << 51); samples[i].value != want || samples[i].labels["l"] != "x" {
				t.Fatalf("bucket %d is %v, want %v", i, samples[i], want)
			}
		}
	}
}

func TestUints(t *testing.T) {
	values := []uint64{0, 1<<64 - 1}
	for v := uint64(1); v < 1e19; v *= 10 {
		values = append(values, v-1, v, v+1, v*3, v*9+v/3)
	}
	for _, v := range values {
		if got, want := string(appendUint(nil, v)), fmt.Sprint(v); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, want := string(appendInt(nil, int64(v))), fmt.Sprint(int64(v)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func BenchmarkFormats(b *testing.B) {
	for _, f := range []Format{Text, OpenMetrics, Protobuf} {
		for name, make := range map[string]func(int) *metric.Family{"counters": largeFamily, "histograms": largeHistogram} {
			b.Run(fmt.Sprintf("%v-%s", f, name), func(b *testing.B) {
				all := families(make(100_000))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := (Exposition{Format: f}).Write(b.Context(), io.Discard, all); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func ExampleExposition() {
	jobs := &metric.Family{
		Descriptor: metric.Descriptor{Name: "jobs_total", Kind: metric.Counter, Help: "Jobs done."},
		Points: func(yield func(*metric.Point) bool) {
			yield(&metric.Point{Int: 3})
		},
	}
	page := writerFunc(func(p []byte) (int, error) { return fmt.Print(string(p)) })
	if _, err := (Exposition{Format: OpenMetrics}).Write(context.Background(), page, families(jobs)); err != nil {
		fmt.Println(err)
	}
	// Output:
	// # TYPE jobs counter
	// # HELP jobs Jobs done.
	// jobs_total 3
	// # EOF
}
