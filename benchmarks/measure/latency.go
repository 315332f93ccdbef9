package measure

import (
	"fmt"
	"math/bits"
	"time"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// Quantiles of latencies that are taken.
var quantiles = []struct {
	name string
	q    float64
}{{"p50", .5}, {"p99", .99}, {"p99.9", .999}}

// window is the time for which one figure of each quantile is taken: short,
// so that the system takes the core away in few of them, which the median over
// all windows then leaves out; long enough that a p99.9 is of dozens of values.
const window = 25 * time.Millisecond

// Latency fills a population and takes quantiles of the latency of single
// direct updates, in turn with nothing else going on and while another
// goroutine collects all series again and again. Each turn lasts the given time
// and is cut into windows, each with its own quantiles. The clock's own cost,
// some tens of nanoseconds, is in every figure.
func Latency(newPopulation func(int) rivals.Population, series, times int, lasting time.Duration) (Samples, error) {
	p := newPopulation(series)
	if p.Collect == nil {
		return Samples{}, nil
	}
	sets := work.LabelSets(series)
	p.Fill(sets)
	if err := p.Collect(); err != nil {
		return nil, fmt.Errorf("collecting %d series: %w", series, err)
	}
	l := &latencyRun{population: p, sets: sets, samples: Samples{}, updates: series}
	windows := max(1, int(lasting/window))
	for range times {
		l.turn(work.Idle, windows)
		stop := collectAgain(p)
		l.turn(work.Collecting, windows)
		if err := stop(); err != nil {
			return nil, fmt.Errorf("collecting %d series: %w", series, err)
		}
	}
	if err := p.Check(series, l.updates); err != nil {
		return nil, fmt.Errorf("updates were lost: %w", err)
	}
	return l.samples, nil
}

// latencyRun is a measurement of latencies that is under way.
type latencyRun struct {
	population rivals.Population
	sets       []work.Labels
	at         int
	updates    int
	samples    Samples
}

// turn takes the quantiles of some windows.
func (l *latencyRun) turn(state work.State, windows int) {
	for range windows {
		taken := l.updateFor(window)
		for _, q := range quantiles {
			l.samples.add(work.Latency(state, q.name), taken.quantile(q.q))
		}
		l.updates += taken.n
	}
}

// collectAgain collects in another goroutine until stop is called, which
// waits for the collection that is under way.
func collectAgain(p rivals.Population) (stop func() error) {
	stopped := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		for {
			select {
			case <-stopped:
				ended <- nil
				return
			default:
			}
			if err := p.Collect(); err != nil {
				ended <- err
				return
			}
		}
	}()
	return func() error {
		close(stopped)
		return <-ended
	}
}

// updateFor does single updates for a time and returns their latencies.
func (l *latencyRun) updateFor(lasting time.Duration) *latencies {
	taken := &latencies{}
	for end := time.Now().Add(lasting); ; {
		l.at = (l.at + stride) % len(l.sets)
		began := time.Now()
		l.population.Update(&l.sets[l.at])
		now := time.Now()
		taken.add(uint64(now.Sub(began)))
		if now.After(end) {
			return taken
		}
	}
}

// stride is a prime, so that updates go round all series without two
// neighbours in turn.
const stride = 7919

// latencies counts nanoseconds in buckets of which each power of two has
// 1<<subBits, so a quantile is exact within 1/(1<<subBits).
type latencies struct {
	n      int
	counts [64 << subBits]int
}

const subBits = 5

func (l *latencies) add(ns uint64) {
	l.n++
	l.counts[bucketOf(ns)]++
}

func bucketOf(ns uint64) int {
	if ns < 1<<subBits {
		return int(ns)
	}
	shift := bits.Len64(ns) - 1 - subBits
	return (shift+1)<<subBits + int(ns>>shift) - 1<<subBits
}

// lowest returns the least value of a bucket.
func lowest(bucket int) uint64 {
	if bucket < 1<<subBits {
		return uint64(bucket)
	}
	shift := bucket>>subBits - 1
	return uint64(1<<subBits+bucket&(1<<subBits-1)) << shift
}

// quantile returns the nearest-rank quantile in nanoseconds.
func (l *latencies) quantile(q float64) float64 {
	rank := int(q*float64(l.n-1)) + 1
	for bucket, count := range l.counts {
		if rank -= count; rank <= 0 {
			return float64(lowest(bucket))
		}
	}
	return 0
}
