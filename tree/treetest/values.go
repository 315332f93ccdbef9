package treetest

import (
	"context"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// wrongs compares nodes of the source with what the data say.
func (d Data) wrongs(ctx context.Context, source tree.Source) (wrong []string, err error) {
	families, err := source.Families(ctx)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]tree.Family)
	for _, f := range families {
		byName[f.Name] = f
	}
	for _, f := range families {
		for _, q := range d.asked(f, byName) {
			results, err := source.Fold(ctx, []tree.Query{q})
			if err == nil {
				err = results[0].Err
			}
			if err != nil {
				return wrong, err
			}
			if text := d.differs(q, results[0]); text != "" {
				wrong = append(wrong, fmt.Sprintf("%s where %s except %v also %d: %s", q.Selector, q.Where, q.Except, len(q.Also), text))
			}
		}
	}
	return wrong, nil
}

// asked are queries about nodes of a family, and about parts of them.
func (d Data) asked(f tree.Family, families map[string]tree.Family) []tree.Query {
	selectors := []tree.Selector{{Metric: f.Name}}
	for _, host := range append(randomValues[:2:2], "") {
		sel := selectors[0].With("host", host)
		selectors = append(selectors, sel)
		for _, zone := range append(randomValues[2:4:4], "") {
			selectors = append(selectors, sel.With("zone", zone))
		}
	}
	var as tree.Meaning
	if d.Instants > 1 && f.Increases() {
		as = tree.MeaningTotal // a rate does not follow from a few numbers alone
	}
	some := metric.Matchers{}.With("method", "", "a", ".*")
	var queries []tree.Query
	for _, sel := range selectors {
		q := tree.Query{Family: f, Selector: sel, As: as}
		where, except, also := q, q, q
		where.Where = some
		except.Except = &tree.Exclusion{Label: "method", Values: []string{"", `"}`, "größe"}}
		also.Where, also.Except = metric.Matchers{}.With("method", "b"), except.Except
		also.Also = []tree.Part{{Family: f, Where: some}}
		queries = append(queries, q, where, except, also)
		if other, ok := families["a_seconds"]; ok && f.Name == "a_total" {
			also.Also = append(also.Also, tree.Part{Family: other})
			queries = append(queries, also)
		}
	}
	return queries
}

// differs tells how a node is not what the data say, or is empty.
func (d Data) differs(q tree.Query, r tree.Result) string {
	got, want := r.Total.Reading, d.fold(q)
	if want.MixedBuckets != r.MixedBuckets {
		return fmt.Sprintf("mixed buckets %v, the series say %v", r.MixedBuckets, want.MixedBuckets)
	}
	if want.SkippedNaN && !r.SkippedNaN && q.Family.Fold != tree.FoldMax && q.Family.Fold != tree.FoldMin { // which need no care
		return "some series are not a number, which is not said"
	}
	equal := same(float64(got.Value), float64(want.Total.Reading.Value))
	if quantiles := want.Total.Reading.Quantiles; !r.MixedBuckets { // there are several ways to merge those
		equal = equal && len(got.Quantiles) == len(quantiles)
		for i := range quantiles {
			equal = equal && reflect.DeepEqual(round(got.Quantiles[i]), round(quantiles[i]))
		}
	}
	if equal && r.Total.Series == want.Total.Series && r.Total.Streams == want.Total.Streams {
		return ""
	}
	return fmt.Sprintf("%s %v, the series say %s %v", show(r.Total), got.Quantiles, show(want.Total), want.Total.Reading.Quantiles)
}

// round gives texts, in which absence is equal to absence.
func round(q tree.Quantile) [2]string {
	return [2]string{number(q.Q), number(float64(q.Value))}
}

// fold reads a node from the series, one by one, as of now.
func (d Data) fold(q tree.Query) tree.Result {
	var r tree.Result
	var values []float64
	buckets, bounds := map[float64]float64{}, map[string]int{}
	for _, p := range q.Parts() {
		f := p.Family
		for _, s := range d.Series {
			v, ok := d.present(s)
			if !ok || !slices.Contains(f.Parts, s.Name) || !q.Selects(p, s.label) {
				continue
			}
			r.Total.Series++
			switch s.Name {
			case f.Name, f.Name + "_count":
				r.Total.Streams++
				r.SkippedNaN = r.SkippedNaN || math.IsNaN(v)
				values = append(values, v)
			case f.Name + "_bucket":
				buckets[s.bound()] += v
				bounds[s.label("le")]++
			}
		}
	}
	for _, n := range bounds {
		r.MixedBuckets = r.MixedBuckets || n != bounds["+Inf"]
	}
	r.Total.Reading.Value = tree.Number(foldAll(q.Family.Fold, values))
	if len(buckets) == 0 {
		return r
	}
	merged := make([]tree.Bucket, 0, len(buckets))
	for _, bound := range slices.Sorted(maps.Keys(buckets)) {
		merged = append(merged, tree.Bucket{UpperBound: bound, Count: buckets[bound]})
	}
	r.Total.Reading.Quantiles = tree.QuantilesOf(merged)
	return r
}

func foldAll(fold tree.Fold, values []float64) float64 {
	if !fold.Common() && len(values) > 1 {
		return math.NaN()
	}
	values = slices.DeleteFunc(values, math.IsNaN)
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	switch {
	case len(values) == 0:
		return math.NaN()
	case fold == tree.FoldMin:
		return slices.Min(values)
	case fold == tree.FoldMax:
		return slices.Max(values)
	case fold == tree.FoldAvg:
		return sum / float64(len(values))
	default:
		return sum
	}
}
