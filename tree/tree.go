package tree

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"
)

// Tree answers what a viewer asks about a source. It is safe for concurrent use.
type Tree struct {
	source Source
	limits Limits
	now    func() time.Time
}

// Limits bound one answer. A zero field takes its default.
type Limits struct {
	Nodes    int // nodes in one answer; default 1000
	Readings int // metrics whose value is read in one answer; default 300
	Branches int // branches of one node; default DefaultBranches
	Lines    int // branches in one plot; default 10
	Points   int // instants in one plot; default 240
}

func (l Limits) withDefaults() Limits {
	set := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	set(&l.Nodes, 1000)
	set(&l.Readings, 300)
	set(&l.Branches, DefaultBranches)
	set(&l.Lines, 10)
	set(&l.Points, 240)
	return l
}

// New returns a tree over the source.
func New(source Source, limits Limits) *Tree {
	return &Tree{source: source, limits: limits.withDefaults(), now: time.Now}
}

// SetClock replaces the clock, before first use, so that ages and plots can be
// produced for another moment than now.
func (t *Tree) SetClock(now func() time.Time) { t.now = now }

// ScopeRequest asks for a part of the namespace.
type ScopeRequest struct {
	Path   string   // of the scope; empty for the root
	Filter string   // keep the metrics whose name has all these words; case is ignored
	Depth  int      // levels of scopes to open; at least 1
	By     []string // labels to expand each metric along, one below the other
}

// Scope returns a scope with its children and the current value of each metric
// among them.
func (t *Tree) Scope(ctx context.Context, req ScopeRequest) (*Node, error) {
	families, err := t.source.Families(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the namespace: %w", err)
	}
	scope := NewScope(filterFamilies(families, req.Filter)).Find(req.Path)
	if scope == nil {
		return nil, fmt.Errorf("scope %q: %w: start at the root and expand", req.Path, ErrUnknownMetric)
	}
	b := scopeBuilder{tree: t, nodes: t.limits.Nodes}
	node := b.build(scope, max(req.Depth, 1))
	err = t.read(ctx, b.metrics, req.By)
	return node, err
}

func filterFamilies(families []Family, filter string) []Family {
	words := strings.Fields(strings.ToLower(filter))
	if len(words) == 0 {
		return families
	}
	var kept []Family
	for _, f := range families {
		name, match := strings.ToLower(f.Name), true
		for _, w := range words {
			match = match && strings.Contains(name, w)
		}
		if match {
			kept = append(kept, f)
		}
	}
	return kept
}

// scopeBuilder turns the trie into nodes and keeps a list of its metrics.
type scopeBuilder struct {
	tree    *Tree
	nodes   int // how many more may be made
	metrics []*Node
}

func (b *scopeBuilder) build(s *Scope, depth int) *Node {
	n := &Node{Type: NodeScope, Name: s.Name, Path: s.Path, Series: s.Series, Metrics: s.Count, Expandable: s.Count > 0}
	if depth == 0 {
		return n
	}
	for _, c := range s.Scopes {
		if b.nodes <= 0 {
			n.Omitted++
			continue
		}
		b.nodes--
		n.Children = append(n.Children, b.build(c, depth-1))
	}
	for _, f := range s.Metrics {
		if b.nodes <= 0 {
			n.Omitted++
			continue
		}
		b.nodes--
		m := metricNode(f)
		m.Name = s.LeafName(f)
		n.Children = append(n.Children, m)
		b.metrics = append(b.metrics, m)
	}
	return n
}

func metricNode(f Family) *Node {
	return &Node{Type: NodeMetric, Name: f.Name, Path: f.Name, Series: f.Series, Family: &f, Expandable: f.Series > 1}
}

// read fills in the current values of metric nodes, expanded along the labels.
func (t *Tree) read(ctx context.Context, nodes []*Node, by []string) error {
	if len(nodes) > t.limits.Readings {
		for _, n := range nodes[t.limits.Readings:] {
			n.Error = fmt.Sprintf("not read: more than %d metrics at once; expand a smaller scope", t.limits.Readings)
		}
		nodes = nodes[:t.limits.Readings]
	}
	queries := make([]Query, len(nodes))
	for i, n := range nodes {
		queries[i] = Query{Family: *n.Family, Selector: Selector{Metric: n.Path}}
	}
	results, err := t.source.Fold(ctx, queries)
	if err != nil {
		return fmt.Errorf("reading %d metrics: %w", len(queries), err)
	}
	for i, r := range results {
		t.fill(nodes[i], r)
	}
	for _, n := range nodes {
		if err := t.expand(ctx, n, Selector{Metric: n.Path}, by); err != nil {
			return err
		}
	}
	return nil
}

// fill writes a result into its node.
func (t *Tree) fill(n *Node, r Result) {
	if r.Err != nil {
		n.Error = r.Err.Error()
		return
	}
	Describe(*n.Family, &r.Total.Reading, t.now())
	n.Reading = &r.Total.Reading
	n.Series = r.Total.Series
}

