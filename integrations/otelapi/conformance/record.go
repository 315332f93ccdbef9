package conformance

import (
	"math"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

func recordChecks() []check {
	return []check{
		{name: "record/counter", rule: "a counter adds up", run: counters},
		{name: "record/up-down counter", rule: "an up-down counter goes up and down", run: upDownCounters},
		{name: "record/gauge", rule: "a gauge has the value recorded last", run: gauges},
		{name: "record/histogram", rule: "a histogram counts by the bounds that it was advised of, which are inclusive", run: histograms},
		{name: "record/negative", rule: "a counter does not fall", run: negative},
		{name: "record/not finite sum", rule: "a value that is not finite does no harm to a sum", run: notFiniteSum},
		{name: "record/not finite gauge", rule: "a value that is not finite does no harm to a gauge", run: notFiniteGauge},
		{name: "record/not finite histogram", rule: "a value that is not finite does no harm to a histogram", run: notFiniteHistogram},
		{name: "record/large", rule: "a counter in int64 is exact beyond 2^53", run: largeCounter},
		{name: "record/enabled", rule: "an instrument that records says that it is enabled", run: enabled},
		{name: "record/concurrent", rule: "no update is lost beside others and collections", run: concurrentUpdates},
	}
}

func counters(p *probe) {
	m := p.meter()
	i := must[metric.Int64Counter](p)(m.Int64Counter("ints"))
	f := must[metric.Float64Counter](p)(m.Float64Counter("floats"))
	for range 3 {
		i.Add(p.ctx, 2)
		f.Add(p.ctx, .5)
	}
	i.Add(p.ctx, 0)
	p.expect("ints", 6)
	p.expect("floats", 1.5)
	i.Add(p.ctx, 1)
	p.expect("ints", 7)
}

func upDownCounters(p *probe) {
	m := p.meter()
	i := must[metric.Int64UpDownCounter](p)(m.Int64UpDownCounter("ints"))
	f := must[metric.Float64UpDownCounter](p)(m.Float64UpDownCounter("floats"))
	i.Add(p.ctx, 2)
	i.Add(p.ctx, -5)
	f.Add(p.ctx, .5)
	f.Add(p.ctx, -.75)
	p.expect("ints", -3)
	p.expect("floats", -.25)
}

func gauges(p *probe) {
	m := p.meter()
	i := must[metric.Int64Gauge](p)(m.Int64Gauge("ints"))
	f := must[metric.Float64Gauge](p)(m.Float64Gauge("floats"))
	for v := range 3 {
		i.Record(p.ctx, int64(-v))
		f.Record(p.ctx, float64(v)/2)
	}
	p.expect("ints", -2)
	p.expect("floats", 1)
}

func histograms(p *probe) {
	m := p.meter()
	bounds := metric.WithExplicitBucketBoundaries(1, 2)
	i := must[metric.Int64Histogram](p)(m.Int64Histogram("ints", bounds))
	f := must[metric.Float64Histogram](p)(m.Float64Histogram("floats", bounds))
	for v := range 4 {
		i.Record(p.ctx, int64(v))
		f.Record(p.ctx, float64(v))
	}
	for _, name := range []string{"ints", "floats"} {
		found := p.collect().named(name)
		if len(found) != 1 {
			p.failf("%s has %d series, want 1", name, len(found))
			continue
		}
		h := found[0]
		if h.Count != 4 || h.Value != 6 || !slices.Equal(h.Bounds, []float64{1, 2}) || !slices.Equal(h.Counts, []uint64{2, 1, 1}) {
			p.failf("%s is %+v, want 4 values with the sum 6, of which 2, 1 and 1 are in the buckets up to 1, 2 and infinity", name, h)
		}
	}
}

func negative(p *probe) {
	m := p.meter()
	i := must[metric.Int64Counter](p)(m.Int64Counter("ints"))
	f := must[metric.Float64Counter](p)(m.Float64Counter("floats"))
	i.Add(p.ctx, 5)
	i.Add(p.ctx, -3)
	f.Add(p.ctx, 5)
	f.Add(p.ctx, -3)
	p.expect("ints", 5)
	p.expect("floats", 5)
}

var notFinite = []float64{math.NaN(), math.Inf(1), math.Inf(-1)}

func notFiniteSum(p *probe) {
	m := p.meter()
	c := must[metric.Float64Counter](p)(m.Float64Counter("counter"))
	u := must[metric.Float64UpDownCounter](p)(m.Float64UpDownCounter("updown"))
	c.Add(p.ctx, 1)
	u.Add(p.ctx, 1)
	for _, v := range notFinite {
		c.Add(p.ctx, v)
		u.Add(p.ctx, v)
	}
	p.expect("counter", 1)
	p.expect("updown", 1)
}

func notFiniteGauge(p *probe) {
	g := must[metric.Float64Gauge](p)(p.meter().Float64Gauge("gauge"))
	g.Record(p.ctx, 1)
	for _, v := range notFinite {
		g.Record(p.ctx, v)
	}
	p.expect("gauge", 1)
}

func notFiniteHistogram(p *probe) {
	h := must[metric.Float64Histogram](p)(p.meter().Float64Histogram("histogram"))
	h.Record(p.ctx, 1)
	for _, v := range notFinite {
		h.Record(p.ctx, v)
	}
	p.expect("histogram", 1)
}

func largeCounter(p *probe) {
	c := must[metric.Int64Counter](p)(p.meter().Int64Counter("ints"))
	// A sum in float64 would stay where it is.
	c.Add(p.ctx, 1<<53)
	c.Add(p.ctx, 1)
	c.Add(p.ctx, 1)
	p.expect("ints", 1<<53+2)
}

func enabled(p *probe) {
	m := p.meter()
	if !must[metric.Int64Counter](p)(m.Int64Counter("a")).Enabled(p.ctx) ||
		!must[metric.Float64Histogram](p)(m.Float64Histogram("b")).Enabled(p.ctx) ||
		!must[metric.Float64Gauge](p)(m.Float64Gauge("c")).Enabled(p.ctx) {
		p.failf("an instrument says that it is not enabled")
	}
}

func concurrentUpdates(p *probe) {
	const goroutines, each = 8, 500
	m := p.meter()
	c := must[metric.Int64Counter](p)(m.Int64Counter("counter"))
	h := must[metric.Float64Histogram](p)(m.Float64Histogram("histogram"))
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for n := range each {
				set := metric.WithAttributes(attribute.Int("n", (n+g)%16), attribute.Bool("even", n%2 == 0))
				c.Add(p.ctx, 1, set)
				h.Record(p.ctx, 1, set)
			}
		})
	}
	for range 5 {
		p.collect()
	}
	wg.Wait()
	all := p.collect()
	for _, name := range []string{"counter", "histogram"} {
		if got := all.named(name).total(); got != goroutines*each {
			p.failf("%s has counted %v of %d updates", name, got, goroutines*each)
		}
	}
}
