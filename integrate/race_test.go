package integrate

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// TestUpdatesWhileCollecting updates on every processor, while series are
// forgotten and deleted, while two integrators collect whose deliveries fail at
// times, and while their views are replaced. Not one update may be lost or
// counted twice.
func TestUpdatesWhileCollecting(t *testing.T) {
	const updates = 30_000
	r := registry.New(registry.Options{ForgetAfter: 1})
	d := metric.Descriptor{Kind: metric.Counter, Keys: []string{"a", "b"}}
	d.Name = "ints_total"
	ints := define(t, r, d)
	d.Name, d.Kind, d.Bounds = "sizes", metric.Histogram, []float64{1, 2}
	sizes := define(t, r, d)
	// These keep the groups alive, so that their totals never begin anew.
	ints.Bind([]string{"", ""})
	sizes.Bind([]string{"", ""})

	none := newViews(t, View{Keep: []string{}})
	deltas := newIntegrator(t, r, Options{Temporality: metric.Delta})
	running := newIntegrator(t, r, Options{Views: none})
	var recorded atomic.Int64
	var writers sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		writers.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 3))
			for range updates {
				a, b, n := fmt.Sprint(rng.IntN(5)), fmt.Sprint(rng.IntN(5)), int64(rng.IntN(3))
				recorded.Add(n)
				ints.AddInt(n, a, b)
				sizes.Observe(float64(n), a, b)
				if rng.IntN(50) == 0 {
					ints.Delete(a, b)
					sizes.Delete(a, b)
				}
			}
		})
	}
	var done atomic.Bool
	go func() {
		writers.Wait()
		done.Store(true)
	}()
	var acked sum
	choices := []*Views{nil, none, newViews(t, View{Keep: []string{"a"}}), newViews(t, View{Match: Match{Name: "sizes"}, Buckets: []float64{}})}
	for step := 0; !done.Load(); step++ {
		c := take(t, deltas)
		if step%3 > 0 {
			acked.add(c)
			ack(t, c)
		} else if err := deltas.Replace(choices[step%len(choices)]); err != nil {
			t.Fatal(err)
		}
		take(t, running)
		runtime.Gosched()
	}
	var total sum
	for range 3 {
		collectGarbage()
		c := take(t, deltas)
		acked.add(c)
		ack(t, c)
		total = sum{}
		total.add(take(t, running))
	}
	want := sum{recorded.Load(), float64(recorded.Load()), uint64(runtime.GOMAXPROCS(0)) * updates}
	if acked != want || total != want {
		t.Errorf("acknowledged %v, in total %v, recorded %v", acked, total, want)
	}
}

// sum adds up a counter, and the sum and count of a histogram, over all labels.
type sum struct {
	ints  int64
	sizes float64
	count uint64
}

func (s *sum) add(c *Checkpoint) {
	for f := range c.Families() {
		for p := range f.Points {
			switch f.Descriptor.Name {
			case "ints_total":
				s.ints += p.Int
			case "sizes":
				s.sizes += p.Histogram.Sum
				s.count += p.Histogram.Count()
			}
		}
	}
}
