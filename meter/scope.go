package meter

import (
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Separator joins the segments of a scope and the name of an instrument.
const Separator = "_"

// Scope is a place in the namespace of metrics: a path of segments that prefix
// every name, and constant labels that every instrument inherits. It is
// immutable. The zero Scope makes instruments that do nothing.
type Scope struct {
	registry *registry.Registry
	segments []string
	labels   metric.Labels
}

// New returns the root scope of a registry, with no segments and no labels. A
// nil registry gives a scope whose instruments do nothing.
func New(r *registry.Registry) Scope { return Scope{registry: r} }

// Scope returns the child with the given segment. It inherits the labels.
func (s Scope) Scope(segment string) Scope {
	s.segments = append(slices.Clip(s.segments), segment)
	return s
}

// With returns the same place with further constant labels, given as pairs of
// name and value. Where a name is already there, the new value wins. A name
// without a value gets the empty value.
func (s Scope) With(pairs ...string) Scope {
	for len(pairs) > 0 {
		label := metric.Label{Name: pairs[0]}
		if len(pairs) > 1 {
			label.Value = pairs[1]
		}
		s.labels = s.labels.With(label)
		pairs = pairs[min(2, len(pairs)):]
	}
	return s
}

// Name returns the full name that an instrument of the given name has here.
func (s Scope) Name(name string) string {
	if len(s.segments) == 0 {
		return name
	}
	return strings.Join(s.segments, Separator) + Separator + name
}

// Labels returns the constant labels, sorted by name.
func (s Scope) Labels() metric.Labels { return slices.Clone(s.labels) }

// Enabled reports whether instruments of this scope record anything.
func (s Scope) Enabled() bool { return compiled && s.registry != nil }

// define registers an instrument here. On a scope without a registry it
// validates nothing and returns nil; compiled out it only validates, and returns
// nil.
func (s Scope) define(d metric.Descriptor, options []Option) (*registry.Instrument, error) {
	if s.registry == nil {
		return nil, nil
	}
	definition, err := s.definition(d, options)
	if err != nil {
		return nil, err
	}
	if !compiled {
		return nil, s.registry.Check(definition)
	}
	return s.registry.Define(definition)
}

func (s Scope) definition(d metric.Descriptor, options []Option) (registry.Definition, error) {
	for _, segment := range s.segments {
		if err := metric.ValidateName(segment); err != nil {
			return registry.Definition{}, err
		}
	}
	d.Name = s.Name(d.Name)
	d.Scope = s.segments
	d.Const = s.labels
	definition := registry.Definition{Descriptor: d}
	for _, o := range options {
		o.apply(&definition)
	}
	if definition.Kept() == metric.ExplicitBuckets && definition.Bounds == nil {
		definition.Bounds = metric.DefaultLatencyBounds()
	}
	return definition, nil
}

// must reports a failed definition to the registry, which logs and counts it.
func (s Scope) must(i *registry.Instrument, err error) *registry.Instrument {
	if err != nil {
		s.registry.Reject(err)
	}
	return i
}
