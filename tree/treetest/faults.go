package treetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/metertree/metertree/tree"
)

// Faults tells where a source breaks the rules of a tree. For every metric, and
// for the first branches along every label of it, two levels deep:
//
//   - along each label, the branches and what is beyond the limit fold to the
//     node: series, streams and value; a gauge that has no fold has no value;
//   - the label opens as many branches as its axis promises, besides those that
//     ended, and at most as many as the limit are shown, which are the first of
//     those without a limit;
//   - a branch has the value of its selector, in whatever order its labels are;
//   - some branches and all the others make up the node, whether they are selected,
//     left out or folded in beside one another; what is beyond the limit is the node
//     without what is shown.
//
// Of a source with history the same holds for moments of the past, and the leaves
// of a stretch of time add up to the node. The error is that of a source that
// could not be asked.
func Faults(ctx context.Context, source tree.Source) ([]string, error) {
	families, err := source.Families(ctx)
	if err != nil {
		return nil, err
	}
	var faults []string
	for _, moment := range []tree.Moment{{}, {End: Now.Add(-95 * time.Second), Length: 2 * time.Minute}} {
		for _, f := range families {
			c := checker{ctx: ctx, source: source, moment: moment}
			err := c.family(f)
			faults = append(faults, c.faults...)
			if errors.Is(err, tree.ErrNoHistory) {
				break
			}
			if err != nil {
				return faults, fmt.Errorf("checking %s: %w", f.Name, err)
			}
		}
	}
	return faults, nil
}

const (
	checkedDepth    = 2
	checkedBranches = 3 // of those of an axis, the ones entered
	manyLeaves      = 1 << 20
	defaultLength   = 90 * time.Second // that leaves are read over
)

type checker struct {
	ctx    context.Context
	source tree.Source
	moment tree.Moment
	as     tree.Meaning // of all values of the family, once it is known
	faults []string
}

func (c *checker) fault(format string, a ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, a...))
}

// family checks a metric. What its value is, a rate or a total, is what the values
// of its branches are held to be.
func (c *checker) family(f tree.Family) error {
	sel := tree.Selector{Metric: f.Name}
	results, err := c.fold(f, sel, tree.Query{})
	if err != nil {
		return err
	}
	if m := results[0].Total.Reading.Meaning; m == tree.MeaningRate || m == tree.MeaningTotal {
		c.as = m
	}
	return c.node(f, sel)
}

func (c *checker) node(f tree.Family, sel tree.Selector) error {
	axes, err := c.source.Axes(c.ctx, sel)
	if err != nil {
		return err
	}
	for _, axis := range axes {
		results, err := c.fold(f, sel,
			tree.Query{By: axis.Label, Limit: -1},
			tree.Query{By: axis.Label, Limit: 2})
		if err != nil {
			return err
		}
		all, few := results[0], results[1]
		at := fmt.Sprintf("%s by %q", sel, axis.Label)
		c.partition(at, f, axis, all)
		c.partition(at+" limit 2", f, axis, few)
		c.limited(at, all, few)
		if err := c.complements(at, f, sel, axis.Label, all, few); err != nil {
			return err
		}
		if len(sel.Matchers) == checkedDepth {
			continue
		}
		for i, g := range all.Groups {
			if i >= checkedBranches && g.Value != "" {
				continue
			}
			if err := c.branch(f, sel.With(axis.Label, g.Value), g); err != nil {
				return err
			}
		}
	}
	return nil
}

// fold answers queries about the selector, all at one instant.
func (c *checker) fold(f tree.Family, sel tree.Selector, queries ...tree.Query) ([]tree.Result, error) {
	for i := range queries {
		queries[i].Family, queries[i].Moment, queries[i].As = f, c.moment, c.as
		if queries[i].Selector.Metric == "" {
			queries[i].Selector = sel
		}
	}
	results, err := c.source.Fold(c.ctx, queries)
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		if r.Err != nil {
			return nil, r.Err
		}
	}
	return results, nil
}

