package treetest

import (
	"context"
	"fmt"
	"time"

	"github.com/metertree/metertree/tree"
)

// WrongQueries tells which readings of a node, and of all below it, are not what
// their own queries give at the moment of the reading; of a ratio the two sums are
// among them. It returns how many queries there were, too. The error is that of one
// who could not be asked.
func WrongQueries(ctx context.Context, n *tree.Node, evaluate Evaluate) (wrong []string, queries int, err error) {
	w := queryWalk{ctx: ctx, evaluate: evaluate}
	err = w.node(n, n.At)
	return w.wrong, w.queries, err
}

type queryWalk struct {
	ctx      context.Context
	evaluate Evaluate
	wrong    []string
	queries  int
}

func (w *queryWalk) node(n *tree.Node, at int64) error {
	if n.At != 0 {
		at = n.At
	}
	readings := []*tree.Reading{n.Reading}
	if n.Ratio != nil {
		readings = append(readings, n.Ratio.NumeratorSum, n.Ratio.DenominatorSum)
	}
	for _, r := range readings {
		if err := w.reading(n, r, at); err != nil {
			return err
		}
	}
	for _, c := range n.Children {
		if err := w.node(c, at); err != nil {
			return err
		}
	}
	return nil
}

func (w *queryWalk) reading(n *tree.Node, r *tree.Reading, at int64) error {
	if r == nil {
		return nil
	}
	if err := w.hold(n, r.Query, at, r.Value); err != nil {
		return err
	}
	for _, q := range r.Quantiles {
		if err := w.hold(n, q.Query, at, q.Value); err != nil {
			return err
		}
	}
	return nil
}

func (w *queryWalk) hold(n *tree.Node, expression string, at int64, want tree.Number) error {
	if expression == "" {
		return nil
	}
	w.queries++
	got, err := w.evaluate(w.ctx, expression, time.UnixMilli(at))
	if err != nil {
		return fmt.Errorf("%s: %w", expression, err)
	}
	if !same(float64(got), float64(want)) {
		w.wrong = append(w.wrong, fmt.Sprintf("%s %s: the value is %v, but %s is %v", n.Path, n.Name, want, expression, got))
	}
	return nil
}
