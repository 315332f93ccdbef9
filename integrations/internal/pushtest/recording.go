package pushtest

import (
	"fmt"
	"math/rand/v2"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// Bounds are those of the histograms of Record.
var Bounds = []float64{-1, 0.5, 10}

// Recorded is told what Record records under a value of the label l. All numbers
// are such that their sums are exact.
type Recorded interface {
	Counted(name, label string, n int64)
	Set(name, label string, v float64)
	Observed(name, label string, v float64)
}

// Record records at random, under labels, in some counters, gauges and histograms
// of a new registry.
func Record(random *rand.Rand, labels []string, told Recorded) *registry.Registry {
	r := registry.New(registry.Options{})
	scope := meter.New(r)
	for i := range 1 + random.IntN(5) {
		name := fmt.Sprintf("m%d", i)
		calls := scope.Counter(name+"_total", meter.Keys("l"))
		level := scope.Gauge(name, meter.Keys("l"))
		sizes := scope.Histogram(name+"_sizes", meter.Keys("l"), meter.Buckets(Bounds...))
		for range random.IntN(50) {
			l := labels[random.IntN(len(labels))]
			n, v := random.Int64N(1000), float64(random.IntN(4000))/128-20
			calls.Add(n, l)
			told.Counted(name+"_total", l, n)
			level.Set(v, l)
			told.Set(name, l, v)
			sizes.Observe(v, l)
			told.Observed(name+"_sizes", l, v)
		}
	}
	return r
}
