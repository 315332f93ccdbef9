package integrate

import (
	"fmt"
	"slices"

	"github.com/metertree/metertree/metric"
)

// names are the names under which metrics are exported. No two metrics share one
// unless they can be merged.
type names struct {
	// owners maps each sample name to the exported name it belongs to.
	owners map[string]string
	// exports maps exported names to the metrics they are made of.
	exports map[string]*exported
	// placed maps the metrics' own names to those they are exported under.
	placed map[string]string
}

// exported is what metrics are exported as.
type exported struct {
	descriptor metric.Descriptor
	members    []string
}

func newNames() names {
	return names{owners: map[string]string{}, exports: map[string]*exported{}, placed: map[string]string{}}
}

// place gives a metric the name of the descriptor it is exported with. A metric
// that was placed before moves. An error changes nothing.
func (n *names) place(name string, d *metric.Descriptor) error {
	to := n.exports[d.Name]
	alone := to == nil || len(to.members) == 1 && to.members[0] == name
	if !alone {
		other := to.members[0]
		if other == name {
			other = to.members[1]
		}
		if err := mergeable(name, d, other, &to.descriptor); err != nil {
			return err
		}
	}
	samples := d.SampleNames()
	for _, sample := range samples {
		owner, taken := n.owners[sample]
		if taken && owner != d.Name && !n.only(owner, name) {
			return fmt.Errorf("metric %s is exported as %s and would write %s, which metric %s writes: choose another name in the view that renames one of them",
				name, d.Name, sample, n.exports[owner].members[0])
		}
	}
	n.remove(name)
	if to = n.exports[d.Name]; to == nil {
		to = &exported{descriptor: *d}
		n.exports[d.Name] = to
	}
	to.members = append(to.members, name)
	n.placed[name] = d.Name
	for _, sample := range samples {
		n.owners[sample] = d.Name
	}
	return nil
}

// leaveToRegistry forgets metrics that write a sample of another one where neither
// is renamed: the registry knows whether that is a conflict, or the metrics were
// closed.
func (n *names) leaveToRegistry(name string, d *metric.Descriptor) {
	if d.Name != name {
		return
	}
	for _, sample := range d.SampleNames() {
		owner, taken := n.owners[sample]
		if taken && owner != name && n.only(owner, owner) {
			n.remove(owner)
		}
	}
}

// only reports whether an exported name is made of one metric alone.
func (n *names) only(exported, name string) bool {
	members := n.exports[exported].members
	return len(members) == 1 && members[0] == name
}

// remove forgets where a metric was placed.
func (n *names) remove(name string) {
	at, found := n.placed[name]
	if !found {
		return
	}
	delete(n.placed, name)
	e := n.exports[at]
	e.members = slices.DeleteFunc(e.members, func(member string) bool { return member == name })
	if len(e.members) > 0 {
		return
	}
	delete(n.exports, at)
	for _, sample := range e.descriptor.SampleNames() {
		delete(n.owners, sample)
	}
}

// mergeable reports what keeps two metrics that are to have one name from being
// merged.
func mergeable(name string, d *metric.Descriptor, other string, o *metric.Descriptor) error {
	differ := func(what string, x, y any) error {
		return fmt.Errorf("metrics %s and %s are both to be exported as %s, but differ in %s, %v and %v: rename only one of them, or make them agree",
			other, name, d.Name, what, y, x)
	}
	switch {
	case d.Kind != o.Kind:
		return differ("kind", d.Kind, o.Kind)
	case d.Number != o.Number:
		return differ("number kind", d.Number, o.Number)
	case d.Unit != o.Unit:
		return differ("unit", fmt.Sprintf("%q", d.Unit), fmt.Sprintf("%q", o.Unit))
	case d.Fold != o.Fold:
		return differ("fold", d.Fold, o.Fold)
	case d.Kept() != o.Kept():
		return differ("aggregation", d.Kept(), o.Kept())
	case !slices.Equal(d.Bounds, o.Bounds):
		return differ("bucket bounds", d.Bounds, o.Bounds)
	case d.Exponential != o.Exponential:
		return differ("exponential layout", d.Exponential, o.Exponential)
	case d.Kind == metric.Gauge && d.Fold == metric.FoldNone:
		return fmt.Errorf("metrics %s and %s are both to be exported as %s, but are gauges that declare no fold: declare one with meter.Fold, or set Fold in the views",
			other, name, d.Name)
	}
	return nil
}
