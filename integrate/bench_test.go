package integrate

import (
	"fmt"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// BenchmarkCheckpoint reduces series to 100 groups in the steady state, in which
// no series comes or goes: the whole of a checkpoint, its acknowledgement and
// the reading of what it shows.
func BenchmarkCheckpoint(b *testing.B) {
	for _, temporality := range []metric.Temporality{metric.Delta, metric.Cumulative} {
		for _, n := range []int{10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/%d", temporality, n), func(b *testing.B) {
				r := registry.New(registry.Options{SeriesBudget: n})
				requests := define(b, r, metric.Descriptor{
					Name: "requests_total", Kind: metric.Counter, Keys: []string{"op", "user"}, DefaultKeys: []string{"op"},
				})
				for i := range n {
					requests.AddInt(1, fmt.Sprint("op", i%100), fmt.Sprint("user", i))
				}
				in := newIntegrator(b, r, Options{Grouping: DefaultKeys, Temporality: temporality})
				checkpointAndAck(b, in)
				b.ReportAllocs()
				for b.Loop() {
					checkpointAndAck(b, in)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/series")
			})
		}
	}
}

// checkpointAndAck takes a checkpoint, reads all of it, and acknowledges it.
func checkpointAndAck(tb testing.TB, in *Integrator) (points int) {
	c := take(tb, in)
	for f := range c.Families() {
		for range f.Points {
			points++
		}
	}
	ack(tb, c)
	return points
}
