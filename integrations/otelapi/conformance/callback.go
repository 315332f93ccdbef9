package conformance

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

func callbackChecks() []check {
	brief := Config{CallbackTimeout: 50 * time.Millisecond}
	return []check{
		{name: "callback/own", rule: "observables are read by their own callbacks", run: ownCallbacks},
		{name: "callback/shared", rule: "a callback may observe several instruments", run: sharedCallback},
		{name: "callback/absolute", rule: "an observed sum is a total, not an addition", run: absoluteSums},
		{name: "callback/unobserved", rule: "what is no longer observed is no longer shown", run: unobserved},
		{name: "callback/added", rule: "the callbacks of identical observables are all called", run: addedCallbacks},
		{name: "callback/unregister", rule: "a callback that was unregistered is not called", run: unregister},
		{name: "callback/unregister twice", rule: "a callback can be unregistered again", run: unregisterTwice},
		{name: "callback/unregister within", rule: "a callback can unregister itself", run: unregisterWithin},
		{name: "callback/create within", rule: "a callback can make instruments", run: createWithin},
		{name: "callback/register within", rule: "a callback can register another", run: registerWithin},
		{name: "callback/record within", rule: "a callback can record", run: recordWithin},
		{name: "callback/error", rule: "an error of a callback loses nothing, and is reported", run: failingCallback},
		{name: "callback/panic", rule: "a panic of a callback loses nothing of the others, and is reported", run: panickingCallback},
		{name: "callback/undeclared", rule: "a callback observes only what it was registered with, and else that is reported", run: undeclared},
		{name: "callback/foreign", rule: "observables of another provider are an error", run: foreignObservable},
		{name: "callback/other meter", rule: "observables of another meter are an error", run: otherMeter},
		{name: "callback/without instruments", rule: "a callback without instruments is not called", run: withoutInstruments},
		{name: "callback/deadline", rule: "a callback that does not return holds up nothing else", config: brief, run: slowCallback},
		{name: "callback/context", rule: "callbacks have a deadline", run: deadlineOfCallbacks},
		{name: "callback/parallel", rule: "callbacks run at the same time", run: parallelCallbacks},
		{name: "callback/not finite", rule: "an observed value that is not finite does no harm", run: notFiniteObservations},
		{name: "callback/late", rule: "an observer is of no use after its callback", run: lateObservation},
	}
}

// observing makes a callback of a function that neither waits nor fails.
func observing(f func(metric.Observer)) metric.Callback {
	return func(_ context.Context, o metric.Observer) error {
		f(o)
		return nil
	}
}

// register registers a callback and fails if that is an error.
func (p *probe) register(f metric.Callback, of ...metric.Observable) metric.Registration {
	r, err := p.meter().RegisterCallback(f, of...)
	if err != nil {
		p.failf("registering a callback: %v", err)
	}
	return r
}

// gauge makes an observable gauge.
func (p *probe) gauge(name string) metric.Int64ObservableGauge {
	return must[metric.Int64ObservableGauge](p)(p.meter().Int64ObservableGauge(name))
}

func ownCallbacks(p *probe) {
	m := p.meter()
	ints := metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(1)
		o.Observe(2, with(attribute.Int("a", 1)))
		return nil
	})
	floats := metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
		o.Observe(.5)
		return nil
	})
	must[metric.Int64ObservableCounter](p)(m.Int64ObservableCounter("a", ints))
	must[metric.Int64ObservableUpDownCounter](p)(m.Int64ObservableUpDownCounter("b", ints))
	must[metric.Int64ObservableGauge](p)(m.Int64ObservableGauge("c", ints))
	must[metric.Float64ObservableCounter](p)(m.Float64ObservableCounter("d", floats))
	must[metric.Float64ObservableUpDownCounter](p)(m.Float64ObservableUpDownCounter("e", floats))
	must[metric.Float64ObservableGauge](p)(m.Float64ObservableGauge("f", floats))
	for _, name := range []string{"a", "b", "c"} {
		p.expect(name, 1, 2)
	}
	for _, name := range []string{"d", "e", "f"} {
		p.expect(name, .5)
	}
}

