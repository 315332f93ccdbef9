package prometheus

import (
	"fmt"
	"io"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// filled is a registry with the given number of series under one name, with
// three labels.
func filled(b *testing.B, kind metric.Kind, series int) *registry.Registry {
	b.Helper()
	r := registry.New(registry.Options{SeriesBudget: series})
	d := metric.Descriptor{Name: "bench", Kind: kind, Keys: []string{"operation", "shard", "status"}}
	if kind == metric.Histogram {
		d.Bounds = metric.DefaultLatencyBounds()
	}
	i, err := r.Define(registry.Definition{Descriptor: d})
	if err != nil {
		b.Fatal(err)
	}
	for n := range series {
		values := []string{"put", fmt.Sprint(n), "ok"}
		if kind == metric.Histogram {
			i.Observe(float64(n%30), values...)
		} else {
			i.AddInt(int64(n), values...)
		}
	}
	return r
}

func benchmarkRegistry(b *testing.B, kind metric.Kind, series int) {
	r := filled(b, kind, series)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Write(b.Context(), io.Discard, r.Collect(b.Context())); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(series), "ns/series")
}

func BenchmarkRegistry(b *testing.B) {
	for _, series := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint("counters-", series), func(b *testing.B) { benchmarkRegistry(b, metric.Counter, series) })
		b.Run(fmt.Sprint("histograms-", series), func(b *testing.B) { benchmarkRegistry(b, metric.Histogram, series) })
	}
}
