package measure

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// Samples are the figures taken for each row.
type Samples map[work.Row][]float64

func (s Samples) add(row work.Row, v float64) { s[row] = append(s[row], v) }

// runs is how many figures one measurement of updates takes.
const runs = 3

// maxParallelChunks bounds a run of several goroutines: on a machine that has
// other work to do, they wait for one another far longer than they run.
const maxParallelChunks = 200

// Updates runs a fresh case of a row and returns nanoseconds and heap
// allocations per update, a figure for each of some runs. Each run lasts about
// the given time, or less in a parallel row, where GOMAXPROCS goroutines update
// at once and the time is divided by the updates of all of them.
//
// Nanoseconds are the median of short chunks of a run, so what the garbage
// collector does for a library shows in its allocations alone.
func Updates(row work.Row, newCase func() rivals.Case, lasting time.Duration) (Samples, error) {
	c := &counting{Case: newCase(), goroutines: 1}
	chunks := max(1, int(lasting/chunkLasting))
	if row.Parallel() {
		c.goroutines = runtime.GOMAXPROCS(0)
		chunks = min(chunks, maxParallelChunks)
	}
	each := c.calibrate()
	samples := Samples{}
	for range runs {
		before := mallocs()
		ns := c.median(chunks, each)
		allocated := float64(mallocs() - before)
		samples.add(row, ns)
		samples.add(row.Allocs(), rounded(allocated/float64(chunks*each*c.goroutines)))
	}
	if err := c.Check(c.updates); err != nil {
		return nil, fmt.Errorf("updates were lost: %w", err)
	}
	return samples, nil
}

// counting is a case with the number of updates it was told to do.
type counting struct {
	rivals.Case
	goroutines int
	updates    int
}

// run lets all goroutines do chunks of updates.
func (c *counting) run(chunks, each int) []time.Duration {
	c.updates += c.goroutines * chunks * each
	return runChunks(c.Run, c.goroutines, chunks, each)
}

// median returns the nanoseconds per update of the chunk in the middle.
func (c *counting) median(chunks, each int) float64 {
	took := c.run(chunks, each)
	slices.Sort(took)
	return float64(took[chunks/2].Nanoseconds()) / float64(each*c.goroutines)
}

// A case runs this long before it is measured, which warms up caches and
// whatever a library promotes when hot, and then in a few chunks that tell how
// fast it is.
const (
	warm         = 5 * time.Millisecond
	probeChunks  = 16
	probeUpdates = 512
)

// calibrate warms the case up and returns how many updates a goroutine does in
// a chunk.
func (c *counting) calibrate() int {
	for n := 1024; c.run(1, n)[0] < warm; n *= 4 {
	}
	least := slices.Min(c.run(probeChunks, probeUpdates))
	return max(1, int(probeUpdates*chunkLasting/max(1, least)))
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// rounded takes off what is less than a hundredth of an allocation: the
// goroutines' own and those of the runtime.
func rounded(allocs float64) float64 {
	return float64(int(allocs*100+.5)) / 100
}
