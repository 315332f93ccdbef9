package tree

import (
	"context"
	"fmt"
	"time"

	"github.com/metertree/metertree/policy"
)

// MetricRequest asks for a metric or ratio, or a branch of it.
type MetricRequest struct {
	Selector Selector
	// Baseline, when not 0, is how long ago the value was that the change is
	// against, and the ranking by change.
	Baseline time.Duration
	Rank     Rank
}

// Metric returns the node of a selector with its value, and as children the axes
// it can be expanded along, in the order of the rank.
func (t *Tree) Metric(ctx context.Context, req MetricRequest) (*Node, error) {
	if req.Baseline < 0 || req.Baseline > MaxWindow {
		return nil, badBaseline(req.Baseline)
	}
	s, err := t.find(ctx, req.Selector)
	if err != nil {
		return nil, err
	}
	matchers := req.Selector.Matchers
	a := ask{subject: s, matchers: matchers}
	r, err := t.put(ctx, []ask{a})
	if err != nil {
		return nil, a.fail(err)
	}
	n := s.node()
	n.Matchers = matchers
	if last := len(matchers) - 1; last >= 0 {
		n.Type, n.Label, n.Name = NodeValue, matchers[last].Name, valueName(matchers[last].Value)
	}
	if r[0].Err != nil {
		n.Error = r[0].Err.Error()
		return n, nil
	}
	p := t.present(a, r[0])
	p.fillTotal(n)
	if req.Baseline > 0 {
		if err := t.compare(ctx, p, n, req.Baseline); err != nil {
			return nil, err
		}
	}
	axes, err := t.rankedAxes(ctx, p, req)
	if err != nil {
		return nil, fmt.Errorf("labels of %s: %w", req.Selector, err)
	}
	for _, axis := range axes {
		n.Children = append(n.Children, axis.node(p))
	}
	n.Expandable = len(axes) > 0
	n.Notices = t.Notices()
	return n, nil
}

// node is that of an axis which is not expanded.
func (x rankedAxis) node(p presenter) *Node {
	n := &Node{
		Type: NodeAxis, Name: x.Label, Label: x.Label, Path: p.ask.subject.name(), Matchers: p.ask.matchers,
		Series: p.total.Series, Branches: x.Branches, Expandable: true,
		Axis: &AxisFacts{Level: levelOf(x.Branches), Declared: x.declared >= 0, NearUnique: x.nearUnique, Uneven: x.uneven},
	}
	if w := warnBranches(x.Label, x.Branches); w != "" {
		n.Warnings = []string{w}
	}
	return n
}

func levelOf(branches int) policy.Level { return policy.DefaultThresholds().Level(branches) }

// warnBranches questions a label of very many values.
func warnBranches(label string, branches int) string {
	if levelOf(branches) != policy.Questioned {
		return ""
	}
	return fmt.Sprintf("label %q has %d values: more than %d is questioned, because each is a series or several", label, branches, policy.DefaultThresholds().Questioned)
}
