//go:build !metertree_off

package meter_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// TestBatchesLoseNothing applies batches from many goroutines while series are
// deleted and forgotten, checkpoints are taken and some are not acknowledged.
func TestBatchesLoseNothing(t *testing.T) {
	r := registry.New(registry.Options{ForgetAfter: 1})
	s := meter.New(r)
	counter := s.Counter("c_total", meter.Keys("a"))
	inflight := s.UpDownCounter("u", meter.Keys("a"))
	sizes := s.Histogram("h", meter.Keys("a"), meter.Buckets(1, 2))
	reader := r.NewReader()

	var recorded [3]atomic.Int64
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			var b meter.Batch
			for n := range int64(3000) {
				a := string(rune('a' + (n+int64(w))%5))
				b.Add(counter.Bind(a), n)
				b.AddUpDown(inflight.Bind(a), -n)
				b.Observe(sizes.Bind(a), 1)
				b.Apply()
				recorded[0].Add(n)
				recorded[1].Add(-n)
				recorded[2].Add(1)
				if n%64 == 0 {
					counter.Delete(a)
					sizes.Delete(a)
					runtime.Gosched()
				}
			}
		})
	}
	var told [3]int64
	take := func(ack bool) {
		c, err := reader.Checkpoint(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		now := deltas(c)
		if !ack {
			return
		}
		if err := c.Ack(); err != nil {
			t.Fatal(err)
		}
		for i, v := range now {
			told[i] += v
		}
	}
	for n := range 200 {
		take(n%3 > 0)
	}
	wg.Wait()
	for range 3 {
		runtime.GC() // ended series settle with a garbage collection
		take(true)
	}
	for i, name := range []string{"counter", "up-down counter", "histogram"} {
		if want := recorded[i].Load(); told[i] != want {
			t.Errorf("%s: told %d, recorded %d", name, told[i], want)
		}
	}
}

// deltas adds up what a checkpoint has of the counter, the up-down counter and
// the histogram's count.
func deltas(c *registry.Checkpoint) (sums [3]int64) {
	for f := range c.Families() {
		for p := range f.Points {
			switch {
			case f.Descriptor.Name == "c_total":
				sums[0] += p.Int
			case f.Descriptor.Kind == metric.UpDownCounter:
				sums[1] += p.Int
			case f.Descriptor.Kind == metric.Histogram:
				sums[2] += int64(p.Histogram.Count())
			}
		}
	}
	return sums
}
