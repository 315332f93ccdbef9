package integrate

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// plan says what becomes of each metric.
type plan struct {
	sources map[string]*source
	// outputs are ordered by name.
	outputs []*output
	// declarations are nil if what the registry declares holds for what is exported.
	declarations *declarations
}

// definition is what an integrator knows of a metric.
type definition struct {
	descriptor metric.Descriptor
	keys       []string
	// listing is the last one that had the metric.
	listing int
}

// describes reports whether a family is of the definition.
func (d *definition) describes(f *metric.Family) bool {
	a, b := &d.descriptor, &f.Descriptor
	return a.Kind == b.Kind && a.Number == b.Number && a.Unit == b.Unit && a.Fold == b.Fold && a.Help == b.Help && a.Role == b.Role &&
		a.Monotonic == b.Monotonic && a.ExactLimit == b.ExactLimit && sameValues(a, b) &&
		slices.Equal(d.keys, f.Keys) && slices.Equal(a.Scope, b.Scope) && slices.Equal(a.DefaultKeys, b.DefaultKeys)
}

// grewTo reports whether a family is of the definition, but has more labels.
func (d *definition) grewTo(f *metric.Family) bool {
	lacks := func(key string) bool { return !slices.Contains(f.Keys, key) }
	if len(f.Keys) <= len(d.keys) || slices.ContainsFunc(d.keys, lacks) {
		return false
	}
	grown := definition{descriptor: d.descriptor, keys: f.Keys}
	return grown.describes(f)
}

// source is one metric of the registry.
type source struct {
	name       string
	definition *definition
	treatment
	// aside is set if another metric has the name.
	aside bool
	// output is nil if the metric is hidden or aside.
	output *output
	// What follows is set if the output has groups.
	projection *projection
	members    members
	// tracks is set if it matters which member changed last.
	tracks bool
	// waits is set for a collection that may leave the metric out, because it
	// shows a closed one of its name.
	waits bool
}

// output is one metric as it is exported.
type output struct {
	descriptor metric.Descriptor
	keys       []string
	sources    []*source
	// groups are nil if the only source is passed through.
	groups *groups
	// family is what is yielded, and passed what it takes its points from.
	family metric.Family
	passed *metric.Family
}

// planner makes a plan of what is known.
type planner struct {
	views    *Views
	grouping Grouping
	known    map[string]*definition
	listing  int
	// faults are of metrics for which the views were not followed, and notes of those
	// for which the grouping was not.
	faults []fault
	notes  []string
}

func (p *planner) plan(r *registry.Registry) *plan {
	sources := map[string]*source{}
	for _, name := range slices.Sorted(maps.Keys(p.known)) {
		d := p.known[name]
		t, failed := p.views.apply(&d.descriptor, d.keys, p.grouping)
		if failed != nil {
			p.faults = append(p.faults, *failed)
		}
		if t.note != "" {
			p.notes = append(p.notes, t.note)
		}
		sources[name] = &source{name: name, definition: d, treatment: t}
	}
	outputs := map[string]*output{}
	for _, s := range p.place(sources) {
		to := outputs[s.out.Name]
		if to == nil {
			to = &output{descriptor: s.out}
			outputs[s.out.Name] = to
		}
		to.sources = append(to.sources, s)
		s.output = to
	}
	made := &plan{sources: sources, outputs: slices.Collect(maps.Values(outputs))}
	slices.SortFunc(made.outputs, func(a, b *output) int { return cmp.Compare(a.descriptor.Name, b.descriptor.Name) })
	for _, o := range made.outputs {
		o.complete()
	}
	made.declarations = newDeclarations(r, p, made)
	return made
}

// place gives every metric that is shown a name, and returns them in order.
// Those that keep their own come first. One that cannot have the name that a view
// gives it keeps its own.
func (p *planner) place(sources map[string]*source) []*source {
	shown := slices.Collect(maps.Values(sources))
	shown = slices.DeleteFunc(shown, func(s *source) bool { return s.hidden })
	for {
		slices.SortFunc(shown, byRename)
		misplaced, err := firstMisplaced(shown)
		if err == nil {
			return shown
		}
		if p.dropStale(&shown) {
			continue
		}
		s := shown[misplaced]
		failed := fault{metric: s.name, err: err}
		switch {
		case s.renamed():
			s.out.Name = s.name
			failed.reason = badName
		case p.revertValues(&shown):
			failed.reason = badValues
		default:
			// One of them was closed and has counts to show yet.
			s.aside = true
			shown = slices.Delete(shown, misplaced, misplaced+1)
		}
		p.faults = append(p.faults, failed)
	}
}

