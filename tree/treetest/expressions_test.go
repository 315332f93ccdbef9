package treetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/tree"
)

// writer is a source whose expressions are numbers, under which it keeps what was
// asked for.
type writer struct {
	steady
	asked *[]tree.Query
}

func (w writer) Expression(q tree.Query) string {
	if !q.Family.Fold.Common() && q.As != tree.MeaningSingle {
		return ""
	}
	*w.asked = append(*w.asked, q)
	return fmt.Sprint(len(*w.asked) - 1)
}

// evaluate answers the expressions, off by some.
func (w writer) evaluate(off tree.Number) Evaluate {
	return func(ctx context.Context, expression string, _ time.Time) (tree.Number, error) {
		i := 0
		if _, err := fmt.Sscan(expression, &i); err != nil {
			return 0, err
		}
		q := (*w.asked)[i]
		results, err := w.Fold(ctx, []tree.Query{q})
		if err != nil {
			return 0, err
		}
		value := results[0].Total.Reading.Value
		for _, of := range results[0].Total.Reading.Quantiles {
			if of.Q == q.Quantile {
				value = of.Value
			}
		}
		return value + off, nil
	}
}

func TestWrongExpressionsAreFound(t *testing.T) {
	source := steady{Snapshot.Open(t, Random(rand.New(rand.NewPCG(3, 1))))}
	for _, off := range []tree.Number{0, 1} {
		w := writer{source, new([]tree.Query)}
		wrong, err := WrongExpressions(t.Context(), w, w.evaluate(off))
		if err != nil || (len(wrong) == 0) != (off == 0) {
			t.Errorf("off by %v: error %v, wrong %q", off, err, wrong)
		}
		parts := map[string]bool{}
		for _, q := range *w.asked {
			parts["quantile"] = parts["quantile"] || q.Quantile > 0
			parts["where"] = parts["where"] || q.Where != nil
			parts["except"] = parts["except"] || q.Except != nil
			parts["also"] = parts["also"] || len(q.Also) > 1
			parts["past"] = parts["past"] || !q.Moment.End.IsZero()
			parts["not a number"] = parts["not a number"] || q.SkipNaN
		}
		for part, asked := range parts {
			if !asked {
				t.Errorf("of %d expressions none is about %s", len(*w.asked), part)
			}
		}
	}
	if _, err := WrongExpressions(t.Context(), source, nil); err == nil || !strings.Contains(err.Error(), "gives no expressions") {
		t.Errorf("a source without expressions: %v", err)
	}
}

func TestWrongQueriesAreFound(t *testing.T) {
	leaf := &tree.Node{Path: "a", Name: "x", Reading: &tree.Reading{Value: 2, Query: "two", Quantiles: []tree.Quantile{{Value: 3, Query: "three"}}}}
	root := &tree.Node{At: 1000, Reading: &tree.Reading{Value: 1, Query: "one"}, Children: []*tree.Node{leaf, {Reading: &tree.Reading{Value: 9}}}}
	values := map[string]tree.Number{"one": 1, "two": 2, "three": 3}
	evaluate := func(_ context.Context, expression string, at time.Time) (tree.Number, error) {
		if at.UnixMilli() != 1000 {
			t.Errorf("%s asked at %v", expression, at)
		}
		return values[expression], nil
	}
	wrong, queries, err := WrongQueries(t.Context(), root, evaluate)
	if len(wrong) != 0 || queries != 3 || err != nil {
		t.Errorf("%q of %d, error %v", wrong, queries, err)
	}
	for name := range values {
		values[name]++
		if wrong, _, _ := WrongQueries(t.Context(), root, evaluate); len(wrong) != 1 || !strings.Contains(wrong[0], name) {
			t.Errorf("%s is wrong, found %q", name, wrong)
		}
		values[name]--
	}
}