// expand opens a node along the first label and its children along the rest. A
// label the node does not have is passed over.
func (t *Tree) expand(ctx context.Context, n *Node, sel Selector, by []string) error {
	if len(by) == 0 || n.Error != "" {
		return nil
	}
	axes, err := t.source.Axes(ctx, sel)
	if err != nil {
		return fmt.Errorf("labels of %s: %w", sel, err)
	}
	for _, a := range axes {
		if a.Label == by[0] {
			split, err := t.split(ctx, *n.Family, sel, by[0])
			if err != nil {
				return err
			}
			n.Children = split.Children
		}
	}
	if len(n.Children) == 0 {
		return t.expand(ctx, n, sel, by[1:])
	}
	for _, c := range n.Children {
		if c.Type != NodeValue {
			continue
		}
		c.Family = n.Family
		err := t.expand(ctx, c, Selector{Metric: sel.Metric, Matchers: c.Matchers}, by[1:])
		c.Family = nil
		if err != nil {
			return err
		}
	}
	return nil
}

// Metric returns the node of a selector with its value, and as children the axes
// it can be expanded along: those with several branches first, fewest of those
// first, and labels of the scrape itself after those of the metric.
func (t *Tree) Metric(ctx context.Context, sel Selector) (*Node, error) {
	f, err := t.family(ctx, sel.Metric)
	if err != nil {
		return nil, err
	}
	n := metricNode(f)
	n.Matchers = sel.Matchers
	if last := len(sel.Matchers) - 1; last >= 0 {
		n.Type, n.Label, n.Name = NodeValue, sel.Matchers[last].Name, valueName(sel.Matchers[last].Value)
	}
	results, err := t.source.Fold(ctx, []Query{{Family: f, Selector: sel}})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", sel, err)
	}
	t.fill(n, results[0])
	axes, err := t.source.Axes(ctx, sel)
	if err != nil {
		return nil, fmt.Errorf("labels of %s: %w", sel, err)
	}
	sortAxes(axes)
	for _, a := range axes {
		n.Children = append(n.Children, &Node{
			Type: NodeAxis, Name: a.Label, Label: a.Label, Path: f.Name, Matchers: sel.Matchers,
			Series: n.Series, Branches: a.Branches, Expandable: true,
		})
	}
	n.Expandable = len(axes) > 0
	return n, nil
}

func sortAxes(axes []Axis) {
	class := func(a Axis) int {
		switch {
		case a.Branches < 2:
			return 2
		case a.Label == "instance" || a.Label == "job":
			return 1
		default:
			return 0
		}
	}
	sort.SliceStable(axes, func(i, j int) bool {
		a, b := axes[i], axes[j]
		if class(a) != class(b) {
			return class(a) < class(b)
		}
		if a.Branches != b.Branches {
			return a.Branches < b.Branches
		}
		return a.Label < b.Label
	})
}

// Split returns the axis node of a label with the branches of the selector along
// it, and the folded rest as the last child when there are more than the limit.
func (t *Tree) Split(ctx context.Context, sel Selector, label string) (*Node, error) {
	f, err := t.family(ctx, sel.Metric)
	if err != nil {
		return nil, err
	}
	return t.split(ctx, f, sel, label)
}

func (t *Tree) split(ctx context.Context, f Family, sel Selector, label string) (*Node, error) {
	if sel.Has(label) {
		return nil, fmt.Errorf("%w: label %q is already fixed in %s: expand along another label", ErrRequest, label, sel)
	}
	q := Query{Family: f, Selector: sel, By: label, Limit: t.limits.Branches}
	results, err := t.source.Fold(ctx, []Query{q})
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		return nil, fmt.Errorf("expanding %s by %s: %w", sel, label, err)
	}
	r, now := results[0], t.now()
	Describe(f, &r.Total.Reading, now)
	axis := &Node{
		Type: NodeAxis, Name: label, Label: label, Path: f.Name, Matchers: sel.Matchers, Expandable: true,
		Series: r.Total.Series, Branches: len(r.Groups) + r.Others, Reading: &r.Total.Reading, Omitted: r.Others,
	}
	for _, g := range r.Groups {
		Describe(f, &g.Reading, now)
		axis.Children = append(axis.Children, &Node{
			Type: NodeValue, Name: valueName(g.Value), Label: label, Path: f.Name,
			Matchers: sel.With(label, g.Value).Matchers, Series: g.Series, Expandable: g.Streams > 1, Reading: &g.Reading,
		})
	}
	if r.Other != nil {
		Describe(f, &r.Other.Reading, now)
		axis.Children = append(axis.Children, &Node{
			Type: NodeOther, Name: fmt.Sprintf("other (%d)", r.Others), Label: label, Path: f.Name, Matchers: sel.Matchers,
			Series: r.Other.Series, Branches: r.Others, Reading: &r.Other.Reading,
		})
	}
	return axis, nil
}

func (t *Tree) family(ctx context.Context, name string) (Family, error) {
	families, err := t.source.Families(ctx)
	if err != nil {
		return Family{}, fmt.Errorf("reading the namespace: %w", err)
	}
	i := sort.Search(len(families), func(i int) bool { return families[i].Name >= name })
	if i == len(families) || families[i].Name != name {
		return Family{}, fmt.Errorf("metric %q: %w: it may have stopped reporting; choose another in the tree", name, ErrUnknownMetric)
	}
	return families[i], nil
}

func valueName(v string) string {
	if v == "" {
		return Unset
	}
	return v
}
