package measure

import (
	"fmt"
	"time"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// Reduction fills a fresh population and returns milliseconds and heap
// allocations of a collection that shows work.Groups of its series, and
// nanoseconds of an update, in the steady state: no series comes or goes, and
// between two collections each has one update. It wants a process of its own.
func Reduction(t work.Temporality, newPopulation func(int) rivals.Population, series, times int) (Samples, error) {
	p := newPopulation(series)
	sets := work.ReducedSets(series)
	samples := Samples{}
	// What the first ones make, the steady state has.
	const warmUp = 2
	for turn := range warmUp + times {
		began := time.Now()
		p.Fill(sets)
		filled := time.Now()
		before := mallocs()
		collecting := time.Now()
		if err := p.Collect(); err != nil {
			return nil, fmt.Errorf("collecting %d series: %w", series, err)
		}
		took := time.Since(collecting)
		allocated := mallocs() - before
		if err := p.Check(work.Groups, series*(turn+1)); err != nil {
			return nil, fmt.Errorf("updates were lost: %w", err)
		}
		if turn < warmUp {
			continue
		}
		samples.add(work.Reduce(t), milliseconds(took))
		samples.add(work.Reduce(t).Allocs(), float64(allocated))
		samples.add(work.ReduceUpdate(t), float64(filled.Sub(began).Nanoseconds())/float64(series))
	}
	return samples, nil
}