func sharedCallback(p *probe) {
	a, b := p.gauge("a"), must[metric.Float64ObservableCounter](p)(p.meter().Float64ObservableCounter("b"))
	calls := 0
	p.register(observing(func(o metric.Observer) {
		calls++
		o.ObserveInt64(a, 1)
		o.ObserveFloat64(b, 2)
	}), a, b)
	all := p.collect()
	if calls != 1 || all.named("a").total() != 1 || all.named("b").total() != 2 {
		p.failf("a callback of two instruments was called %d times and they have %v and %v, want once, 1 and 2", calls, all.named("a").values(), all.named("b").values())
	}
}

func absoluteSums(p *probe) {
	var total atomic.Int64
	c := must[metric.Int64ObservableCounter](p)(p.meter().Int64ObservableCounter("observed"))
	p.register(observing(func(o metric.Observer) { o.ObserveInt64(c, total.Load()) }), c)
	for _, v := range []int64{10, 10, 15} {
		total.Store(v)
		p.expect("observed", float64(v))
	}
}

func unobserved(p *probe) {
	g := p.gauge("observed")
	n := 0
	p.register(observing(func(o metric.Observer) {
		n++
		o.ObserveInt64(g, int64(n), with(attribute.Int("n", n)))
	}), g)
	for v := range 3 {
		p.expect("observed", float64(v+1))
	}
}

func addedCallbacks(p *probe) {
	m := p.meter()
	for n := range 2 {
		must[metric.Int64ObservableGauge](p)(m.Int64ObservableGauge("observed", metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(n), with(attribute.Int("n", n)))
			return nil
		})))
	}
	p.expect("observed", 0, 1)
}

func unregister(p *probe) {
	g := p.gauge("observed")
	calls := 0
	r := p.register(observing(func(o metric.Observer) {
		calls++
		o.ObserveInt64(g, 1)
	}), g)
	p.expect("observed", 1)
	if err := r.Unregister(); err != nil {
		p.failf("unregistering: %v", err)
	}
	p.expect("observed")
	if calls != 1 {
		p.failf("the callback was called %d times, want once", calls)
	}
}

func unregisterTwice(p *probe) {
	g := p.gauge("observed")
	r := p.register(observing(func(o metric.Observer) { o.ObserveInt64(g, 1) }), g)
	p.collect()
	for range 2 {
		if err := r.Unregister(); err != nil {
			p.failf("unregistering: %v", err)
		}
	}
}

func unregisterWithin(p *probe) {
	g := p.gauge("observed")
	var r metric.Registration
	calls := 0
	r = p.register(observing(func(o metric.Observer) {
		calls++
		o.ObserveInt64(g, 1)
		if err := r.Unregister(); err != nil {
			p.failf("unregistering: %v", err)
		}
	}), g)
	p.collect()
	p.collect()
	if calls != 1 {
		p.failf("the callback was called %d times, want once", calls)
	}
}

func createWithin(p *probe) {
	g := p.gauge("observed")
	p.register(observing(func(o metric.Observer) {
		o.ObserveInt64(g, 1)
		must[metric.Int64Counter](p)(p.meter().Int64Counter("within")).Add(p.ctx, 1)
		must[metric.Int64ObservableGauge](p)(p.meter().Int64ObservableGauge("observable"))
	}), g)
	p.collect()
	p.expect("within", 2)
}

func registerWithin(p *probe) {
	g, other := p.gauge("observed"), p.gauge("other")
	once := false
	p.register(observing(func(metric.Observer) {
		if !once {
			once = true
			p.register(observing(func(o metric.Observer) { o.ObserveInt64(other, 1) }), other)
		}
	}), g)
	p.collect()
	p.expect("other", 1)
}

func recordWithin(p *probe) {
	g := p.gauge("observed")
	add := p.counter()
	p.register(observing(func(o metric.Observer) {
		add(1, with(attribute.Int("a", 1)))
		o.ObserveInt64(g, 1)
	}), g)
	p.collect()
	p.expect("requests", 2)
}

