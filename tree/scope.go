package tree

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Reads says whether the values of metrics are read.
type Reads uint8

// What is read for a scope.
const (
	ReadValues  Reads = iota // the current value of each metric and ratio
	LeaveValues              // names and numbers of series only
)

// ScopeRequest asks for a part of the namespace.
type ScopeRequest struct {
	Path   string   // of the scope; empty for the root
	Filter string   // keep the names that have all these words; case is ignored
	Depth  int      // levels of scopes to open; at least 1
	By     []string // labels to expand each metric and ratio along, one below the other
	Values Reads
}

// Scope returns a scope with its children and, unless they are left, the current
// value of each metric and ratio among them.
func (t *Tree) Scope(ctx context.Context, req ScopeRequest) (*Node, error) {
	space, err := t.namespace(ctx)
	if err != nil {
		return nil, err
	}
	scope := NewScope(filterEntries(space.entries(), req.Filter)).Find(req.Path)
	if scope == nil {
		return nil, fmt.Errorf("scope %q: %w: start at the root and expand", req.Path, ErrUnknownScope)
	}
	b := scopeBuilder{tree: t, space: space, nodes: t.limits.Nodes}
	node := b.build(scope, max(req.Depth, 1))
	if req.Values == ReadValues {
		err = b.read(ctx, req.By)
	}
	node.Notices = t.Notices()
	return node, err
}

func filterEntries(entries []Entry, filter string) []Entry {
	words := strings.Fields(strings.ToLower(filter))
	if len(words) == 0 {
		return entries
	}
	var kept []Entry
	for _, e := range entries {
		name, match := strings.ToLower(e.Name()), true
		for _, w := range words {
			match = match && strings.Contains(name, w)
		}
		if match {
			kept = append(kept, e)
		}
	}
	return kept
}

// scopeBuilder turns the trie into nodes and keeps a list of its leaves.
type scopeBuilder struct {
	tree   *Tree
	space  namespace
	nodes  int // how many more may be made
	leaves []leaf
}

// leaf is the node of a metric or ratio.
type leaf struct {
	node    *Node
	subject subject
}

func (b *scopeBuilder) build(s *Scope, depth int) *Node {
	n := &Node{Type: NodeScope, Name: s.Name, Path: s.Path, Series: s.Series, Metrics: s.Count, Expandable: s.Count > 0}
	if depth == 0 {
		return n
	}
	for _, c := range s.Scopes {
		if b.take(n) {
			n.Children = append(n.Children, b.build(c, depth-1))
		}
	}
	for _, e := range s.Entries {
		if !b.take(n) {
			continue
		}
		l := b.leaf(e)
		l.node.Name = s.LeafName(e)
		n.Children = append(n.Children, l.node)
		b.leaves = append(b.leaves, l)
	}
	return n
}

// take reports whether there may be one more node, which is otherwise missing
// below the parent.
func (b *scopeBuilder) take(parent *Node) bool {
	if b.nodes <= 0 {
		parent.Omitted++
		return false
	}
	b.nodes--
	return true
}

func (b *scopeBuilder) leaf(e Entry) leaf {
	s := subject{family: e.Family}
	if e.Ratio != nil {
		s = b.space.divided(e.Ratio)
	}
	return leaf{s.node(), s}
}

// node is the subject's, without a value.
func (s subject) node() *Node {
	if s.ratio == nil {
		return &Node{Type: NodeMetric, Name: s.family.Name, Path: s.family.Name, Series: s.family.Series, Family: &s.family, Expandable: s.family.Series > 1}
	}
	return &Node{
		Type: NodeRatio, Name: s.ratio.Name, Path: s.ratio.Name, Series: s.bottom.Family.Series, Expandable: s.bottom.Family.Series > 1,
		Ratio: &RatioParts{
			Numerator: s.top.selection(nil), Denominator: s.bottom.selection(nil), Mode: "within-group",
			Help: s.ratio.Help, Role: s.ratio.Role.String(),
		},
	}
}

