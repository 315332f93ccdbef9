package registry

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
)

// openMetric is a metric whose labels are not all known. It is made of parts: a
// family for each set of labels and, since a callback gives all values of its
// family, for each callback. Parts never change, so that neither updates nor what
// readers remember do when a label appears.
type openMetric struct {
	parts []*family
	// keys are the names of all labels of all parts there ever were, sorted, and
	// given those that updates give. They are replaced, never written.
	keys, given []string
}

// partLocked returns the part of a definition, made if need be.
func (r *Registry) partLocked(d *Definition, read Callback) (*family, error) {
	if !d.Open || r.families[d.Name] != nil {
		return nil, fmt.Errorf("metric %s is already defined by an instrument on the one side, and by an import or another API on the other: choose another name for one of them", d.Name)
	}
	m := r.open[d.Name]
	if m != nil {
		if err := m.parts[0].conflict(*d); err != nil {
			return nil, err
		}
	}
	id := partID(d, read)
	if f := r.families[id]; f != nil {
		if read != nil {
			return nil, fmt.Errorf("metric %s already has a callback with the constant labels %v and the keys %v: call both from one", d.Name, d.Const, d.Keys)
		}
		return f, nil
	}
	if m == nil {
		if err := r.claim(d); err != nil {
			return nil, err
		}
		m = &openMetric{}
		r.open[d.Name] = m
	}
	f := newFamily(r, *d, read)
	f.id, f.open = id, m
	m.add(f)
	r.families[id] = f
	r.changedLocked()
	return f, nil
}

// partID tells parts apart. Label names need no quoting.
func partID(d *Definition, read Callback) string {
	id := d.Name + "{" + strings.Join(d.AllKeys(), ",")
	if read != nil {
		id += "}" + instrumentID(d.Descriptor)
	}
	return id
}

func (m *openMetric) add(f *family) {
	if len(m.parts) > 0 {
		f.ranged = m.parts[0].ranged
	}
	m.parts = append(m.parts, f)
	m.keys = united(m.keys, f.keys)
	m.given = united(m.given, f.Descriptor.Keys)
}

// removed takes out a part that was closed, and reports whether it was the last.
func (m *openMetric) removed(f *family) bool {
	m.parts = slices.DeleteFunc(m.parts, func(have *family) bool { return have == f })
	return len(m.parts) == 0
}

// united returns both lists as a sorted one that has each name once, and the
// first one itself if that is it.
func united(a, b []string) []string {
	if !slices.ContainsFunc(b, func(name string) bool { return !slices.Contains(a, name) }) {
		return a
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// together makes one family of the parts of each open metric, which follow each
// other in the list.
func (r *Registry) together(list iter.Seq[exposed]) iter.Seq[*metric.Family] {
	return func(yield func(*metric.Family) bool) {
		var parts []exposed
		for e := range list {
			if len(parts) > 0 && !e.continues(parts[0]) {
				if !yield(r.joined(parts)) {
					return
				}
				parts = nil
			}
			if e.family.open != nil {
				parts = append(parts, e)
			} else if !yield(e.shown) {
				return
			}
		}
		if len(parts) > 0 {
			yield(r.joined(parts))
		}
	}
}

// continues reports whether the family is another part of the same metric, under
// the same name.
func (e exposed) continues(first exposed) bool {
	return e.family.open == first.family.open && byName(e.shown, first.shown) == 0
}

// joined returns one family with the series of parts, which have all labels of
// the metric.
func (r *Registry) joined(parts []exposed) *metric.Family {
	r.mu.Lock()
	m := parts[0].family.open
	keys, given := m.keys, m.given
	r.mu.Unlock()
	all := *parts[0].shown
	all.Keys, all.Descriptor.Keys = keys, given
	if len(parts) == 1 {
		all.Points = widened(parts[0], keys)
		return &all
	}
	all.Points = func(yield func(*metric.Point) bool) { mergeParts(parts, keys, yield) }
	return &all
}

// widened yields a part's points with all labels of the metric. That leaves their
// order as it is: labels that are added have the same, empty, value everywhere.
func widened(part exposed, keys []string) iter.Seq[*metric.Point] {
	if slices.Equal(part.family.keys, keys) {
		return part.shown.Points
	}
	return func(yield func(*metric.Point) bool) {
		w := widening{from: part.family.keys, to: keys}
		w.plan()
		for p := range part.shown.Points {
			wide := *p
			wide.Labels = w.of(p.Labels)
			if !yield(&wide) {
				return
			}
		}
	}
}

// widening makes label sets under some keys of those under fewer.
type widening struct {
	from, to []string
	// at are the positions of the former among the latter.
	at   []int
	some []string
	all  []string
}

func (w *widening) plan() {
	for _, key := range w.from {
		w.at = append(w.at, slices.Index(w.to, key))
	}
	w.all = make([]string, len(w.to))
}

func (w *widening) of(labels metric.LabelSet) metric.LabelSet {
	w.some = labels.Values(w.some[:0], w.from)
	for i, value := range w.some {
		w.all[w.at[i]] = value
	}
	return metric.EncodeLabels(w.to, w.all)
}

// mergeParts yields the points of several parts in the order of their labels.
func mergeParts(parts []exposed, keys []string, yield func(*metric.Point) bool) {
	heads := make([]partHead, 0, len(parts))
	for _, part := range parts {
		next, stop := iter.Pull(widened(part, keys))
		defer stop()
		if p, more := next(); more {
			heads = append(heads, partHead{p, next})
		}
	}
	for len(heads) > 0 {
		first := 0
		for i := range heads {
			if heads[i].point.Labels < heads[first].point.Labels {
				first = i
			}
		}
		h := &heads[first]
		if !yield(h.point) {
			return
		}
		var more bool
		if h.point, more = h.next(); !more {
			heads = slices.Delete(heads, first, first+1)
		}
	}
}

// partHead is the next point of a part, and what gives the one after it.
type partHead struct {
	point *metric.Point
	next  func() (*metric.Point, bool)
}
