package promtree

import (
	"slices"
	"time"

	"github.com/metertree/metertree/tree"
)

// look is how the series of a query are looked at.
type look struct {
	// as is the meaning of the value of what increases: a rate or a total.
	as tree.Meaning
	// window is what a rate is taken over.
	window time.Duration
	// skipNaN leaves out series whose value is not a number.
	skipNaN bool
}

// at is the series of a part as they are looked at.
func (l look) at(selected expr, f tree.Family) expr {
	if f.Increases() && l.as != tree.MeaningTotal {
		selected = rate(selected, l.window)
	}
	if l.skipNaN && shapeOf(f) != shapeNative { // a whole histogram compares with nothing
		selected = numbers(selected)
	}
	return selected
}

// grouping is the label a query is expanded by, as a list, with more labels
// before it.
func grouping(q tree.Query, more ...string) []string {
	if q.By != "" {
		more = append(more, q.By)
	}
	return more
}

// folded aggregates each part and then the parts.
func folded(q tree.Query, each, all aggregation, series func(tree.Part) expr) expr {
	by := grouping(q)
	var parts []expr
	for _, p := range q.Parts() {
		one := each.by(series(p), by...)
		if shapeOf(p.Family) == shapeNative && each == sum {
			one = histogramCount(one)
		}
		parts = append(parts, one)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return all.by(union(parts, by), by...)
}

// valueExpr is the value of a query's node, or of its branches.
func valueExpr(q tree.Query, l look) expr {
	series := func(p tree.Part) expr { return l.at(valueSeries(q, p), p.Family) }
	if q.Family.Increases() {
		return folded(q, sum, sum, series)
	}
	switch q.Family.Fold {
	case tree.FoldMin:
		return folded(q, least, least, series)
	case tree.FoldAvg:
		if len(q.Also) > 0 { // no mean of means
			return quotient(folded(q, sum, sum, series), folded(q, count, sum, series))
		}
		return folded(q, mean, mean, series)
	case tree.FoldSum:
		return folded(q, sum, sum, series)
	default:
		// With no common value only a series on its own has one; which ones are
		// alone is known from their count.
		return folded(q, most, most, series)
	}
}

// overTimeExpr is valueExpr where nothing is known of how many series there are.
func overTimeExpr(q tree.Query, l look) expr {
	if q.Family.Increases() || q.Family.Fold.Common() {
		return valueExpr(q, l)
	}
	series := func(p tree.Part) expr { return valueSeries(q, p) }
	return whereOne(valueExpr(q, l), folded(q, count, sum, series))
}

// quantileExpr estimates a quantile of a histogram after merging its buckets. It
// is empty for what has none, and where some parts count in buckets and others
// are whole histograms, which nothing merges.
func quantileExpr(q tree.Query, quantile float64, l look) expr {
	var parts []expr
	var by []string
	kept := shapePlain // of what is merged
	for _, p := range q.Parts() {
		if !bucketed(p.Family) {
			continue
		}
		own, name := shapeOf(p.Family), p.Family.Name+"_bucket"
		by = grouping(q, bucketLabel)
		if own == shapeNative {
			name, by = p.Family.Name, grouping(q)
		}
		if kept != shapePlain && kept != own {
			return ""
		}
		kept = own
		parts = append(parts, sum.by(l.at(stored(q, p, name), p.Family), by...))
	}
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return histogramQuantile(quantile, parts[0])
	default:
		return histogramQuantile(quantile, sum.by(union(parts, by), by...))
	}
}

// quantiles are the ones a reading of the query carries.
func quantiles(q tree.Query) []float64 {
	if !slices.ContainsFunc(q.Parts(), func(p tree.Part) bool { return bucketed(p.Family) }) {
		return nil
	}
	return tree.ReadingQuantiles()
}

// namesExpr counts the series of each of the names, or of every name.
func namesExpr(names ...string) expr {
	which := matcher{nameLabel, notEqual, ""}
	if len(names) > 0 {
		which = oneOf(nameLabel, names)
	}
	return count.by(selectSeries(which), nameLabel)
}

// Expression implements tree.Querier.
func (s *Source) Expression(q tree.Query) string {
	q.By = ""
	l := s.look(q)
	l.skipNaN = q.SkipNaN
	switch {
	case q.Quantile > 0:
		return string(quantileExpr(q, q.Quantile, l))
	case q.Family.Increases(), q.Family.Fold.Common(), q.As == tree.MeaningSingle:
		return string(valueExpr(q, l))
	default:
		return ""
	}
}

// look is how a query wants to be looked at: for the rate unless it says
// otherwise.
func (s *Source) look(q tree.Query) look {
	l := look{as: tree.MeaningRate, window: s.rateWindow(), skipNaN: q.SkipNaN}
	if q.As == tree.MeaningTotal {
		l.as = q.As
	}
	if q.Moment.Length > 0 {
		l.window = q.Moment.Length
	}
	return l
}
