package measure

import (
	"fmt"
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
