package prom

import (
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/metertree/metertree/tree"
)

// The expressions below are syntax trees, printed only when they are handed to
// the engine, so that a label value cannot become part of the query.

// selectSeries selects by matchers alone; the name is one of them, because some
// names would read as keywords.
func selectSeries(matchers ...*labels.Matcher) *parser.VectorSelector {
	return &parser.VectorSelector{LabelMatchers: matchers}
}

// matchersOf gives the matchers of a selector on the stored names.
func matchersOf(sel tree.Selector, names ...string) []*labels.Matcher {
	matchers := []*labels.Matcher{nameMatcher(names)}
	for _, m := range sel.Matchers {
		matchers = append(matchers, labels.MustNewMatcher(labels.MatchEqual, m.Name, m.Value))
	}
	return matchers
}

func nameMatcher(names []string) *labels.Matcher {
	if len(names) == 1 {
		return labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, names[0])
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = regexp.QuoteMeta(n)
	}
	return labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, strings.Join(quoted, "|"))
}

func aggregate(op parser.ItemType, expr parser.Expr, by ...string) *parser.AggregateExpr {
	return &parser.AggregateExpr{Op: op, Expr: expr, Grouping: by}
}

func call(name string, args ...parser.Expr) *parser.Call {
	return &parser.Call{Func: parser.Functions[name], Args: args}
}

func rate(v *parser.VectorSelector, window time.Duration) *parser.Call {
	return call("rate", &parser.MatrixSelector{VectorSelector: v, Range: window})
}

// grouping is the label a query is expanded by, as a list, with more labels
// before it.
func grouping(q tree.Query, more ...string) []string {
	if q.By != "" {
		more = append(more, q.By)
	}
	return more
}

// shape is how the series of a family are stored.
type shape uint8

const (
	shapePlain  shape = iota // values
	shapeParts               // _count, _sum and perhaps _bucket
	shapeNative              // samples that are whole histograms
)

func shapeOf(f tree.Family) shape {
	switch {
	case !f.Kind.Observes():
		return shapePlain
	case f.Kind == tree.KindHistogram && f.HasPart("") && !f.HasPart("_bucket"):
		return shapeNative
	default:
		return shapeParts
	}
}

// valueSeries selects the series that carry a family's value, one for each
// stream: the count of a histogram and not its buckets.
func valueSeries(f tree.Family, sel tree.Selector) *parser.VectorSelector {
	switch {
	case shapeOf(f) != shapeParts && (f.HasPart("") || len(f.Parts) == 0):
		return selectSeries(matchersOf(sel, f.Name)...)
	case shapeOf(f) != shapeParts:
		return selectSeries(matchersOf(sel, f.Parts[0])...)
	case f.HasPart("_bucket") && !f.HasPart("_count"):
		last := labels.MustNewMatcher(labels.MatchEqual, labels.BucketLabel, "+Inf")
		return selectSeries(append(matchersOf(sel, f.Name+"_bucket"), last)...)
	default:
		return selectSeries(matchersOf(sel, f.Name+"_count")...)
	}
}

// increases reports whether the family's value only grows, so that its rate is
// what people want to see.
func increases(f tree.Family) bool { return f.Kind == tree.KindCounter || f.Kind.Observes() }

// rateExpr is the rate of a counter, or of a histogram's observations.
func rateExpr(q tree.Query, window time.Duration) parser.Expr {
	v := valueSeries(q.Family, q.Selector)
	sum := aggregate(parser.SUM, rate(v, window), grouping(q)...)
	if shapeOf(q.Family) == shapeNative {
		return call("histogram_count", sum)
	}
	return sum
}

// totalExpr is the sum since the start.
func totalExpr(q tree.Query) parser.Expr {
	v := valueSeries(q.Family, q.Selector)
	sum := aggregate(parser.SUM, v, grouping(q)...)
	if shapeOf(q.Family) == shapeNative {
		return call("histogram_count", sum)
	}
	return sum
}

// gaugeExpr folds a gauge.
func gaugeExpr(q tree.Query) parser.Expr {
	ops := map[tree.Fold]parser.ItemType{
		tree.FoldSum: parser.SUM, tree.FoldMin: parser.MIN, tree.FoldMax: parser.MAX, tree.FoldAvg: parser.AVG,
		// With no fold only a series on its own has a value; which ones are
		// alone is known from their count.
		tree.FoldNone: parser.MAX,
	}
	op, ok := ops[q.Family.Fold]
	if !ok {
		op = parser.SUM
	}
	v := valueSeries(q.Family, q.Selector)
	return aggregate(op, v, grouping(q)...)
}

// seriesExpr counts stored series, buckets included.
func seriesExpr(q tree.Query) parser.Expr {
	return aggregate(parser.COUNT, selectSeries(matchersOf(q.Selector, q.Family.Parts...)...), grouping(q)...)
}

// streamsExpr counts label sets, so that a histogram's buckets count once.
func streamsExpr(q tree.Query) parser.Expr {
	return aggregate(parser.COUNT, valueSeries(q.Family, q.Selector), grouping(q)...)
}

// quantileExpr estimates a quantile of a histogram after merging its buckets:
// of what was observed within the window, or since the start when it is 0.
func quantileExpr(q tree.Query, quantile float64, window time.Duration) parser.Expr {
	part, by := q.Family.Name, grouping(q)
	if shapeOf(q.Family) == shapeParts {
		part, by = q.Family.Name+"_bucket", grouping(q, labels.BucketLabel)
	}
	v := selectSeries(matchersOf(q.Selector, part)...)
	var inner parser.Expr = v
	if window > 0 {
		inner = rate(v, window)
	}
	return call("histogram_quantile", &parser.NumberLiteral{Val: quantile}, aggregate(parser.SUM, inner, by...))
}
