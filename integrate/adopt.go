package integrate

import (
	"slices"

	"github.com/metertree/metertree/metric"
)

// adopt goes over to another plan. What is held of outputs that stay the same is
// kept; totals go on where the new output can be made of the old one, and else
// begin anew.
func (in *Integrator) adopt(made *plan) {
	old := map[string]*output{}
	for _, o := range in.plan.outputs {
		if o.groups != nil {
			for _, s := range o.sources {
				old[s.name] = o
			}
		}
	}
	for _, o := range made.outputs {
		if o.grouped() {
			in.inherit(o, old)
		}
	}
	// Whatever was not inherited is given up.
	for _, o := range old {
		if in.stateful() && accumulates(&o.descriptor) {
			for _, s := range o.sources {
				in.restart[s.name] = true
			}
		}
	}
	in.plan = made
	in.declarations.Store(made.declarations)
}

func (in *Integrator) stateful() bool { return in.options.Temporality == metric.Cumulative }

// accumulates reports whether groups of a metric hold totals.
func accumulates(d *metric.Descriptor) bool { return d.Kind != metric.Gauge }

// inherit gives an output its groups, and takes what it could from the old
// outputs of its sources, which it deletes from old.
func (in *Integrator) inherit(o *output, old map[string]*output) {
	was := old[o.sources[0].name]
	if was != nil && o.same(was) {
		o.groups = was.groups
		for i, s := range o.sources {
			s.members = was.sources[i].members
			delete(old, s.name)
		}
		o.family.Points = o.groups.points
		return
	}
	o.groups = newGroups(&o.descriptor, in.options.Temporality)
	o.family.Points = o.groups.points
	if !in.stateful() || !accumulates(&o.descriptor) {
		return
	}
	for _, s := range o.sources {
		was := old[s.name]
		if was == nil {
			continue
		}
		if parts, ok := carried(was, o); ok {
			o.groups.carry(was, parts)
			for _, done := range was.sources {
				delete(old, done.name)
			}
		}
	}
}

// carried returns how label sets of a new output are made of those of an old
// one, and false if they cannot be, or its values cannot.
func carried(old, o *output) ([]part, bool) {
	a, b := &old.descriptor, &o.descriptor
	if a.Kind != b.Kind || a.Number != b.Number || !derivable(a, b) {
		return nil, false
	}
	for _, was := range old.sources {
		if o.source(was) == nil {
			return nil, false
		}
	}
	parts := make([]part, len(o.keys))
	for i, key := range o.keys {
		p, ok := carriedPart(old, o, key)
		if !ok {
			return nil, false
		}
		parts[i] = p
	}
	return parts, true
}

// carriedPart returns where a label of the new output comes from: the old one if
// each of the sources, which the new output has too, made that alike, or a
// constant if it is the same for all.
func carriedPart(old, o *output, key string) (part, bool) {
	at := slices.Index(old.keys, key)
	alike, constantly := at >= 0, true
	var first part
	for i, was := range old.sources {
		p := o.source(was).part(key)
		if i == 0 {
			first = p
		}
		constantly = constantly && p.from == constant && p == first
		alike = alike && p == was.part(key)
	}
	switch {
	case alike:
		return part{name: key, from: at}, true
	case constantly:
		return first, true
	}
	return part{}, false
}

// source returns the source of the same metric as another one, or nil.
func (o *output) source(was *source) *source {
	for _, s := range o.sources {
		if s.name == was.name && slices.Equal(s.definition.keys, was.definition.keys) {
			return s
		}
	}
	return nil
}

// part returns a label that is exported, or the zero part.
func (s *source) part(key string) part {
	at := slices.IndexFunc(s.parts, func(p part) bool { return p.name == key })
	if at < 0 {
		return part{}
	}
	return s.parts[at]
}

// derivable reports whether values of one form can be made of those of another.
func derivable(from, to *metric.Descriptor) bool {
	if sameValues(from, to) || to.Kind != metric.Histogram {
		return true
	}
	s := settings{aggregation: to.Kept(), buckets: to.Bounds, size: to.Exponential.Size}
	if s.aggregation == metric.ExplicitBuckets && s.buckets == nil {
		return false
	}
	_, err := s.derive(*from)
	return err == nil && (to.Kept() != metric.ExponentialBuckets || from.Kept() == metric.Exact || from.Exponential.ZeroThreshold == to.Exponential.ZeroThreshold)
}

// carry merges the groups of another output. They have to find members at the
// next collection, as all groups do.
func (g *groups) carry(old *output, parts []part) {
	p := newProjection(old.keys, parts)
	for point := range old.groups.points {
		g.add(g.find(p.of(point.Labels)), point, 0)
	}
}
