package tree

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
)

// subject is what the name of a selector stands for: a metric, or a ratio of two
// parts of metrics.
type subject struct {
	family Family        // of a metric
	ratio  *metric.Ratio // nil for a metric
	// top and bottom are what a ratio divides. A metric without a current series is
	// a family without parts.
	top, bottom Part
}

// name is the metric's or the ratio's.
func (s subject) name() string {
	if s.ratio != nil {
		return s.ratio.Name
	}
	return s.family.Name
}

// additive reports whether branches add up to their parent.
func (s subject) additive() bool { return s.ratio == nil && s.family.Fold.Additive() }

// described is the family by which values of the subject are written.
func (s subject) described() Family {
	if s.ratio != nil {
		return Family{Name: s.ratio.Name, Kind: KindGauge, Unit: "ratio"}
	}
	return s.family
}

// namespace is what there is at a moment.
type namespace struct {
	families []Family // sorted by name
	ratios   []metric.Ratio
}

func (t *Tree) namespace(ctx context.Context) (namespace, error) {
	families, err := t.source.Families(ctx)
	if err != nil {
		return namespace{}, fmt.Errorf("reading the namespace: %w", err)
	}
	ratios, err := t.source.Ratios(ctx)
	if err != nil {
		return namespace{}, fmt.Errorf("reading the declared ratios: %w", err)
	}
	return namespace{families, ratios}, nil
}

// family finds a metric.
func (n namespace) family(name string) (Family, bool) {
	i, found := slices.BinarySearchFunc(n.families, name, func(f Family, name string) int { return strings.Compare(f.Name, name) })
	if !found {
		return Family{}, false
	}
	return n.families[i], true
}

// subject finds what a name stands for. A metric goes before a ratio of its name.
func (n namespace) subject(name string) (subject, error) {
	if f, found := n.family(name); found {
		return subject{family: f}, nil
	}
	for i := range n.ratios {
		if n.ratios[i].Name == name {
			return n.divided(&n.ratios[i]), nil
		}
	}
	return subject{}, fmt.Errorf("metric %q: %w: it may have stopped reporting; choose another in the tree", name, ErrUnknownMetric)
}

// divided is the subject of a ratio.
func (n namespace) divided(r *metric.Ratio) subject {
	part := func(s metric.Selection) Part {
		f, found := n.family(s.Metric)
		if !found {
			f = Family{Name: s.Metric}
		}
		return Part{Family: f, Where: s.Matchers}
	}
	return subject{ratio: r, top: part(r.Numerator), bottom: part(r.Denominator)}
}

// entries are the metrics, and the ratios of which at least one side is there.
func (n namespace) entries() []Entry {
	entries := make([]Entry, 0, len(n.families)+len(n.ratios))
	for _, f := range n.families {
		entries = append(entries, Entry{Family: f})
	}
	for i := range n.ratios {
		r := &n.ratios[i]
		_, shadowed := n.family(r.Name)
		_, above := n.family(r.Numerator.Metric)
		_, below := n.family(r.Denominator.Metric)
		if !shadowed && (above || below) {
			entries = append(entries, Entry{Ratio: r})
		}
	}
	return entries
}

// exists reports whether a part has a current series.
func (p Part) exists() bool { return len(p.Family.Parts) > 0 }

// query asks for the part, narrowed by the selector's matchers.
func (p Part) query(matchers []Matcher) Query {
	return Query{Family: p.Family, Where: p.Where, Selector: Selector{Metric: p.Family.Name, Matchers: matchers}}
}

// selection writes the part and the matchers as people read a selection.
func (p Part) selection(matchers []Matcher) string {
	all := slices.Clone(p.Where)
	for _, m := range matchers {
		all = all.With(m.Name, m.Value)
	}
	return metric.Selection{Metric: p.Family.Name, Matchers: all}.String()
}
