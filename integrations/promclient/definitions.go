package promclient

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// definitions are what was imported into a registry ever. A callback of a registry
// stays, so that an import goes on with those that an earlier one has left. They do
// not refer to the registry.
type definitions struct {
	mu      sync.Mutex
	owners  owner // given so far
	metrics map[string]*importedMetric
}

// owner is an import that is not closed; 0 is none.
type owner uint64

// importedMetric is one name in the registry.
type importedMetric struct {
	// first is its first definition, which those for other labels must be like.
	first registry.Definition
	parts map[string]*importedPart // by their keys, joined by commas
}

// importedPart is a callback of the registry, and what it gives.
type importedPart struct {
	kind   metric.Kind
	owner  owner // guarded by the mutex of the definitions
	points atomic.Pointer[[]importedPoint]
}

// known has the definitions of each registry that something was imported into, for
// as long as there is the registry.
var known sync.Map // of weak.Pointer[registry.Registry] to *definitions

func definitionsOf(r *registry.Registry) *definitions {
	key := weak.Make(r)
	d, found := known.LoadOrStore(key, &definitions{metrics: map[string]*importedMetric{}})
	if !found {
		runtime.AddCleanup(r, func(key weak.Pointer[registry.Registry]) { known.Delete(key) }, key)
	}
	return d.(*definitions)
}

// begin returns a new owner.
func (d *definitions) begin() owner {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.owners++
	return d.owners
}

// end lets parts show nothing, until another owner takes them.
func (d *definitions) end(parts map[string]*importedPart) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range parts {
		p.points.Store(nil)
		p.owner = 0
	}
}

var (
	// errTaken is said of a name that the registry has from elsewhere.
	errTaken = errors.New("the registry has metrics of these names itself, which are shown instead: that is as it should be where both measure the same, such as the Go runtime; else rename one of the two")
	// errShared is said of what another import shows.
	errShared = errors.New("another import into the registry shows metrics with these names and labels: import a gatherer once, or close the other import")
)

// part returns the part for series of a shape, taken over or defined if need be.
// What a gatherer changes of a metric later, its help or its unit, stays as it was
// defined first.
func (d *definitions) part(r *registry.Registry, by owner, s shape, fold func(string) metric.Fold) (*importedPart, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.metrics[s.name]
	if m == nil {
		m = &importedMetric{first: definitionOf(s, fold), parts: map[string]*importedPart{}}
	}
	if m.first.Kind != s.kind {
		return nil, fmt.Errorf("metric %s is a %s now and was a %s when it was imported first, which it stays for this registry: give the new one another name, or restart the program", s.name, s.kind, m.first.Kind)
	}
	if p := m.parts[s.keys]; p != nil {
		if p.owner != 0 && p.owner != by {
			return nil, errShared
		}
		p.owner = by
		return p, nil
	}
	definition := m.first
	definition.Keys = s.keyList()
	p := &importedPart{kind: s.kind, owner: by}
	if err := r.DefineFunc(definition, p.read); err != nil {
		return nil, err
	}
	m.parts[s.keys] = p
	d.metrics[s.name] = m
	return p, nil
}

func definitionOf(s shape, fold func(string) metric.Fold) registry.Definition {
	d := registry.Definition{Open: true, Descriptor: metric.Descriptor{
		Name: s.name, Help: s.help, Unit: s.unit, Kind: s.kind, Number: metric.Float64, Bounds: s.bounds,
	}}
	if s.kind == metric.Gauge && fold != nil {
		d.Fold = fold(s.name)
	}
	return d
}

// explain replaces the registry's errors about names that it has from elsewhere.
func (d *definitions) explain(r *registry.Registry, left map[string]leftOut) {
	if len(left) == 0 {
		return
	}
	taken := map[string]bool{}
	for declared := range r.Declarations() {
		taken[declared.Name] = true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, one := range left {
		if taken[one.name] && d.metrics[one.name] == nil {
			left[id] = leftOut{one.name, errTaken}
		}
	}
}

func (s shape) keyList() []string {
	if s.keys == "" {
		return nil
	}
	return strings.Split(s.keys, ",")
}

// read gives the registry what was gathered last.
func (p *importedPart) read(to *registry.Observer) {
	points := p.points.Load()
	if points == nil {
		return
	}
	for _, point := range *points {
		if p.kind == metric.Histogram {
			to.Histogram(point.histogram, point.labels...)
		} else {
			to.Float(point.value, point.labels...)
		}
	}
}
