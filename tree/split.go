package tree

import (
	"context"
	"fmt"
	"time"

	"github.com/metertree/metertree/metric"
)

// SplitRequest asks for the branches of a node.
type SplitRequest struct {
	Selector Selector
	By       string // label to expand along
	Limit    int    // most branches; 0 is Limits.Branches
	// Baseline, when not 0, is how long ago the values were that changes are
	// against.
	Baseline time.Duration
	// Mode is what the branches of a ratio are divided by.
	Mode metric.RatioMode
}

// MaxBranches is the most branches that one answer has.
const MaxBranches = 10_000

// Split returns the axis node of a label with the branches of the selector along
// it, and the folded rest as the last child when there are more than the limit.
func (t *Tree) Split(ctx context.Context, req SplitRequest) (*Node, error) {
	switch {
	case req.Limit < 0 || req.Limit > MaxBranches:
		return nil, fmt.Errorf("%w: limit %d: use a number from 1 to %d", ErrRequest, req.Limit, MaxBranches)
	case req.Baseline < 0 || req.Baseline > MaxWindow:
		return nil, badBaseline(req.Baseline)
	}
	s, err := t.find(ctx, req.Selector)
	if err != nil {
		return nil, err
	}
	if err := t.canExpand(ctx, s, req.Selector, req.By); err != nil {
		return nil, err
	}
	limit := t.limits.Branches
	if req.Limit > 0 {
		limit = req.Limit
	}
	axis, err := t.split(ctx, ask{subject: s, matchers: req.Selector.Matchers, by: req.By, limit: limit, mode: req.Mode}, req.Baseline)
	if err != nil {
		return nil, err
	}
	axis.Notices = t.Notices()
	return axis, nil
}

func badBaseline(d time.Duration) error {
	return fmt.Errorf("%w: baseline %s is out of range: use 0 to %s", ErrRequest, d, MaxWindow)
}

// nameLabel is how servers store a metric's name.
const nameLabel = "__name__"

// find resolves the name of a selector and checks its matchers.
func (t *Tree) find(ctx context.Context, sel Selector) (subject, error) {
	space, err := t.namespace(ctx)
	if err != nil {
		return subject{}, err
	}
	s, err := space.subject(sel.Metric)
	if err != nil {
		return subject{}, err
	}
	for _, m := range sel.Matchers {
		if m.Name == nameLabel {
			return subject{}, fmt.Errorf("%w: label %q is the metric's name: choose another metric instead", ErrRequest, m.Name)
		}
		if s.divides(m.Name) {
			return subject{}, fmt.Errorf("%w: the ratio %s selects by the label %q itself: narrow it by another", ErrRequest, sel.Metric, m.Name)
		}
	}
	return s, nil
}

// divides reports whether a side of a ratio is selected by the label.
func (s subject) divides(label string) bool {
	_, above := s.top.Where.On(label)
	_, below := s.bottom.Where.On(label)
	return above || below
}

// canExpand reports a label that a node cannot be expanded along. A metric without
// the label has one branch, that of the series without it.
func (t *Tree) canExpand(ctx context.Context, s subject, sel Selector, label string) error {
	switch {
	case label == nameLabel:
		return fmt.Errorf("%w: label %q is the metric's name: expand along another label", ErrRequest, label)
	case label == "":
		return fmt.Errorf("%w: no label to expand %s along: name one", ErrRequest, sel)
	case sel.Has(label):
		return fmt.Errorf("%w: label %q is already fixed in %s: expand along another label", ErrRequest, label, sel)
	case s.divides(label):
		return fmt.Errorf("%w: the ratio %s selects by the label %q itself: expand along another label", ErrRequest, sel.Metric, label)
	case s.ratio == nil:
		return nil
	}
	has, err := t.hasAxis(ctx, s, sel.Matchers, label)
	if err == nil && !has {
		err = fmt.Errorf("%w: the two sides of the ratio %s do not both have the label %q: expand along another label", ErrRequest, sel.Metric, label)
	}
	return err
}

// split answers an ask with branches.
func (t *Tree) split(ctx context.Context, a ask, baseline time.Duration) (*Node, error) {
	r, err := t.putOne(ctx, a)
	if err != nil {
		return nil, a.fail(err)
	}
	p := t.present(a, r)
	if err := t.readRest(ctx, &p); err != nil {
		return nil, a.fail(err)
	}
	axis := &Node{
		Type: NodeAxis, Name: a.by, Label: a.by, Path: a.subject.name(), Matchers: a.matchers, Expandable: true,
		Branches: len(p.branches) + p.Others, Omitted: p.Others,
	}
	p.fillTotal(axis)
	if axis.Ratio != nil {
		axis.Ratio.Mode = a.mode.String()
	}
	for i := range p.branches {
		axis.Children = append(axis.Children, p.branch(&p.branches[i]))
	}
	if p.other != nil {
		axis.Children = append(axis.Children, p.rest())
	}
	axis.Check = p.check()
	axis.Axis = &AxisFacts{Level: levelOf(axis.Branches)}
	if w := warnBranches(a.by, axis.Branches); w != "" {
		axis.Warnings = append(axis.Warnings, w)
	}
	if baseline > 0 {
		err = t.compare(ctx, p, axis, baseline)
	}
	return axis, err
}

// readRest reads what folded branches do not tell of the rest of a histogram: its
// quantiles.
func (t *Tree) readRest(ctx context.Context, p *presenter) error {
	if p.other == nil || p.ask.subject.family.Kind != KindHistogram {
		return nil
	}
	rest := p.ask
	rest.by, rest.except, rest.as = "", p.shown(), p.total.Reading.Meaning
	rest.moment.Length = p.Length
	if !rest.except.writable() {
		return nil
	}
	answers, err := t.put(ctx, []ask{rest})
	if err == nil && answers[0].Err == nil {
		p.other.Reading.Quantiles = answers[0].Total.Reading.Quantiles
	}
	return err
}