// beside runs a callback that goes wrong beside one that does not and a counter, and
// fails unless what these have, and what the first has observed before, is shown.
func (p *probe) beside(wrong func() error) {
	before := p.reports()
	bad, good := p.gauge("bad"), p.gauge("good")
	p.counter()(1)
	p.register(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(bad, 1)
		return wrong()
	}, bad)
	p.register(observing(func(o metric.Observer) { o.ObserveInt64(good, 2) }), good)
	for range 2 {
		all, err := p.Collect(p.ctx)
		if err == nil {
			p.reported(before, "a callback that failed")
		}
		for name, want := range map[string]float64{"requests": 1, "bad": 1, "good": 2} {
			if got := points(all).named(name); len(got) != 1 || got[0].Value != want {
				p.failf("%s has %v, want %v", name, got.values(), want)
			}
		}
	}
}

func failingCallback(p *probe) { p.beside(func() error { return errors.New("failed") }) }

func panickingCallback(p *probe) { p.beside(func() error { panic("panicked") }) }

func undeclared(p *probe) {
	before := p.reports()
	g, other := p.gauge("observed"), p.gauge("other")
	p.register(observing(func(o metric.Observer) {
		o.ObserveInt64(g, 1)
		o.ObserveInt64(other, 2)
		o.ObserveInt64(noop.Int64ObservableGauge{}, 3)
	}), g)
	p.expect("observed", 1)
	p.expect("other")
	p.reported(before, "an observation of an instrument that the callback was not registered with")
}

func foreignObservable(p *probe) {
	if _, err := p.meter().RegisterCallback(observing(func(metric.Observer) {}), noop.Int64ObservableGauge{}); err == nil {
		p.failf("a callback of an observable of another provider is registered without an error")
	}
}

func otherMeter(p *probe) {
	g := must[metric.Int64ObservableGauge](p)(p.Provider.Meter("other").Int64ObservableGauge("observed"))
	if _, err := p.meter().RegisterCallback(observing(func(metric.Observer) {}), g); err == nil {
		p.failf("a callback of an observable of another meter is registered without an error")
	}
}

func withoutInstruments(p *probe) {
	called := false
	r := p.register(observing(func(metric.Observer) { called = true }))
	p.collect()
	if called {
		p.failf("a callback without instruments was called")
	}
	if err := r.Unregister(); err != nil {
		p.failf("unregistering: %v", err)
	}
}

func slowCallback(p *probe) {
	before := p.reports()
	slow, good := p.gauge("slow"), p.gauge("good")
	release := make(chan struct{})
	defer close(release)
	p.register(observing(func(metric.Observer) { <-release }), slow)
	p.register(observing(func(o metric.Observer) { o.ObserveInt64(good, 2) }), good)
	p.counter()(1)
	for range 2 {
		p.expect("good", 2)
		p.expect("requests", 1)
	}
	p.reported(before, "a callback that did not return")
}

func deadlineOfCallbacks(p *probe) {
	g := p.gauge("observed")
	has := false
	p.register(func(ctx context.Context, _ metric.Observer) error {
		_, has = ctx.Deadline()
		return nil
	}, g)
	p.collect()
	if !has {
		p.failf("the context of a callback has no deadline")
	}
}

func parallelCallbacks(p *probe) {
	a, b := p.gauge("a"), p.gauge("b")
	met := make(chan struct{})
	p.register(observing(func(o metric.Observer) {
		met <- struct{}{}
		o.ObserveInt64(a, 1)
	}), a)
	p.register(observing(func(o metric.Observer) {
		<-met
		o.ObserveInt64(b, 1)
	}), b)
	p.collect()
}

func notFiniteObservations(p *probe) {
	g := must[metric.Float64ObservableGauge](p)(p.meter().Float64ObservableGauge("gauge"))
	c := must[metric.Float64ObservableCounter](p)(p.meter().Float64ObservableCounter("counter"))
	p.register(observing(func(o metric.Observer) {
		o.ObserveFloat64(g, 1)
		o.ObserveFloat64(c, 1)
		o.ObserveFloat64(g, math.NaN())
		o.ObserveFloat64(c, math.Inf(1))
	}), g, c)
	p.expect("gauge", 1)
	p.expect("counter", 1)
}

func lateObservation(p *probe) {
	g := p.gauge("observed")
	var kept metric.Observer
	p.register(observing(func(o metric.Observer) {
		if kept == nil {
			kept = o
			o.ObserveInt64(g, 1)
		}
	}), g)
	p.expect("observed", 1)
	kept.ObserveInt64(g, 2)
	p.expect("observed")
}
