package otelapi

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// part is what an instrument has in the registry for the sets with one set of
// label names.
type part struct {
	// number is that of the metric, which for a gauge is not the instrument's.
	number metric.Number
	// instrument is nil if nothing is recorded, and for an observable one.
	instrument *registry.Instrument
	// latest is what the callbacks have observed.
	latest atomic.Pointer[[]observation]
}

// partKey identifies the part of labels by their sorted names, which have no commas.
func partKey(names []string) string { return strings.Join(names, ",") }

// bind returns the handle on a series, which it does not pin.
func (p *part) bind(values []string) registry.Bound {
	b := p.instrument.Bind(values)
	b.Unpin()
	return b
}

// takenLocked reports whether there is a series with the labels.
func (i *instrument) takenLocked(list labelList) bool {
	p := i.parts[partKey(list.names())]
	if p == nil {
		return false
	}
	values := list.values()
	if !i.observable {
		_, taken := p.instrument.Find(values...)
		return taken
	}
	for _, have := range i.points {
		if have.part == p && slices.Equal(have.values, values) {
			return true
		}
	}
	return false
}

// partLocked returns the part for the sorted names of labels, defined if need be.
func (i *instrument) partLocked(names []string) (p *part, problems []problem) {
	key := partKey(names)
	if p = i.parts[key]; p == nil {
		p = &part{number: i.definition.Number}
		before := i.definition.Name
		if err := i.defineLocked(p, names); err != nil {
			problems = append(problems, problem{"definition", fmt.Errorf("otelapi: instrument %s records nothing with the labels %q: %w", i.identity, names, err)})
		} else if now := i.definition.Name; now != before {
			problems = append(problems, problem{"renamed", fmt.Errorf("otelapi: instrument %s is exposed as %s, because another metric has the name %s: rename one of them", i.identity, now, before)})
		}
		i.parts[key] = p
	}
	return p, problems
}

// defineLocked defines a part. As long as the instrument has none, and its name is
// that of a metric from elsewhere that differs, it gets another name.
func (i *instrument) defineLocked(p *part, names []string) error {
	d := i.definition
	d.Keys = names
	if err := i.provider.registry.Check(d); err != nil {
		return err
	}
	err := i.register(p, d)
	for attempt := 0; err != nil && len(i.parts) == 0 && attempt < maxRenames; attempt++ {
		i.provider.expose(i)
		d.Name = i.definition.Name
		if i.register(p, d) == nil {
			return nil
		}
	}
	return err
}

// maxRenames is how many names are tried.
const maxRenames = 8

func (i *instrument) register(p *part, d registry.Definition) (err error) {
	if i.observable {
		return i.provider.registry.DefineFunc(d, p.read)
	}
	p.instrument, err = i.provider.registry.Define(d)
	if err == nil && p.instrument == nil {
		// A view has switched the instrument off.
		i.off.Store(true)
	}
	return err
}

// refuseLocked leaves out the attributes whose labels the registry's policies do
// not admit, from now on, and returns what is to be said of those.
func (i *instrument) refuseLocked(list labelList, attributes []attribute.KeyValue) (problems []problem) {
	if _, known := i.parts[partKey(list.names())]; known {
		return nil
	}
	bare := i.definition
	bare.Keys = nil
	if i.provider.registry.Check(bare) != nil {
		// It is not the labels; the definition will tell.
		return nil
	}
	next := filter{}
	if f := i.filter.Load(); f != nil {
		next = filter{f.allowed, slices.Clip(f.refused)}
	}
	for _, kv := range attributes {
		d := i.definition
		d.Keys = []string{labelName(string(kv.Key))}
		if err := i.provider.registry.Check(d); err != nil {
			next.refused = append(next.refused, kv.Key)
			problems = append(problems, problem{"attribute_refused", fmt.Errorf("otelapi: instrument %s is recorded without the attribute %s: %w", i.name, kv.Key, err)})
		}
	}
	if len(problems) > 0 {
		i.filter.Store(&next)
	}
	return problems
}
