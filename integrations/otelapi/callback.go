package otelapi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
)

// registration is a callback with the instruments it may observe.
type registration struct {
	embedded.Registration

	provider    *Provider
	call        func(context.Context, *observer) error
	instruments []*instrument
	gone        atomic.Bool

	mu sync.Mutex
	// current is the call under way; nil if there is none.
	current *run
	// results are what the last call that has returned observed.
	results map[*stream]observedValue
}

// observedValue is an observation with the instrument that it is of.
type observedValue struct {
	observation
	of *instrument
}

// run is one call of a callback.
type run struct {
	done chan struct{}
	// late is set when a collection has waited for it in vain.
	late bool
}

// Unregister ends the registration: collections that begin from then on neither
// call the callback nor show what it observed. It may be called by the callback
// itself, and more than once.
func (r *registration) Unregister() error {
	r.gone.Store(true)
	p := r.provider
	p.mu.Lock()
	defer p.mu.Unlock()
	p.registrations = slices.DeleteFunc(slices.Clone(p.registrations), func(have *registration) bool { return have == r })
	return nil
}

// register adds a callback.
func (p *Provider) register(instruments []*instrument, call func(context.Context, *observer) error) *registration {
	r := &registration{provider: p, call: call, instruments: instruments}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.registrations = append(slices.Clip(p.registrations), r)
	}
	return r
}

// RegisterCallback implements metric.Meter. All instruments must be of this meter:
// others are an error, and the callback is then registered with the rest.
func (m *meter) RegisterCallback(call api.Callback, of ...api.Observable) (api.Registration, error) {
	var instruments []*instrument
	var err error
	for _, o := range of {
		switch i := observed(o); {
		case i == nil:
			err = errors.Join(err, fmt.Errorf("otelapi: an observable of type %T is from another provider: register it with a meter of that", o))
		case i.meter != m:
			err = errors.Join(err, fmt.Errorf("otelapi: instrument %s is of the meter %q: register it with that, not with %q", i.identity, i.meter.scope.name, m.scope.name))
		default:
			instruments = append(instruments, i)
		}
	}
	if len(instruments) == 0 {
		return &registration{provider: m.provider}, err
	}
	return m.provider.register(instruments, func(ctx context.Context, o *observer) error { return call(ctx, o) }), err
}

// observer takes what one call of a callback observes.
type observer struct {
	embedded.Observer
	registration *registration

	mu     sync.Mutex
	closed bool
	values map[*stream]observedValue
}

// ObserveInt64 implements metric.Observer.
func (o *observer) ObserveInt64(of api.Int64Observable, v int64, options ...api.ObserveOption) {
	o.observe(of, value{integer: v, float: float64(v)}, options)
}

// ObserveFloat64 implements metric.Observer.
func (o *observer) ObserveFloat64(of api.Float64Observable, v float64, options ...api.ObserveOption) {
	o.observe(of, value{float: v}, options)
}

func (o *observer) observe(of api.Observable, v value, options []api.ObserveOption) {
	reports := o.registration.provider.reports
	i := observed(of)
	if i == nil {
		reports.once("", "foreign_observable", fmt.Errorf("otelapi: a callback observed a value of an instrument of type %T, which is from another provider: register it there", of))
		return
	}
	if !slices.Contains(o.registration.instruments, i) {
		reports.once(i.name, "undeclared_observation", fmt.Errorf("otelapi: a callback observed a value of instrument %s, which it was not registered with: name it in RegisterCallback", i.identity))
		return
	}
	if math.IsNaN(v.float) || math.IsInf(v.float, 0) {
		reports.once(i.name, "not_finite", fmt.Errorf("otelapi: a callback observed %v of instrument %s: leave values out that are not finite", v.float, i.identity))
		return
	}
	if s, at := i.place(options); at != nil {
		o.add(s, observedValue{observation{at, v}, i})
	}
}

// place returns the stream that options are for, with its point; nil if nothing is
// recorded.
func (i *instrument) place(options []api.ObserveOption) (*stream, *point) {
	set := api.NewObserveConfig(options).Attributes()
	all := sortedOnce(slices.Concat(attributesOf(&set), rawOf(options)))
	for !i.off.Load() {
		s := i.streamOf(i.filter.Load().apply(nil, all))
		i.mu.Lock()
		at := i.points[s]
		if at != nil {
			at.seen = i.provider.collection.Load()
		}
		i.mu.Unlock()
		if at != nil {
			return s, at
		}
		// A collection has let go of the stream just now.
	}
	return nil, nil
}