// byRename orders metrics that keep their name before others.
func byRename(a, b *source) int {
	switch {
	case a.renamed() == b.renamed():
		return cmp.Compare(a.name, b.name)
	case a.renamed():
		return 1
	}
	return -1
}

// firstMisplaced returns the first metric that cannot have its name, and why.
func firstMisplaced(shown []*source) (int, error) {
	taken := newNames()
	for i, s := range shown {
		if err := taken.place(s.name, &s.out); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// dropStale takes out metrics that the last listing did not have, because they
// were closed or have no series, and reports whether there were any.
func (p *planner) dropStale(shown *[]*source) bool {
	before := len(*shown)
	*shown = slices.DeleteFunc(*shown, func(s *source) bool {
		s.aside = s.definition.listing != p.listing
		return s.aside
	})
	return len(*shown) < before
}

// revertValues exports the values of metrics as they are kept, so that they write
// the samples that the registry has told apart. It reports whether any were to
// be exported otherwise.
func (p *planner) revertValues(shown *[]*source) (reverted bool) {
	for _, s := range *shown {
		if d := &s.definition.descriptor; !s.renamed() && !sameValues(d, &s.out) {
			s.treatment = p.views.applyKept(d, s.definition.keys, p.grouping)
			reverted = true
		}
	}
	*shown = slices.DeleteFunc(*shown, func(s *source) bool { return s.hidden })
	return reverted
}

func (s *source) renamed() bool { return s.out.Name != s.name }

// complete decides whether the output has groups, and of which labels.
func (o *output) complete() {
	o.keys = o.sources[0].keys()
	grouped := len(o.sources) > 1
	for _, s := range o.sources {
		grouped = grouped || s.reduces
		o.keys = append(o.keys, s.keys()...)
	}
	slices.Sort(o.keys)
	o.keys = slices.Compact(o.keys)
	if !grouped {
		o.family = metric.Family{Descriptor: o.descriptor, Keys: o.keys}
		return
	}
	o.descriptor.Keys = o.keys
	o.descriptor.Monotonic = o.descriptor.Monotonic && len(o.sources) == 1
	for _, s := range o.sources {
		s.parts = widen(s.parts, o.keys)
		s.projection = newProjection(s.definition.keys, s.parts)
		s.tracks = o.descriptor.Kind == metric.Gauge && o.descriptor.Fold == metric.FoldLast
		if s.tracks {
			s.members.values = []heldValue{}
		}
	}
	o.family = metric.Family{Descriptor: o.descriptor, Keys: o.keys}
}

// grouped reports whether the output is made of merged points.
func (o *output) grouped() bool { return o.sources[0].projection != nil }

// err joins what could not be done as the views say.
func (p *planner) err() error {
	var errs []error
	for _, f := range p.faults {
		errs = append(errs, f.err)
	}
	return errors.Join(errs...)
}

// same reports whether two outputs make the same of the same metrics.
func (o *output) same(old *output) bool {
	if len(o.sources) != len(old.sources) || !slices.Equal(o.keys, old.keys) || !sameOutput(&o.descriptor, &old.descriptor) {
		return false
	}
	for i, s := range o.sources {
		was := old.sources[i]
		if s.name != was.name || !slices.Equal(s.definition.keys, was.definition.keys) || !slices.Equal(s.parts, was.parts) ||
			!sameValues(&s.definition.descriptor, &was.definition.descriptor) {
			return false
		}
	}
	return true
}

// sameOutput reports whether values of one descriptor go on as those of another.
func sameOutput(a, b *metric.Descriptor) bool {
	return a.Kind == b.Kind && a.Number == b.Number && a.Fold == b.Fold && a.ExactLimit == b.ExactLimit && sameValues(a, b)
}