// branch checks that a branch is what its selector is, both ways round.
func (c *checker) branch(f tree.Family, sel tree.Selector, branch tree.Group) error {
	reversed := tree.Selector{Metric: sel.Metric}
	for i := len(sel.Matchers) - 1; i >= 0; i-- {
		reversed = reversed.With(sel.Matchers[i].Name, sel.Matchers[i].Value)
	}
	results, err := c.fold(f, sel, tree.Query{Selector: sel}, tree.Query{Selector: reversed})
	if err != nil {
		return err
	}
	branch.Value = ""
	for _, r := range results {
		if got, want := show(r.Total), show(branch); got != want {
			c.fault("%s is %s, as a branch it was %s", sel, got, want)
		}
	}
	return c.node(f, sel)
}

// partition checks that the branches make up their node.
func (c *checker) partition(at string, f tree.Family, axis tree.Axis, r tree.Result) {
	groups := append([]tree.Group(nil), r.Groups...)
	ended := 0 // still have a rate, but are no branches to open
	for _, g := range groups {
		if g.Streams == 0 {
			ended++
		}
	}
	// The axes are those of now, and the limit hides which branches ended.
	if n := len(groups) + r.Others - ended; n != axis.Branches && c.moment == (tree.Moment{}) && r.Other == nil {
		c.fault("%s: %d branches, the axis promised %d", at, n, axis.Branches)
	}
	if (r.Other != nil) != (r.Others > 0) {
		c.fault("%s: %d branches are left out, and folded into %v", at, r.Others, r.Other)
	}
	if r.Other != nil {
		groups = append(groups, *r.Other)
	}
	series, streams, weighted, weight := 0, 0, 0.0, 0.0
	acc := tree.Accumulator{Fold: f.Fold}
	for _, g := range groups {
		series += g.Series
		streams += g.Streams
		acc.Add(float64(g.Reading.Value))
		if !g.Reading.Value.IsNaN() {
			weighted += float64(g.Reading.Value) * float64(g.Streams-g.NaNs)
			weight += float64(g.Streams - g.NaNs)
		}
	}
	if series != r.Total.Series || streams != r.Total.Streams {
		c.fault("%s: the branches have %d series in %d streams, the node %d in %d", at, series, streams, r.Total.Series, r.Total.Streams)
	}
	want := float64(acc.Value())
	switch {
	case f.Fold == tree.FoldAvg && r.SkippedNaN:
		return // how many series are not a number is not known of each branch
	case f.Fold == tree.FoldAvg:
		want = weighted / weight
	case !f.Fold.Common() && streams > 1:
		want = math.NaN()
	}
	if got := float64(r.Total.Reading.Value); !same(got, want) {
		c.fault("%s: the node is %v, its branches fold (%s) to %v", at, got, f.Fold, want)
	}
}

// limited checks that few are the first of all.
func (c *checker) limited(at string, all, few tree.Result) {
	shown := min(2, len(all.Groups))
	if len(few.Groups) != shown || all.Other != nil {
		c.fault("%s: %d branches with limit 2 of %d", at, len(few.Groups), len(all.Groups))
		return
	}
	if len(few.Groups)+few.Others != len(all.Groups) {
		c.fault("%s: %d branches and %d beyond the limit of 2, there are %d", at, len(few.Groups), few.Others, len(all.Groups))
	}
	for i, g := range few.Groups {
		if got, want := show(g), show(all.Groups[i]); got != want {
			c.fault("%s limit 2: branch %d is %s, without limit %s", at, i+1, got, want)
		}
	}
	for i := 1; i < len(all.Groups); i++ {
		before, after := all.Groups[i-1], all.Groups[i]
		x, y := before.Reading.Value, after.Reading.Value
		if x < y || x == y && before.Value >= after.Value || x.IsNaN() && !y.IsNaN() {
			c.fault("%s: %s comes before %s", at, show(before), show(after))
		}
	}
}

// show writes a group with as many digits as two ways to add agree on.
func show(g tree.Group) string {
	text := fmt.Sprintf("%q %s %.9g, %d series in %d streams", g.Value, g.Reading.Meaning, float64(g.Reading.Value), g.Series, g.Streams)
	for _, q := range g.Reading.Quantiles {
		text += fmt.Sprintf(", p%v %.9g", q.Q*100, float64(q.Value))
	}
	return text
}

// same reports whether two numbers are equal but for rounding.
func same(a, b float64) bool {
	if a == b || math.IsNaN(a) && math.IsNaN(b) {
		return true
	}
	largest := max(math.Abs(a), math.Abs(b))
	return !math.IsInf(largest, 1) && math.Abs(a-b) <= 1e-9*largest
}
