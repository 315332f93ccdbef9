package treetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// RunRatios checks ratios over generated data of one instant, as many times, on
// every source: that each has no RatioFaults.
func RunRatios(t *testing.T, times int, sources ...Source) {
	t.Helper()
	for _, source := range sources {
		t.Run(source.Name, func(t *testing.T) {
			for seed := range uint64(times) {
				data := Random(rand.New(rand.NewPCG(seed, 2)))
				opened := source.Open(t, data)
				if opened == nil {
					t.Fatalf("the source holds no single instant: leave it out")
				}
				for _, ratio := range randomRatios {
					faults, err := RatioFaults(t.Context(), opened, ratio)
					for _, fault := range faults {
						t.Errorf("seed %d: %s", seed, fault)
					}
					if err != nil {
						t.Errorf("seed %d: %s: %v", seed, ratio.Name, err)
					}
				}
			}
		})
	}
}

// randomRatios divide what Random makes: a part by its whole, two families of which
// either may be the smaller, a histogram's count, and levels.
var randomRatios = []metric.Ratio{
	{Name: "z_part", Numerator: metric.Selection{Metric: "a_total", Matchers: metric.Matchers{}.With("method", "a", "", ".*")},
		Denominator: metric.Selection{Metric: "a_total"}},
	{Name: "z_families", Numerator: metric.Selection{Metric: "a_seconds"}, Denominator: metric.Selection{Metric: "a_total"}},
	{Name: "z_narrow", Numerator: metric.Selection{Metric: "a_total", Matchers: metric.Matchers{}.With("zone", "a")},
		Denominator: metric.Selection{Metric: "a_seconds", Matchers: metric.Matchers{}.With("zone", "a", "b")}},
	{Name: "z_levels", Numerator: metric.Selection{Metric: "a_sum", Matchers: metric.Matchers{}.With("host", "a")},
		Denominator: metric.Selection{Metric: "a_sum"}},
	{Name: "z_nothing_above", Numerator: metric.Selection{Metric: "no_such_total"}, Denominator: metric.Selection{Metric: "a_total"}},
}

// RatioFaults tells where a ratio over a source breaks its rules. At the root and
// one label deep, along each axis:
//
//   - a value is its numerator by its denominator: none where the latter is nothing
//     or zero, zero where only the numerator is absent, with a warning where it is
//     more than one;
//   - numerators and denominators of the branches, the rest included, add up to
//     those of the node; in the share mode the values do;
//   - with a limit, what is shown are the first branches of all;
//   - a branch has the value of its selector, in whatever order its labels are.
//
// The error is that of a source that could not be asked.
func RatioFaults(ctx context.Context, source tree.Source, ratio metric.Ratio) ([]string, error) {
	with, err := tree.WithRatio(source, ratio)
	if err != nil {
		return nil, err
	}
	c := ratioChecker{ctx: ctx, tree: tree.New(with, tree.Limits{}), name: ratio.Name}
	err = c.node(tree.Selector{Metric: ratio.Name}, 0)
	return c.faults, err
}

type ratioChecker struct {
	ctx    context.Context
	tree   *tree.Tree
	name   string
	faults []string
}

func (c *ratioChecker) fault(format string, a ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, a...))
}

func (c *ratioChecker) node(sel tree.Selector, depth int) error {
	n, err := c.tree.Metric(c.ctx, tree.MetricRequest{Selector: sel})
	if err != nil {
		return err
	}
	if n.Error != "" {
		return errors.New(n.Error)
	}
	c.quotient(sel.String(), n)
	for _, axis := range n.Children {
		if err := c.axis(sel, axis, n, depth); err != nil {
			return err
		}
	}
	return nil
}

