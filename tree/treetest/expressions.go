package treetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// Evaluate asks a server for the only value of an expression of PromQL at a
// moment, tree.NoData where it has none.
type Evaluate func(ctx context.Context, expression string, at time.Time) (tree.Number, error)

// WrongExpressions tells where a source that is a tree.Querier gives expressions
// whose value, as another evaluates them over the same data, is not the source's
// own: of the nodes two labels deep, of parts of them, of what is folded in beside
// them, now and in the past, with their quantiles. A value without an expression
// is wrong too. The error is that of one who could not be asked.
func WrongExpressions(ctx context.Context, source tree.Source, evaluate Evaluate) ([]string, error) {
	families, err := source.Families(ctx)
	if err != nil {
		return nil, err
	}
	e := expressions{ctx: ctx, source: source, evaluate: evaluate}
	for _, f := range families {
		queries, err := e.queries(f, families)
		if err != nil {
			return e.wrong, err
		}
		results, err := source.Fold(ctx, queries)
		if err != nil {
			return e.wrong, err
		}
		for i, r := range results {
			if errors.Is(r.Err, tree.ErrNoHistory) {
				continue
			}
			if r.Err != nil {
				return e.wrong, fmt.Errorf("%s: %w", queries[i].Selector, r.Err)
			}
			if err := e.compare(queries[i], r); err != nil {
				return e.wrong, err
			}
		}
	}
	return e.wrong, nil
}

type expressions struct {
	ctx      context.Context
	source   tree.Source
	evaluate Evaluate
	wrong    []string
}

// queries are about a family: the whole, parts of it and more than it.
func (e *expressions) queries(f tree.Family, all []tree.Family) ([]tree.Query, error) {
	selectors := []tree.Selector{{Metric: f.Name}}
	axes, err := e.source.Axes(e.ctx, selectors[0])
	if err != nil {
		return nil, err
	}
	var out []tree.Query
	for i, axis := range axes {
		results, err := e.source.Fold(e.ctx, []tree.Query{{Family: f, Selector: selectors[0], By: axis.Label, Limit: -1}})
		if err != nil {
			return nil, err
		}
		some, others := split(results[0].Groups)
		if len(some) == 0 {
			continue
		}
		for _, sel := range slices.Clone(selectors[:min(len(selectors), 3)]) {
			where := metric.Matchers{}.With(axis.Label, some...)
			except := &tree.Exclusion{Label: axis.Label, Values: some}
			out = append(out,
				tree.Query{Family: f, Selector: sel, Where: where},
				tree.Query{Family: f, Selector: sel, Except: except},
				tree.Query{Family: f, Selector: sel, Where: where, Also: beside(f, all, axis.Label, others)})
			if i < checkedDepth {
				selectors = append(selectors, sel.With(axis.Label, some[0]), sel.With(axis.Label, some[len(some)-1]))
			}
		}
	}
	for _, sel := range selectors {
		out = append(out, tree.Query{Family: f, Selector: sel}, tree.Query{Family: f, Selector: sel, As: tree.MeaningTotal})
	}
	for _, q := range out {
		q.Moment = tree.Moment{End: Now.Add(-100 * time.Second), Length: 150 * time.Second}
		out = append(out, q)
	}
	return out, nil
}

// beside are parts to fold in: the rest of the family, and others that fold alike.
func beside(f tree.Family, all []tree.Family, label string, values []string) []tree.Part {
	var parts []tree.Part
	if len(values) > 0 {
		parts = append(parts, tree.Part{Family: f, Where: metric.Matchers{}.With(label, values...)})
	}
	for _, other := range all {
		if len(parts) < 4 && other.Name != f.Name && other.Increases() == f.Increases() && other.Fold == f.Fold {
			parts = append(parts, tree.Part{Family: other})
		}
	}
	return parts
}

// compare evaluates the expressions of one result.
func (e *expressions) compare(q tree.Query, r tree.Result) error {
	asked, ok := e.source.(tree.Querier)
	if !ok {
		return fmt.Errorf("%T gives no expressions: check a source that does", e.source)
	}
	reading := r.Total.Reading
	q.SkipNaN = r.SkippedNaN
	if q.Moment.Length == 0 {
		q.Moment.Length = r.Length
	}
	if reading.Meaning != tree.MeaningNone {
		q.As = reading.Meaning
	}
	if err := e.hold(q, asked.Expression(q), r.At, reading.Value); err != nil {
		return err
	}
	for _, quantile := range reading.Quantiles {
		q.Quantile = quantile.Q
		if err := e.hold(q, asked.Expression(q), r.At, quantile.Value); err != nil {
			return err
		}
	}
	return nil
}

func (e *expressions) hold(q tree.Query, expression string, at time.Time, want tree.Number) error {
	if expression == "" && want.IsNaN() {
		return nil
	}
	got := tree.NoData
	if expression != "" {
		var err error
		if got, err = e.evaluate(e.ctx, expression, at); err != nil {
			return fmt.Errorf("%s: %w", expression, err)
		}
	}
	if !same(float64(got), float64(want)) {
		e.wrong = append(e.wrong, fmt.Sprintf("%s where %s at %v: the value is %v, but %s is %v", q.Selector, q.Where, at, want, expression, got))
	}
	return nil
}
