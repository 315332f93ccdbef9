package promtree

import (
	"time"

	"github.com/metertree/metertree/tree"
)

// matchersOf gives the matchers of a selector on the stored names.
func matchersOf(sel tree.Selector, names ...string) []matcher {
	matchers := []matcher{named(names)}
	for _, m := range sel.Matchers {
		matchers = append(matchers, matcher{m.Name, equal, m.Value})
	}
	return matchers
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
func valueSeries(f tree.Family, sel tree.Selector) expr {
	switch {
	case shapeOf(f) != shapeParts && (f.HasPart("") || len(f.Parts) == 0):
		return selectSeries(matchersOf(sel, f.Name)...)
	case shapeOf(f) != shapeParts:
		return selectSeries(matchersOf(sel, f.Parts[0])...)
	case f.HasPart("_bucket") && !f.HasPart("_count"):
		last := matcher{bucketLabel, equal, "+Inf"}
		return selectSeries(append(matchersOf(sel, f.Name+"_bucket"), last)...)
	default:
		return selectSeries(matchersOf(sel, f.Name+"_count")...)
	}
}

// ownLabels are the labels that tell the series of one stream apart.
func ownLabels(f tree.Family) []string {
	switch f.Kind {
	case tree.KindHistogram:
		return []string{bucketLabel}
	case tree.KindSummary:
		return []string{quantileLabel}
	default:
		return nil
	}
}

// increases reports whether the family's value only grows, so that its rate is
// what people want to see.
func increases(f tree.Family) bool { return f.Kind == tree.KindCounter || f.Kind.Observes() }

// namesExpr counts the series of each of the names, or of every name.
func namesExpr(names ...string) expr {
	which := matcher{nameLabel, notEqual, ""}
	if len(names) > 0 {
		which = named(names)
	}
	return count.by(selectSeries(which), nameLabel)
}

// streamSetsExpr has one series for each label set of a family.
func streamSetsExpr(f tree.Family, sel tree.Selector) expr {
	return count.without(valueSeries(f, sel), ownLabels(f)...)
}

// rateExpr is the rate of a counter, or of a histogram's observations.
func rateExpr(q tree.Query, window time.Duration) expr {
	return observed(q, rate(valueSeries(q.Family, q.Selector), window))
}

// totalExpr is the sum since the start.
func totalExpr(q tree.Query) expr {
	return observed(q, valueSeries(q.Family, q.Selector))
}

// observed adds up, and takes the number of observations where a sample is a
// whole histogram.
func observed(q tree.Query, e expr) expr {
	added := sum.by(e, grouping(q)...)
	if shapeOf(q.Family) == shapeNative {
		return histogramCount(added)
	}
	return added
}

// gaugeExpr folds a gauge.
func gaugeExpr(q tree.Query) expr {
	fold := sum
	switch q.Family.Fold {
	case tree.FoldMin:
		fold = least
	case tree.FoldMax, tree.FoldNone:
		// With no fold only a series on its own has a value; which ones are
		// alone is known from their count.
		fold = most
	case tree.FoldAvg:
		fold = mean
	}
	return fold.by(valueSeries(q.Family, q.Selector), grouping(q)...)
}

// seriesExpr counts stored series, buckets included.
func seriesExpr(q tree.Query) expr {
	return count.by(selectSeries(matchersOf(q.Selector, q.Family.Parts...)...), grouping(q)...)
}

// streamsExpr counts label sets, so that a histogram's buckets count once.
func streamsExpr(q tree.Query) expr {
	return count.by(valueSeries(q.Family, q.Selector), grouping(q)...)
}

// quantileExpr estimates a quantile of a histogram after merging its buckets:
// of what was observed within the window, or since the start when it is 0.
func quantileExpr(q tree.Query, quantile float64, window time.Duration) expr {
	part, by := q.Family.Name, grouping(q)
	if shapeOf(q.Family) == shapeParts {
		part, by = q.Family.Name+"_bucket", grouping(q, bucketLabel)
	}
	buckets := selectSeries(matchersOf(q.Selector, part)...)
	if window > 0 {
		buckets = rate(buckets, window)
	}
	return histogramQuantile(quantile, sum.by(buckets, by...))
}
