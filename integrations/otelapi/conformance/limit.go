package conformance

import (
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

const limit = 10

func limitChecks() []check {
	limited := Config{CardinalityLimit: limit}
	return []check{
		{name: "limit/total", rule: "beyond the limit nothing is lost, and what is merged is marked", config: limited, run: limitKeepsTotal},
		{name: "limit/exact", rule: "as many sets are kept apart as the limit says", config: limited, run: limitIsExact},
		{name: "limit/known", rule: "sets that were there before the limit was reached stay apart", config: limited, run: limitKeepsKnown},
		{name: "limit/new keys", rule: "the limit is one for all sets, whatever their keys", config: limited, run: limitCountsAllKeys},
		{name: "limit/histogram", rule: "histograms are limited too", config: limited, run: limitOfHistograms},
		{name: "limit/gauge", rule: "gauges are limited too, and show the last value of the others", config: limited, run: limitOfGauges},
		{name: "limit/observable", rule: "observable instruments are limited in each collection anew", config: limited, run: limitOfObservables},
		{name: "limit/concurrent", rule: "concurrent updates do not exceed the limit", config: limited, run: limitHoldsConcurrently},
		{name: "limit/reported", rule: "that the limit was reached is reported", config: limited, run: limitIsReported},
	}
}

// split returns the points apart and those merged.
func (all points) split() (apart, merged points) {
	for _, p := range all {
		if p.Overflow {
			merged = append(merged, p)
		} else {
			apart = append(apart, p)
		}
	}
	return apart, merged
}

func (p *probe) expectLimited(name string, total float64) {
	all := p.collect().named(name)
	apart, merged := all.split()
	if len(apart) > limit || len(apart) < limit-1 || len(merged) != 1 || all.total() != total {
		p.failf("%s has %d sets apart and %d merged with the total %v, want %d and 1 with %v", name, len(apart), len(merged), all.total(), limit, total)
	}
}

func limitKeepsTotal(p *probe) {
	add := p.counter()
	for n := range 50 {
		add(1, with(attribute.Int("n", n)))
	}
	p.expectLimited("requests", 50)
}

func limitIsExact(p *probe) {
	add := p.counter()
	for n := range limit {
		add(1, with(attribute.Int("n", n)))
	}
	if _, merged := p.collect().named("requests").split(); len(merged) != 0 {
		p.failf("with %d sets, as many as the limit, some are merged", limit)
	}
	add(1, with(attribute.Int("n", limit)))
	if apart, _ := p.collect().named("requests").split(); len(apart) != limit {
		p.failf("%d sets are apart, want %d", len(apart), limit)
	}
}

func limitKeepsKnown(p *probe) {
	add := p.counter()
	for range 2 {
		for n := range 50 {
			add(1, with(attribute.Int("n", n)))
		}
	}
	if got := p.collect().named("requests").with(map[string]string{"n": "0"}); len(got) != 1 || got[0] != 2 {
		p.failf("the first set has %v, want 2", got)
	}
}

func limitCountsAllKeys(p *probe) {
	add := p.counter()
	for n := range 50 {
		add(1, with(attribute.Int("n"+string(rune('a'+n%7)), n)))
	}
	p.expectLimited("requests", 50)
}

func limitOfHistograms(p *probe) {
	h := must[metric.Float64Histogram](p)(p.meter().Float64Histogram("histogram"))
	for n := range 50 {
		h.Record(p.ctx, 1, with(attribute.Int("n", n)))
	}
	p.expectLimited("histogram", 50)
}

func limitOfGauges(p *probe) {
	g := must[metric.Float64Gauge](p)(p.meter().Float64Gauge("gauge"))
	for n := range 50 {
		g.Record(p.ctx, float64(n), with(attribute.Int("n", n)))
	}
	apart, merged := p.collect().named("gauge").split()
	if len(apart) > limit || len(apart) < limit-1 || len(merged) != 1 || merged[0].Value != 49 {
		p.failf("there are %d sets apart and the others have %v, want %d and 49", len(apart), merged.values(), limit)
	}
}

func limitOfObservables(p *probe) {
	from := 0
	c := must[metric.Int64ObservableUpDownCounter](p)(p.meter().Int64ObservableUpDownCounter("observed"))
	_, err := p.meter().RegisterCallback(observing(func(o metric.Observer) {
		for n := range 50 {
			o.ObserveInt64(c, 1, with(attribute.Int("n", from+n)))
		}
	}), c)
	if err != nil {
		p.failf("registering a callback: %v", err)
	}
	for range 3 {
		p.expectLimited("observed", 50)
		from += 1000
	}
}

func limitHoldsConcurrently(p *probe) {
	add := p.counter()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for n := range 100 {
				add(1, with(attribute.Int("n", n*8+g)))
			}
		})
	}
	wg.Wait()
	p.expectLimited("requests", 800)
}

func limitIsReported(p *probe) {
	before := p.reports()
	add := p.counter()
	for n := range 50 {
		add(1, with(attribute.Int("n", n)))
	}
	p.collect()
	p.reported(before, "an instrument at its limit")
}