// read fills in the current values, expanded along the labels.
func (b *scopeBuilder) read(ctx context.Context, by []string) error {
	leaves, most := b.leaves, b.tree.limits.Readings
	if len(leaves) > most {
		for _, l := range leaves[most:] {
			l.node.Error = fmt.Sprintf("not read: more than %d metrics at once; expand a smaller scope", most)
		}
		leaves = leaves[:most]
	}
	if err := b.tree.readLeaves(ctx, leaves); err != nil {
		return err
	}
	for _, l := range leaves {
		if err := b.expand(ctx, l, nil, by); err != nil {
			return err
		}
	}
	return nil
}

// readLeaves fills in the current values of nodes.
func (t *Tree) readLeaves(ctx context.Context, leaves []leaf) error {
	asks := make([]ask, len(leaves))
	for i, l := range leaves {
		asks[i] = ask{subject: l.subject}
	}
	answers, err := t.put(ctx, asks)
	if err != nil {
		return fmt.Errorf("reading %d metrics: %w", len(leaves), err)
	}
	for i, l := range leaves {
		if err := answers[i].Err; err != nil {
			l.node.Error = err.Error()
			continue
		}
		p := t.present(asks[i], answers[i])
		p.fillTotal(l.node)
		l.node.warnSeries()
	}
	return nil
}

// manySeries of one metric are worth a look at its labels.
const manySeries = 10_000

func (n *Node) warnSeries() {
	if n.Series > manySeries {
		n.Warnings = append(n.Warnings, fmt.Sprintf("%d series: see which label opens them", n.Series))
	}
}

// expand opens a node along the first label and its children along the rest. A
// label the node does not have is passed over, and what cannot be read is said at
// the node.
func (b *scopeBuilder) expand(ctx context.Context, l leaf, matchers []Matcher, by []string) error {
	for len(by) > 0 && l.node.Error == "" {
		has, err := b.tree.hasAxis(ctx, l.subject, matchers, by[0])
		if err != nil {
			return b.spoil(ctx, l.node, err)
		}
		if has {
			return b.open(ctx, l, matchers, by)
		}
		by = by[1:]
	}
	return nil
}

// spoil says at a node what could not be read, unless nothing can any more.
func (b *scopeBuilder) spoil(ctx context.Context, n *Node, err error) error {
	if ctx.Err() != nil || errors.Is(err, ErrRequest) {
		return err
	}
	n.Error = err.Error()
	return nil
}

func (b *scopeBuilder) open(ctx context.Context, l leaf, matchers []Matcher, by []string) error {
	if b.nodes <= 0 {
		l.node.Omitted++
		return nil
	}
	limit := min(b.tree.limits.Branches, b.nodes)
	axis, err := b.tree.split(ctx, ask{subject: l.subject, matchers: matchers, by: by[0], limit: limit}, 0)
	if err != nil {
		return b.spoil(ctx, l.node, err)
	}
	b.nodes -= len(axis.Children)
	l.node.Children, l.node.Branches, l.node.Omitted = axis.Children, axis.Branches, axis.Omitted
	l.node.Expandable = true
	for _, c := range axis.Children {
		if c.Type != NodeValue {
			continue
		}
		if err := b.expand(ctx, leaf{c, l.subject}, c.Matchers, by[1:]); err != nil {
			return err
		}
	}
	return nil
}

// Values returns the nodes of metrics and ratios with their current values, in the
// order of the names. What cannot be read is said at its node.
func (t *Tree) Values(ctx context.Context, names []string) ([]*Node, error) {
	if len(names) > t.limits.Readings {
		return nil, fmt.Errorf("%w: %d names: ask for at most %d at once", ErrRequest, len(names), t.limits.Readings)
	}
	space, err := t.namespace(ctx)
	if err != nil {
		return nil, err
	}
	nodes := make([]*Node, len(names))
	var leaves []leaf
	for i, name := range names {
		s, err := space.subject(name)
		if err != nil {
			nodes[i] = &Node{Type: NodeMetric, Name: name, Path: name, Error: err.Error()}
			continue
		}
		nodes[i] = s.node()
		leaves = append(leaves, leaf{nodes[i], s})
	}
	return nodes, t.readLeaves(ctx, leaves)
}
