package rivals

import (
	"io"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/metertree/metertree/benchmarks/work"
)

func BenchmarkUpdate(b *testing.B) {
	for _, row := range slices.Concat(work.UpdateRows(), work.RequestRows()) {
		for _, rival := range All() {
			if newCase := rival.Updates[row]; newCase != nil {
				b.Run(string(row)+"/"+rival.Name, func(b *testing.B) { benchmarkCase(b, row, newCase()) })
			}
		}
	}
}

func benchmarkCase(b *testing.B, row work.Row, c Case) {
	b.ReportAllocs()
	goroutines := 1
	if row.Parallel() {
		goroutines = runtime.GOMAXPROCS(0)
	}
	each := (b.N + goroutines - 1) / goroutines
	b.ResetTimer()
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() { c.Run(each) })
	}
	wg.Wait()
	b.StopTimer()
	if err := c.Check(each * goroutines); err != nil {
		b.Error(err)
	}
}

func BenchmarkNewSeries(b *testing.B) {
	for _, kind := range []work.Kind{work.Counters, work.Histograms} {
		for _, rival := range All() {
			if newPopulation := rival.Populations[kind]; newPopulation != nil {
				b.Run(string(kind)+"/"+rival.Name, func(b *testing.B) {
					sets := work.LabelSets(b.N)
					p := newPopulation(b.N)
					b.ReportAllocs()
					b.ResetTimer()
					p.Fill(sets)
				})
			}
		}
	}
}

func BenchmarkExpose(b *testing.B) {
	const series = 10_000
	for _, kind := range []work.Kind{work.Counters, work.Histograms} {
		for _, rival := range All() {
			newPopulation := rival.Populations[kind]
			if newPopulation == nil {
				continue
			}
			p := newPopulation(series)
			p.Fill(work.LabelSets(series))
			for _, format := range work.Formats() {
				if expose := p.Expose[format]; expose != nil {
					b.Run(string(work.Expose(format, kind))+"/"+rival.Name, func(b *testing.B) { benchmarkExpose(b, expose) })
				}
			}
		}
	}
}

func benchmarkExpose(b *testing.B, expose func(io.Writer) error) {
	b.ReportAllocs()
	for b.Loop() {
		if err := expose(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReduce(b *testing.B) {
	const series = 10_000
	sets := work.ReducedSets(series)
	for _, temporality := range work.Temporalities() {
		for _, rival := range All() {
			newPopulation := rival.Reduced[temporality]
			if newPopulation == nil {
				continue
			}
			b.Run(string(temporality)+"/"+rival.Name, func(b *testing.B) {
				p := newPopulation(series)
				p.Fill(sets)
				b.ReportAllocs()
				for b.Loop() {
					if err := p.Collect(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
