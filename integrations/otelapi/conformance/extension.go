package conformance

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/x"
)

func extensionChecks() []check {
	return []check{
		{name: "extension/default attributes", rule: "attributes that are not among the default ones are left out", run: defaultAttributes},
		{name: "extension/unsafe attributes", rule: "attributes that are not made into a set count like others, and have the last word", run: unsafeAttributes},
		{name: "extension/settable", rule: "an option can be used again with other attributes", run: settable},
		{name: "extension/bind", rule: "instruments can be bound to attributes", run: bind},
		{name: "extension/bind and add", rule: "a bound instrument takes further attributes", run: bindAndAdd},
		{name: "extension/finish", rule: "a series that was finished is shown once more and then gone", run: finish},
		{name: "extension/finish unknown", rule: "finishing what is not there, or is merged, changes nothing", config: Config{CardinalityLimit: limit}, run: finishUnknown},
	}
}

func defaultAttributes(p *probe) {
	c := must[metric.Int64Counter](p)(p.meter().Int64Counter("requests", x.WithDefaultAttributes("a")))
	c.Add(p.ctx, 1, with(attribute.Int("a", 1), attribute.Int("b", 1)))
	c.Add(p.ctx, 2, with(attribute.Int("a", 1), attribute.Int("b", 2)))
	c.Add(p.ctx, 4, with(attribute.Int("b", 2)))
	g := must[metric.Int64ObservableUpDownCounter](p)(p.meter().Int64ObservableUpDownCounter("observed", x.WithDefaultAttributes()))
	p.register(observing(func(o metric.Observer) {
		o.ObserveInt64(g, 1, with(attribute.Int("a", 1)))
		o.ObserveInt64(g, 2, with(attribute.Int("a", 2)))
	}), g)
	p.expect("requests", 3, 4)
	p.expect("observed", 3)
}

func unsafeAttributes(p *probe) {
	add := p.counter()
	add(1, x.WithUnsafeAttributes(attribute.Int("b", 2), attribute.Int("a", 1)))
	add(2, x.WithUnsafeAttributes(attribute.Int("a", 1), attribute.Int("b", 0), attribute.Int("b", 2)))
	add(4, x.WithUnsafeAttributes(attribute.Int("b", 2)), with(attribute.Int("a", 1), attribute.Int("b", 3)))
	add(8, with(attribute.Int("a", 1), attribute.Int("b", 2)))
	p.expect("requests", 15)
}

func settable(p *probe) {
	add := p.counter()
	set := metric.WithAttributeSet(*attribute.EmptySet())
	raw := x.WithUnsafeAttributes()
	for n := range 300 {
		kv := attribute.Int("n", n%3)
		set.(x.Settable[attribute.Set]).Set(attribute.NewSet(kv))
		raw.(x.Settable[[]attribute.KeyValue]).Set([]attribute.KeyValue{kv})
		add(1, set)
		add(1, raw)
	}
	p.expect("requests", 200, 200, 200)
}

// bound returns a bound counter, nil if the provider has none.
func (p *probe) bound(attributes ...attribute.KeyValue) metric.Int64Counter {
	c := must[metric.Int64Counter](p)(p.meter().Int64Counter("requests"))
	binder, is := c.(x.Int64CounterBinder)
	if !is {
		p.failf("a counter cannot be bound")
		return nil
	}
	return binder.Bind(attributes...)
}

func bind(p *probe) {
	attributes := []attribute.KeyValue{attribute.Int("b", 1), attribute.Int("a", 1)}
	c := p.bound(attributes...)
	if c == nil {
		return
	}
	attributes[0] = attribute.Int("b", 2)
	c.Add(p.ctx, 1)
	p.counter()(2, with(attribute.Int("a", 1), attribute.Int("b", 1)))
	p.collect()
	c.Add(p.ctx, 4)
	p.expect("requests", 7)
}

func bindAndAdd(p *probe) {
	c := p.bound(attribute.Int("a", 1))
	if c == nil {
		return
	}
	c.Add(p.ctx, 1, with(attribute.Int("b", 1)))
	c.Add(p.ctx, 2, with(attribute.Int("a", 2)))
	p.counter()(4, with(attribute.Int("b", 1), attribute.Int("a", 1)))
	p.expect("requests", 2, 5)
}

// finisher returns what finishes the series of a counter, nil if nothing does.
func (p *probe) finisher() x.Finisher {
	f, is := must[metric.Int64Counter](p)(p.meter().Int64Counter("requests")).(x.Finisher)
	if !is {
		p.failf("series of a counter cannot be finished")
	}
	return f
}

func finish(p *probe) {
	f := p.finisher()
	if f == nil {
		return
	}
	add := p.counter()
	add(1, with(attribute.Int("a", 1), attribute.Int("b", 1)))
	add(2, with(attribute.Int("a", 1)))
	add(4)
	f.Finish(p.ctx, attribute.Int("b", 1), attribute.Int("a", 0), attribute.Int("a", 1))
	p.expect("requests", 1, 2, 4)
	p.collect()
	p.expect("requests", 2, 4)
	f.Finish(p.ctx)
	p.expect("requests", 2, 4)
	p.collect()
	p.expect("requests", 2)
	add(8, with(attribute.Int("b", 1), attribute.Int("a", 1)))
	p.expect("requests", 2, 8)
}

func finishUnknown(p *probe) {
	f := p.finisher()
	if f == nil {
		return
	}
	add := p.counter()
	for n := range 50 {
		add(1, with(attribute.Int("n", n)))
	}
	f.Finish(p.ctx)
	f.Finish(p.ctx, attribute.Int("n", 49))
	f.Finish(p.ctx, attribute.Int("n", 1), attribute.Int("m", 1))
	before := p.collect().named("requests").values()
	for range 3 {
		if after := p.collect().named("requests").values(); !slices.Equal(before, after) {
			p.failf("finishing what is not there changed %v to %v", before, after)
		}
	}
}
