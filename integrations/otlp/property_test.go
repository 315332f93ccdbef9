package otlp_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/metertree/metertree/integrations/otlp"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Random metrics with random updates arrive as the registry holds them.
func TestRandomRegistriesArrive(t *testing.T) {
	eachTemporality(t, func(t *testing.T, temporality metric.Temporality) {
		for seed := range uint64(40) {
			f := newReceiver(t, otlp.HTTP)
			random := rand.New(rand.NewPCG(seed, 2))
			w := &workload{registry: registry.New(registry.Options{}), random: random}
			e := newExporter(t, otlp.HTTP, f, func(o *otlp.Options) { o.RequestBytes = 1 << (8 + random.IntN(12)) })
			pipe := newPipeline(t, w.registry, temporality, e)
			updates := randomMetrics(w.registry, random)
			for range 1 + random.IntN(4) {
				for range random.IntN(300) {
					updates[random.IntN(len(updates))]()
				}
				pipe.mustPush(t)
			}
			w.mustBeIn(t, f.taken(), temporality)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	})
}

// randomMetrics defines metrics of all kinds, and returns what updates each.
func randomMetrics(r *registry.Registry, random *rand.Rand) (updates []func()) {
	values := []string{"", "a", "b", " ", `"`, `\`, "\n", "\x00", "é", "日本", "\u2028"}
	for i := range 1 + random.IntN(12) {
		s := meter.New(r).Scope("s").With("const", values[random.IntN(len(values))])
		keys := []string{"k1", "k2", "k3"}[:random.IntN(4)]
		labels := func() []string {
			l := make([]string, len(keys))
			for j := range l {
				l[j] = values[random.IntN(len(values))]
			}
			return l
		}
		updates = append(updates, randomMetric(s, fmt.Sprintf("m%d", i), meter.Keys(keys...), random, labels))
	}
	return updates
}

func randomMetric(s meter.Scope, name string, keys meter.Option, random *rand.Rand, labels func() []string) (update func()) {
	value := func() float64 {
		return []float64{0, 1, -1, random.NormFloat64(), math.Exp(random.NormFloat64() * 20), -math.Exp(random.NormFloat64() * 20)}[random.IntN(6)]
	}
	observe := func(h meter.Histogram) func() { return func() { h.Observe(value(), labels()...) } }
	switch random.IntN(9) {
	case 0:
		c := s.Counter(name+"_total", keys)
		return func() { c.Add(random.Int64N(1<<uint(1+random.IntN(40))), labels()...) }
	case 1:
		c := s.FloatCounter(name+"_total", keys)
		return func() { c.Add(math.Abs(value()), labels()...) }
	case 2:
		c := s.UpDownCounter(name, keys)
		return func() { c.Add(random.Int64N(100)-50, labels()...) }
	case 3:
		g := s.Gauge(name, keys)
		return func() { g.Set(value(), labels()...) }
	case 4:
		bounds := make([]float64, random.IntN(20))
		for i := range bounds {
			bounds[i] = value()
		}
		slices.Sort(bounds)
		return observe(s.Histogram(name, keys, meter.Buckets(slices.Compact(bounds)...)))
	case 5:
		return observe(s.Histogram(name, keys, meter.Exponential(1+random.IntN(200))))
	case 6:
		return observe(s.Histogram(name, keys, meter.MinMaxSumCount()))
	case 7:
		return observe(s.Histogram(name, keys, meter.Exact(1+random.IntN(50))))
	default:
		return observe(s.Histogram(name, keys))
	}
}
