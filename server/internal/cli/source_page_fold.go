package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// pageSource is a tree.Source over the answers of a tree page, as far as it takes to
// divide two of its metrics: what a page can be asked for has one value of each
// label, so parts that select several are added up here.
type pageSource struct {
	client *pageClient
	names  []string // of the metrics
}

// mostParts bounds the questions that one part is made of.
const mostParts = 50

// Families implements tree.Source: those of the metrics.
func (s pageSource) Families(ctx context.Context) ([]tree.Family, error) {
	var families []tree.Family
	for _, name := range s.names {
		root, err := s.client.Scope(ctx, tree.ScopeRequest{Filter: name, Depth: mostDepth, Values: tree.LeaveValues})
		if err != nil {
			return nil, err
		}
		if f := findFamily(root, name); f != nil && !slices.ContainsFunc(families, func(o tree.Family) bool { return o.Name == name }) {
			families = append(families, *f)
		}
	}
	slices.SortFunc(families, func(a, b tree.Family) int { return strings.Compare(a.Name, b.Name) })
	return families, nil
}

func findFamily(n *tree.Node, name string) *tree.Family {
	if n.Type == tree.NodeMetric && n.Path == name {
		return n.Family
	}
	for _, c := range n.Children {
		if f := findFamily(c, name); f != nil {
			return f
		}
	}
	return nil
}

// Ratios implements tree.Source: those of the page are asked for elsewhere.
func (pageSource) Ratios(context.Context) ([]metric.Ratio, error) { return nil, nil }

// Axes implements tree.Source.
func (s pageSource) Axes(ctx context.Context, sel tree.Selector) ([]tree.Axis, error) {
	node, err := s.client.Metric(ctx, tree.MetricRequest{Selector: sel})
	if err != nil {
		return nil, err
	}
	var axes []tree.Axis
	for _, c := range node.Children {
		axes = append(axes, tree.Axis{Label: c.Label, Branches: c.Branches})
	}
	slices.SortFunc(axes, func(a, b tree.Axis) int { return strings.Compare(a.Label, b.Label) })
	return axes, nil
}

// Fold implements tree.Source. The first answer says which moment all are of.
func (s pageSource) Fold(ctx context.Context, queries []tree.Query) ([]tree.Result, error) {
	results := make([]tree.Result, len(queries))
	at := int64(0)
	for i, q := range queries {
		f := pageFold{client: s.client.at(at), q: q, branches: make(map[string]*tree.Group)}
		if !q.Moment.End.IsZero() {
			f.client = s.client.at(q.Moment.End.UnixMilli())
		}
		results[i] = f.fold(ctx)
		if err := results[i].Err; err != nil && ctx.Err() != nil {
			return nil, err
		}
		if r := results[i]; at == 0 && r.Err == nil && r.Total.Reading.Meaning != tree.MeaningTotal && q.Moment.End.IsZero() {
			at = r.At.UnixMilli() // a page without a history can be asked about now only
		}
	}
	return results, nil
}

var errNotFromPage = errors.New("a tree page does not answer that about a ratio that nobody declared: give a --query-url")

// Range implements tree.Source: there is none of two metrics at the same instants.
func (pageSource) Range(context.Context, tree.Query, tree.Window) (tree.RangeResult, error) {
	return tree.RangeResult{}, fmt.Errorf("%w: %w", tree.ErrNoHistory, errNotFromPage)
}

// Leaves implements tree.Source, likewise.
func (pageSource) Leaves(context.Context, tree.LeavesQuery) ([]tree.Leaf, error) {
	return nil, fmt.Errorf("%w: %w", tree.ErrNoHistory, errNotFromPage)
}

// pageFold adds up the answers to one query.
type pageFold struct {
	client   *pageClient
	q        tree.Query
	result   tree.Result
	branches map[string]*tree.Group
}

func (f *pageFold) fold(ctx context.Context) tree.Result {
	f.result.Total.Reading = tree.Reading{Meaning: tree.MeaningNone, Value: tree.NoData}
	selectors, err := exactly(f.q)
	for _, sel := range selectors {
		if err == nil {
			err = f.ask(ctx, sel)
		}
	}
	if err != nil {
		return tree.Result{Err: err}
	}
	for _, g := range f.branches {
		f.result.Groups = append(f.result.Groups, *g)
	}
	f.result.Arrange(f.q.Family.Fold, f.q.BranchLimit())
	return f.result
}

// exactly are selectors with one value for each label that together select what the
// query does.
func exactly(q tree.Query) ([]tree.Selector, error) {
	if q.Except != nil || len(q.Also) > 0 || q.Moment.Length != 0 {
		return nil, errNotFromPage
	}
	selectors := []tree.Selector{q.Selector}
	for _, m := range q.Where {
		var more []tree.Selector
		for _, sel := range selectors {
			for _, value := range m.Values {
				more = append(more, sel.With(m.Label, value))
			}
		}
		if selectors = more; len(selectors) > mostParts {
			return nil, fmt.Errorf("%s{%s} is more than %d selections of one value each: select fewer values, or give a --query-url", q.Family.Name, q.Where, mostParts)
		}
	}
	return selectors, nil
}

// ask adds the answer about one selector.
func (f *pageFold) ask(ctx context.Context, sel tree.Selector) error {
	var node *tree.Node
	var err error
	if f.q.By == "" {
		node, err = f.client.Metric(ctx, tree.MetricRequest{Selector: sel})
	} else {
		node, err = f.client.Split(ctx, tree.SplitRequest{Selector: sel, By: f.q.By, Limit: tree.MaxBranches})
	}
	if err == nil && node.Error != "" {
		err = errors.New(node.Error)
	}
	if err != nil {
		return err
	}
	f.result.At = momentOf(node)
	f.add(&f.result.Total, node)
	for _, c := range node.Children {
		switch {
		case f.q.By == "":
		case c.Type == tree.NodeOther:
			return fmt.Errorf("label %q has more than %d values: expand along another", f.q.By, tree.MaxBranches)
		default:
			value := c.Matchers[len(c.Matchers)-1].Value
			if f.branches[value] == nil {
				f.branches[value] = &tree.Group{Value: value, Reading: tree.Reading{Meaning: tree.MeaningNone, Value: tree.NoData}}
			}
			f.add(f.branches[value], c)
		}
	}
	return nil
}

// add adds a node's value to a group, if it is what the query wants.
func (f *pageFold) add(to *tree.Group, n *tree.Node) {
	to.Series += n.Series
	to.Streams += n.Series
	if n.Reading == nil || math.IsNaN(float64(n.Reading.Value)) || f.q.Family.Increases() && f.q.As != "" && n.Reading.Meaning != f.q.As {
		return
	}
	if to.Reading.Value.IsNaN() {
		to.Reading = tree.Reading{Meaning: n.Reading.Meaning}
	}
	to.Reading.Value += n.Reading.Value
}
