package measure

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// On a machine with other work to do, the system takes a core away now and
// then. A figure of wall-clock time then includes what others did; and of
// several goroutines the rest go on without contention, which is what a
// parallel row is about. So a run is cut into short chunks. Before each the
// goroutines meet, spinning, each on a core of its own, so that all of them run
// when the chunk begins; and the run's figure is the median of its chunks:
// those in which a core was taken away are long and few, and do not count.

// chunkLasting is how long a chunk shall last: long beside the barrier and the
// clock, short beside the system's time slices.
const chunkLasting = 30 * time.Microsecond

// barrier lets goroutines meet again and again.
type barrier struct {
	parties int32
	arrived atomic.Int32
	round   atomic.Uint32
}

// spins is how often a goroutine looks for the others before it lets others
// run on its processor, of which there may be too few. That must be rare: a
// goroutine that gives way is not running when the chunk begins.
const spins = 1 << 23

// wait returns when all parties have called it.
func (b *barrier) wait() {
	round := b.round.Load()
	if b.arrived.Add(1) == b.parties {
		b.arrived.Store(0)
		b.round.Add(1)
		return
	}
	for i := 1; b.round.Load() == round; i++ {
		if i%spins == 0 {
			runtime.Gosched()
		}
	}
}

// span is when a goroutine did its part of a chunk.
type span struct{ began, ended time.Duration }

// runChunks lets goroutines do chunks of updates at the same time and returns
// how long each chunk took, from the first goroutine's start to the last one's
// end.
func runChunks(run func(n int), goroutines, chunks, each int) []time.Duration {
	meet := &barrier{parties: int32(goroutines)}
	spans := make([][]span, goroutines)
	origin := time.Now()
	var done sync.WaitGroup
	for g := range goroutines {
		spans[g] = make([]span, chunks)
		done.Go(func() {
			if goroutines > 1 {
				// The thread is not unlocked, and so ends with the goroutine:
				// nothing else ever runs on a thread that is bound to a core.
				runtime.LockOSThread()
				pin(g)
			}
			for chunk := range spans[g] {
				meet.wait()
				began := time.Since(origin)
				run(each)
				spans[g][chunk] = span{began, time.Since(origin)}
			}
		})
	}
	done.Wait()
	return extents(spans, chunks)
}

// extents returns the time from the first start to the last end of each chunk.
func extents(spans [][]span, chunks int) []time.Duration {
	took := make([]time.Duration, chunks)
	for chunk := range took {
		whole := spans[0][chunk]
		for _, of := range spans[1:] {
			whole.began = min(whole.began, of[chunk].began)
			whole.ended = max(whole.ended, of[chunk].ended)
		}
		took[chunk] = whole.ended - whole.began
	}
	return took
}
