package treetest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// complements checks that what selects some branches of a node, and what selects
// the others, make it up. all and few are its branches without a limit and with.
func (c *checker) complements(at string, f tree.Family, sel tree.Selector, label string, all, few tree.Result) error {
	if len(all.Groups) < 2 {
		return nil
	}
	some, others := split(all.Groups)
	shown := tree.Exclusion{Label: label}
	for _, g := range few.Groups {
		shown.Values = append(shown.Values, g.Value)
	}
	slices.Sort(shown.Values)
	where := metric.Matchers{}.With(label, some...)
	results, err := c.fold(f, sel,
		tree.Query{Where: where},
		tree.Query{Except: &tree.Exclusion{Label: label, Values: some}},
		tree.Query{Where: where, Also: []tree.Part{{Family: f, Where: metric.Matchers{}.With(label, others...)}}},
		tree.Query{Where: where, Except: &tree.Exclusion{Label: label, Values: others}},
		tree.Query{Except: &shown},
	)
	if err != nil {
		return err
	}
	selected, rest := results[0], results[1]
	c.adds(at, f, all, selected.Total, rest.Total)
	c.equal(at+", the parts folded together", all.Total, results[2].Total)
	c.equal(at+", selected in two ways", selected.Total, results[3].Total)
	if few.Other != nil && !(f.Fold == tree.FoldAvg && all.SkippedNaN) {
		without := results[4].Total
		other := *few.Other
		other.Reading.Quantiles, without.Reading.Quantiles = nil, nil // no branch's are merged
		c.equal(at+", without what is shown", other, without)
	}
	return c.leaves(at, f, sel, label)
}

// split sorts the values of every other branch into a list of their own.
func split(groups []tree.Group) (some, others []string) {
	for i, g := range groups {
		if i%2 == 0 {
			some = append(some, g.Value)
		} else {
			others = append(others, g.Value)
		}
	}
	slices.Sort(some)
	slices.Sort(others)
	return some, others
}

// adds checks that two parts make up a node.
func (c *checker) adds(at string, f tree.Family, whole tree.Result, a, b tree.Group) {
	node := whole.Total
	if a.Series+b.Series != node.Series || a.Streams+b.Streams != node.Streams {
		c.fault("%s: two parts have %d+%d series in %d+%d streams, the node %d in %d",
			at, a.Series, b.Series, a.Streams, b.Streams, node.Series, node.Streams)
	}
	if !f.Fold.Additive() {
		return
	}
	acc := tree.Accumulator{Fold: f.Fold}
	acc.Add(float64(a.Reading.Value))
	acc.Add(float64(b.Reading.Value))
	if got := float64(acc.Value()); !same(got, float64(node.Reading.Value)) {
		c.fault("%s: two parts add up to %v, the node is %v", at, got, node.Reading.Value)
	}
}

func (c *checker) equal(what string, want, got tree.Group) {
	want.Value, got.Value = "", ""
	if want, got := show(want), show(got); want != got {
		c.fault("%s: %s, want %s", what, got, want)
	}
}

// leaves checks that the leaves along a label add up to those of the node, which
// are its rate or, of a gauge, the sum of the means.
func (c *checker) leaves(at string, f tree.Family, sel tree.Selector, label string) error {
	q := tree.LeavesQuery{Family: f, Selector: sel, Moment: c.moment, Limit: manyLeaves}
	if q.Moment.Length == 0 {
		q.Moment.Length = defaultLength
	}
	node, err := c.source.Leaves(c.ctx, q)
	switch {
	case errors.Is(err, tree.ErrNoHistory):
		return nil
	case err != nil:
		return fmt.Errorf("leaves: %w", err)
	}
	q.By = []string{label}
	leaves, err := c.source.Leaves(c.ctx, q)
	if err != nil {
		return fmt.Errorf("leaves: %w", err)
	}
	value, streams := sumLeaves(leaves)
	whole, inWhole := sumLeaves(node)
	if len(node) > 1 || streams != inWhole || !same(value, whole) {
		c.fault("%s: leaves add up to %v in %d streams, those of the node to %v in %d", at, value, streams, whole, inWhole)
	}
	if f.Increases() {
		results, err := c.source.Fold(c.ctx, []tree.Query{{Family: f, Selector: sel, Moment: q.Moment, As: tree.MeaningRate}})
		if err == nil {
			err = results[0].Err
		}
		if err != nil {
			return err
		}
		if rate := results[0].Total.Reading.Value; !rate.IsNaN() && !same(float64(rate), whole) || rate.IsNaN() && len(node) > 0 {
			c.fault("%s: leaves add up to %v, the rate is %v", at, whole, rate)
		}
	}
	if q.Limit = len(leaves) - 1; q.Limit > 0 {
		if _, err := c.source.Leaves(c.ctx, q); !errors.Is(err, tree.ErrTooMany) {
			c.fault("%s: %d leaves where %d are allowed: error %v", at, len(leaves), q.Limit, err)
		}
	}
	return nil
}

func sumLeaves(leaves []tree.Leaf) (value float64, streams int) {
	for _, l := range leaves {
		value += l.Value
		streams += l.Streams
	}
	return value, streams
}