func (c *ratioChecker) axis(sel tree.Selector, axis, parent *tree.Node, depth int) error {
	var within *tree.Node
	for _, mode := range []metric.RatioMode{metric.WithinGroup, metric.ShareOfParent} {
		all, err := c.tree.Split(c.ctx, tree.SplitRequest{Selector: sel, By: axis.Label, Limit: tree.MaxBranches, Mode: mode})
		if err != nil {
			return err
		}
		few, err := c.tree.Split(c.ctx, tree.SplitRequest{Selector: sel, By: axis.Label, Limit: 2, Mode: mode})
		if err != nil {
			return err
		}
		at := fmt.Sprintf("%s by %s, %s", sel, axis.Label, mode)
		for _, split := range []*tree.Node{all, few} {
			c.adds(at, split, parent, mode)
		}
		for i := range min(2, len(all.Children)) {
			if got, want := value(few.Children[i]), value(all.Children[i]); got != want {
				c.fault("%s limit 2: branch %d is %s, without limit %s", at, i+1, got, want)
			}
		}
		if mode == metric.WithinGroup {
			within = all
		}
	}
	if depth > 0 {
		return nil
	}
	for i, branch := range within.Children {
		if i >= checkedBranches {
			break
		}
		if err := c.branch(branch, depth); err != nil {
			return err
		}
	}
	return nil
}

// branch checks that a branch is what its selector is.
func (c *ratioChecker) branch(branch *tree.Node, depth int) error {
	sel := tree.Selector{Metric: c.name, Matchers: branch.Matchers}
	n, err := c.tree.Metric(c.ctx, tree.MetricRequest{Selector: sel})
	if err != nil {
		return err
	}
	if got, want := value(n), value(branch); got != want {
		c.fault("%s is %s, as a branch it was %s", sel, got, want)
	}
	return c.node(sel, depth+1)
}

// adds checks that the branches make up their node.
func (c *ratioChecker) adds(at string, split, parent *tree.Node, mode metric.RatioMode) {
	var sums metric.RatioSums
	shares, whole := 0.0, amountOf(parent.Ratio.DenominatorSum)
	for _, n := range split.Children {
		c.quotient(at, n)
		own := metric.RatioSums{Numerator: amountOf(n.Ratio.NumeratorSum), Denominator: amountOf(n.Ratio.DenominatorSum)}
		sums = sums.Plus(own)
		if !n.Reading.Value.IsNaN() {
			shares += float64(n.Reading.Value)
		}
		if mode == metric.ShareOfParent && !same(own.Denominator.Sum, whole.Sum) {
			c.fault("%s: %s is divided by %v, the node has %v", at, n.Name, own.Denominator.Sum, whole.Sum)
		}
	}
	if split.Check == nil || !split.Check.Holds {
		c.fault("%s: the check does not hold: %+v", at, split.Check)
	}
	if got, want := sums.Numerator.Sum, amountOf(parent.Ratio.NumeratorSum).Sum; !same(got, want) {
		c.fault("%s: numerators add up to %v, the node has %v", at, got, want)
	}
	switch {
	case mode == metric.WithinGroup && !same(sums.Denominator.Sum, whole.Sum):
		c.fault("%s: denominators add up to %v, the node has %v", at, sums.Denominator.Sum, whole.Sum)
	case mode == metric.ShareOfParent && !parent.Reading.Value.IsNaN() && math.Abs(shares-float64(parent.Reading.Value)) > 1e-9*math.Max(1, math.Abs(shares)):
		c.fault("%s: shares add up to %v, the node is %v", at, shares, parent.Reading.Value)
	}
}

// quotient checks one value against its sums.
func (c *ratioChecker) quotient(at string, n *tree.Node) {
	above, below := amountOf(n.Ratio.NumeratorSum), amountOf(n.Ratio.DenominatorSum)
	want := math.NaN()
	if below.Present && below.Sum > 0 {
		want = above.Sum / below.Sum // an absent numerator is 0
	}
	if got := float64(n.Reading.Value); !same(got, want) {
		c.fault("%s: %s is %v, its sums are %v / %v", at, n.Name, got, above, below)
	}
	warned := false
	for _, w := range n.Warnings {
		warned = warned || w == "the numerator is more than the denominator: something is counted twice, or missing below"
	}
	if exceeds := above.Sum > below.Sum; exceeds != warned {
		c.fault("%s: %s of %v / %v, warnings %q", at, n.Name, above, below, n.Warnings)
	}
}

func amountOf(r *tree.Reading) metric.Amount {
	if r == nil || r.Value.IsNaN() {
		return metric.Amount{}
	}
	return metric.AmountOf(float64(r.Value))
}

// value writes a ratio node with as many digits as two ways to add agree on.
func value(n *tree.Node) string {
	return fmt.Sprintf("%q %s %.9g, %d series", n.Name, n.Reading.Meaning, float64(n.Reading.Value), n.Series)
}