// streamOf returns the stream of what an observable instrument keeps of
// attributes, made if need be; nil if an attribute turned out to be left out.
func (i *instrument) streamOf(attributes []attribute.KeyValue) *stream {
	if s := i.odd.Load().find(hashOfAll(attributes), attributes); s != nil {
		return s
	}
	made := i.makeLocked(attributes)
	for _, p := range made.problems {
		i.provider.reports.once(i.name, p.reason, p.err)
	}
	return made.stream
}

func (o *observer) add(s *stream, v observedValue) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	if earlier, twice := o.values[s]; twice {
		v.value = earlier.plus(v.value, v.of.kind)
	}
	o.values[s] = v
}

// close ends the observer and returns what it has.
func (o *observer) close() map[*stream]observedValue {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	return o.values
}

// start returns the call under way, begun if there is none; nil if there is nothing
// to wait for.
func (r *registration) start(ctx context.Context) *run {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone.Load() {
		return nil
	}
	if r.current != nil {
		if r.current.late {
			return nil
		}
		return r.current
	}
	if !r.provider.begin() {
		return nil
	}
	c := &run{done: make(chan struct{})}
	r.current = c
	go r.run(ctx, c)
	return c
}

// begin notes that a callback is to run, unless the provider was shut down.
func (p *Provider) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.running.Add(1)
	return true
}

// run calls the callback and keeps what it observed, whatever became of it.
func (r *registration) run(ctx context.Context, c *run) {
	defer r.provider.running.Done()
	ctx, cancel := context.WithTimeout(ctx, r.provider.options.CallbackTimeout)
	defer cancel()
	defer context.AfterFunc(r.provider.stopped, cancel)()
	o := &observer{registration: r, values: map[*stream]observedValue{}}
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.results, r.current = o.close(), nil
		close(c.done)
	}()
	r.protect(func() error { return r.call(ctx, o) })
}

// protect reports what goes wrong in a callback.
func (r *registration) protect(call func() error) {
	reason, err := "callback_panic", errors.New("it ended its goroutine")
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
		if err != nil {
			r.provider.reports.once(r.subject(), reason, fmt.Errorf("otelapi: a callback of instrument %s failed; what it has observed is kept: %w", r.subject(), err))
		}
	}()
	err = call()
	reason = "callback_error"
}

// subject is the name of the instrument that the callback is known by.
func (r *registration) subject() string { return r.instruments[0].name }

// collect runs the callbacks, all at once, and makes what they have observed what
// the registry shows. It is called before every collection.
func (p *Provider) collect(ctx context.Context) {
	p.collection.Add(1)
	p.mu.Lock()
	registrations, instruments := p.registrations, p.instruments
	p.mu.Unlock()
	for _, i := range instruments {
		i.sweep()
	}
	p.await(ctx, registrations)
	p.publish(registrations, instruments)
}

// await runs callbacks and waits until all have returned, or the time is over.
func (p *Provider) await(ctx context.Context, registrations []*registration) {
	ctx, cancel := context.WithTimeout(ctx, p.options.CallbackTimeout)
	defer cancel()
	runs := make([]*run, len(registrations))
	for i, r := range registrations {
		runs[i] = r.start(ctx)
	}
	for i, c := range runs {
		if c == nil {
			continue
		}
		select {
		case <-c.done:
		case <-ctx.Done():
			registrations[i].giveUp(ctx, c)
		}
	}
}

// giveUp notes that a call has not returned in time.
func (r *registration) giveUp(ctx context.Context, c *run) {
	r.mu.Lock()
	first := r.current == c && !c.late
	c.late = true
	r.mu.Unlock()
	if first {
		r.provider.reports.once(r.subject(), "callback_timeout", fmt.Errorf(
			"otelapi: a callback of instrument %s has not returned; its last values are shown until it does: return when the context ends: %w", r.subject(), context.Cause(ctx)))
	}
}

// publish puts together what callbacks have observed.
func (p *Provider) publish(registrations []*registration, instruments []*instrument) {
	p.collecting.Lock()
	defer p.collecting.Unlock()
	latest := map[*instrument]map[*stream]observation{}
	for _, r := range registrations {
		if !r.gone.Load() {
			r.addResults(latest)
		}
	}
	for _, i := range instruments {
		if i.observable {
			i.publish(latest[i])
		}
	}
}

func (r *registration) addResults(to map[*instrument]map[*stream]observation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s, v := range r.results {
		of := to[v.of]
		if of == nil {
			of = map[*stream]observation{}
			to[v.of] = of
		}
		if earlier, twice := of[s]; twice {
			v.value = earlier.plus(v.value, v.of.kind)
		}
		of[s] = v.observation
	}
}
