package otelapi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	"go.opentelemetry.io/otel/metric/noop"

	scopes "github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// Provider is an OpenTelemetry MeterProvider that records into a registry. All
// methods may be called from any goroutine. There is nothing to flush: what is
// recorded is in the registry, and the registry's controllers export it.
type Provider struct {
	embedded.MeterProvider

	registry *registry.Registry
	options  Options
	reports  *reports
	hook     *registry.Hook
	// stop ends the callbacks that run at Shutdown.
	stop    context.CancelFunc
	stopped context.Context

	mu     sync.Mutex
	closed bool
	meters map[scopeID]*meter
	// exposed are the names taken in the registry.
	exposed map[string]*exposure
	// instruments and registrations are replaced, never written.
	instruments   []*instrument
	registrations []*registration
	// running are the callbacks under way.
	running sync.WaitGroup
	// collection counts collections.
	collection atomic.Uint64
	// collecting holds collections apart from each other where they publish what
	// callbacks have observed.
	collecting sync.Mutex
}

var _ api.MeterProvider = (*Provider)(nil)

// New returns a provider that records into a registry. It fails if the registry
// refuses the metrics in which the provider tells of itself and of its resource,
// or has had a provider before, even one that was shut down. Shut it down when it is
// done. In a build with the tag metertree_off its meters do nothing.
func New(r *registry.Registry, options Options) (*Provider, error) {
	if r == nil {
		return nil, errors.New("otelapi: no registry: give the one whose metrics are exported")
	}
	if !scopes.New(r).Enabled() {
		return &Provider{registry: r, closed: true, stop: func() {}, reports: &reports{told: map[[2]string][]string{}}}, nil
	}
	options.complete()
	release, err := claim(r)
	if err != nil {
		return nil, err
	}
	p, err := newProvider(r, options)
	if err != nil {
		release()
		return nil, fmt.Errorf("otelapi: %w", err)
	}
	return p, nil
}

func newProvider(r *registry.Registry, options Options) (*Provider, error) {
	told, err := newReports(r, options.ErrorHandler)
	if err != nil {
		return nil, err
	}
	if err := describeTarget(r, options.Resource); err != nil {
		return nil, err
	}
	p := &Provider{
		registry: r,
		options:  options,
		reports:  told,
		meters:   map[scopeID]*meter{},
		exposed:  map[string]*exposure{},
	}
	p.stopped, p.stop = context.WithCancel(context.Background())
	p.hook = r.OnCollect(p.collect)
	return p, nil
}

// scopeID identifies an instrumentation scope, exactly.
type scopeID struct {
	name, version, schemaURL string
	attributes               attribute.Set
}

// Meter returns the meter of a scope, the same for the same name, version, schema
// URL and attributes. After Shutdown it returns one that does nothing.
func (p *Provider) Meter(name string, options ...api.MeterOption) api.Meter {
	if name == "" {
		p.reports.once("", "meter_name", errors.New("otelapi: a meter has no name: give it the import path of what it measures"))
	}
	c := api.NewMeterConfig(options...)
	id := scopeID{name, c.InstrumentationVersion(), c.SchemaURL(), c.InstrumentationAttributes()}
	if p.options.Scopes == NoScopes {
		id = scopeID{}
	}
	if id.attributes.Len() == 0 {
		id.attributes = attribute.NewSet()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return noop.NewMeterProvider().Meter(name)
	}
	m := p.meters[id]
	if m == nil {
		m = &meter{provider: p, scope: id, constant: scopeLabels(id), instruments: map[string][]*instrument{}}
		p.meters[id] = m
	}
	return m
}

// Shutdown ends the callbacks: none is called from then on, and those under way
// are waited for until ctx ends, whose error it returns. Instruments go on
// recording, so that nothing is lost before the registry is exported a last time;
// meters made from then on do nothing.
func (p *Provider) Shutdown(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	p.registrations = nil
	p.mu.Unlock()
	p.stop()
	p.registry.RemoveHook(p.hook)
	done := make(chan struct{})
	go func() {
		p.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("otelapi: waiting for callbacks that have not returned: %w", context.Cause(ctx))
	}
}
