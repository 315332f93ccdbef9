package measure

import (
	"fmt"
	"io"
	"time"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// expositionLasting is for how long expositions are written at least.
const expositionLasting = 300 * time.Millisecond

// Exposition fills a fresh population and returns milliseconds and heap
// allocations of writing it in a format in the steady state: so many times, and
// more of what is fast. It wants a process of its own, whose heap is that of a
// service with as many series.
func Exposition(f work.Format, kind work.Kind, newPopulation func(int) rivals.Population, series, times int) (Samples, error) {
	took, allocs, err := exposition(f, kind, newPopulation, series, times)
	if err != nil || took == nil {
		return Samples{}, err
	}
	samples := Samples{work.Expose(f, kind): took}
	samples.add(work.Expose(f, kind).Allocs(), allocs)
	return samples, nil
}

// Growth is Exposition of counters as text, in nanoseconds per series.
func Growth(newPopulation func(int) rivals.Population, series, times int) (Samples, error) {
	took, _, err := exposition(work.Text, work.Counters, newPopulation, series, times)
	if err != nil || took == nil {
		return Samples{}, err
	}
	samples := Samples{}
	for _, milliseconds := range took {
		samples.add(work.ExposeEach(series), milliseconds*1e6/float64(series))
	}
	return samples, nil
}

// exposition returns milliseconds of each writing and the mean of allocations,
// or nil if the library does not have the format.
func exposition(
	f work.Format, kind work.Kind, newPopulation func(int) rivals.Population, series, times int,
) (took []float64, allocs float64, err error) {
	p := newPopulation(series)
	expose := p.Expose[f]
	if expose == nil {
		return nil, 0, nil
	}
	p.Fill(work.LabelSets(series))
	if err := verify(expose, f, kind, series); err != nil {
		return nil, 0, err
	}
	if took, allocs, err = writeAgain(expose, times); err != nil {
		return nil, 0, fmt.Errorf("writing %d series: %w", series, err)
	}
	if err := p.Check(series, series); err != nil {
		return nil, 0, fmt.Errorf("updates were lost: %w", err)
	}
	return took, allocs, nil
}

// verify writes a population once and counts its series in what was written.
func verify(expose func(io.Writer) error, f work.Format, kind work.Kind, series int) error {
	reader, writer := io.Pipe()
	wrote := make(chan error, 1)
	go func() {
		err := expose(writer)
		writer.CloseWithError(err)
		wrote <- err
	}()
	n, err := rivals.Series(f, kind, reader)
	reader.CloseWithError(err)
	if failed := <-wrote; failed != nil {
		return fmt.Errorf("writing %d series: %w", series, failed)
	}
	if err != nil {
		return fmt.Errorf("reading the %s exposition: %w", f, err)
	}
	if n != series {
		return fmt.Errorf("%s exposition of %d series holds %d", f, series, n)
	}
	return nil
}

// writeAgain returns milliseconds of each writing and the mean of allocations,
// after one that makes what a library keeps between them.
func writeAgain(expose func(io.Writer) error, times int) (took []float64, allocs float64, err error) {
	if err := expose(io.Discard); err != nil {
		return nil, 0, err
	}
	took = make([]float64, 0, 1024)
	end := time.Now().Add(expositionLasting)
	before := mallocs()
	for len(took) < times || len(took) < cap(took) && time.Now().Before(end) {
		began := time.Now()
		if err := expose(io.Discard); err != nil {
			return nil, 0, err
		}
		took = append(took, milliseconds(time.Since(began)))
	}
	return took, rounded(float64(mallocs()-before) / float64(len(took))), nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
