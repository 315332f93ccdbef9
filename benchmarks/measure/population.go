package measure

import (
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// Cold fills a fresh population with one update for each series and returns
// what a series costs: nanoseconds and allocations when it is made, and bytes
// of heap that stay, before and after a first collection. It wants a process
// of its own: what else is on the heap must not change meanwhile.
func Cold(kind work.Kind, newPopulation func(int) rivals.Population, series int) (Samples, error) {
	sets := work.LabelSets(series)
	samples := Samples{}
	procs := runtime.GOMAXPROCS(0)
	before, allocated := liveHeap(), mallocs()
	began := time.Now()
	p := newPopulation(series)
	p.Fill(sets)
	took := time.Since(began)
	each := float64(series)
	samples.add(work.Create(kind), float64(took.Nanoseconds())/each)
	samples.add(work.Create(kind).Allocs(), rounded(float64(mallocs()-allocated)/each))
	samples.add(work.Memory(kind, procs), float64(liveHeap()-before)/each)
	if p.Collect != nil {
		if err := p.Collect(); err != nil {
			return nil, fmt.Errorf("collecting %d series: %w", series, err)
		}
		samples.add(work.MemoryCollected(kind, procs), float64(liveHeap()-before)/each)
	}
	if err := p.Check(series, series); err != nil {
		return nil, fmt.Errorf("updates were lost: %w", err)
	}
	runtime.KeepAlive(sets)
	return samples, nil
}

// liveHeap returns the bytes that are in use once garbage is collected. It
// collects twice, because what a finalizer or a pool held goes only then.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// expositionLasting is for how long Exposition takes figures at least.
const expositionLasting = 300 * time.Millisecond

// Exposition fills a fresh population and returns milliseconds and heap
// allocations of writing it as text in the steady state: so many times, and
// more of what is fast. It wants a process of its own, whose heap is that of a
// service with as many series.
func Exposition(kind work.Kind, newPopulation func(int) rivals.Population, series, times int) (Samples, error) {
	p := newPopulation(series)
	if p.Expose == nil {
		return Samples{}, nil
	}
	p.Fill(work.LabelSets(series))
	for range 2 {
		lines := &lineCount{}
		if err := p.Expose(lines); err != nil {
			return nil, fmt.Errorf("writing %d series: %w", series, err)
		}
		if lines.n < series {
			return nil, fmt.Errorf("exposition of %d series has %d lines", series, lines.n)
		}
	}
	took, allocs, err := expose(p, times)
	if err != nil {
		return nil, fmt.Errorf("writing %d series: %w", series, err)
	}
	samples := Samples{work.Expose(kind): took}
	samples.add(work.Expose(kind).Allocs(), allocs)
	if err := p.Check(series, series); err != nil {
		return nil, fmt.Errorf("updates were lost: %w", err)
	}
	return samples, nil
}

// expose returns milliseconds of each writing and the mean of allocations.
func expose(p rivals.Population, times int) (took []float64, allocs float64, err error) {
	took = make([]float64, 0, 1024)
	end := time.Now().Add(expositionLasting)
	before := mallocs()
	for len(took) < times || len(took) < cap(took) && time.Now().Before(end) {
		began := time.Now()
		if err := p.Expose(io.Discard); err != nil {
			return nil, 0, err
		}
		took = append(took, float64(time.Since(began).Nanoseconds())/1e6)
	}
	return took, rounded(float64(mallocs()-before) / float64(len(took))), nil
}

// lineCount is a writer that counts lines.
type lineCount struct{ n int }

func (c *lineCount) Write(p []byte) (int, error) {
	for _, b := range p {
		if b == '\n' {
			c.n++
		}
	}
	return len(p), nil
}
