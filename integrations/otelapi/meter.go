package otelapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/embedded"

	"github.com/metertree/metertree/metric"
)

// meter makes the instruments of one scope.
type meter struct {
	embedded.Meter

	provider *Provider
	scope    scopeID
	// constant are the labels of all series.
	constant metric.Labels

	mu sync.Mutex
	// instruments are kept by name in lower case, by which names are compared.
	instruments map[string][]*instrument
}

// allowedKeys is the experimental option of attributes that are kept by default.
type allowedKeys interface{ AllowedKeys() []attribute.Key }

// allowedOf returns the keys that options allow, or nil if any is allowed.
func allowedOf[O any](options []O) (allowed []attribute.Key) {
	for _, o := range options {
		if keys, is := any(o).(allowedKeys); is {
			allowed = append([]attribute.Key{}, keys.AllowedKeys()...)
		}
	}
	return allowed
}

// request is what the API asks for.
type request struct {
	identity
	description string
	bounds      []float64
	allowed     []attribute.Key
}

// instrument returns the instrument asked for, made if there is none of its
// identity; facade makes what the API has of it. One that cannot be made records
// nothing, and one whose bounds are of no use goes without them; both are returned
// with the error.
func (m *meter) instrument(r request, facade func(*instrument) any) (*instrument, error) {
	wanted := ""
	err := validateName(r.name)
	if err == nil {
		wanted, err = exposedName(r.identity)
	}
	if boundsErr := metric.ValidateBounds(r.bounds); boundsErr != nil {
		r.bounds = nil
		err = errors.Join(err, fmt.Errorf("otelapi: bounds of instrument %s: %w", r.name, boundsErr))
	}
	if wanted == "" {
		i := m.newInstrument(r.identity, m.provider.define(r.identity, "", nil), nil)
		i.off.Store(true)
		i.facade = facade(i)
		return i, err
	}
	i, problems := m.findOrMake(r, wanted, facade)
	for _, p := range problems {
		m.provider.reports.once(r.name, p.reason, p.err)
	}
	return i, err
}

func (m *meter) findOrMake(r request, wanted string, facade func(*instrument) any) (*instrument, []problem) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := strings.ToLower(r.name)
	have := m.instruments[key]
	for _, i := range have {
		if i.sameAs(r.identity) {
			return i, i.differences(r)
		}
	}
	var problems []problem
	for _, i := range have {
		problems = append(problems, problem{"duplicate", fmt.Errorf(
			"otelapi: instrument %s is made beside %s of the same name; both are recorded, under two names: define the instrument the same way everywhere", r.identity, i.identity)})
	}
	d := m.provider.define(r.identity, r.description, r.bounds)
	d.Const = m.constant
	i := m.newInstrument(r.identity, d, r.allowed)
	i.wanted = wanted
	if m.provider.expose(i) && len(have) == 0 {
		problems = append(problems, problem{"renamed", fmt.Errorf(
			"otelapi: instrument %s is exposed as %s, because another instrument that differs in kind, unit, buckets or scope has the name %s: rename one of them", i.identity, i.definition.Name, wanted)})
	}
	i.facade = facade(i)
	m.instruments[key] = append(slices.Clip(have), i)
	m.provider.add(i)
	return i, problems
}

// sameAs compares identities, in which the case of names makes no difference.
func (i *instrument) sameAs(id identity) bool {
	own := i.identity
	own.name, id.name = strings.ToLower(own.name), strings.ToLower(id.name)
	return own == id
}

// differences tell where a request differs from the instrument that it gets.
func (i *instrument) differences(r request) (problems []problem) {
	differs := func(what string, have, want any) {
		problems = append(problems, problem{"duplicate", fmt.Errorf(
			"otelapi: instrument %s is there already with the %s %v, which it keeps, not %v: define it the same way everywhere", i.identity, what, have, want)})
	}
	if i.description != r.description {
		differs("description", fmt.Sprintf("%q", i.description), fmt.Sprintf("%q", r.description))
	}
	if i.name != r.name {
		differs("name", i.name, r.name)
	}
	if r.bounds != nil && !slices.Equal(i.definition.Bounds, r.bounds) {
		differs("bounds", i.definition.Bounds, r.bounds)
	}
	return problems
}

func (p *Provider) add(i *instrument) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.instruments = append(slices.Clip(p.instruments), i)
}
