package promtree

import "github.com/metertree/metertree/tree"

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

// bucketed reports whether a family has the buckets that quantiles are made of.
func bucketed(f tree.Family) bool {
	return f.Kind == tree.KindHistogram && (shapeOf(f) == shapeNative || f.HasPart("_bucket"))
}

// onlyBuckets reports whether the last bucket is all that counts observations.
func onlyBuckets(f tree.Family) bool {
	return shapeOf(f) == shapeParts && f.HasPart("_bucket") && !f.HasPart("_count")
}

// valueName is the name under which the series are stored that carry a family's
// value, one for each stream: the count of a histogram and not its buckets, if it
// has one.
func valueName(f tree.Family) string {
	switch {
	case onlyBuckets(f):
		return f.Name + "_bucket"
	case shapeOf(f) == shapeParts:
		return f.Name + "_count"
	case f.HasPart("") || len(f.Parts) == 0:
		return f.Name
	default:
		return f.Parts[0]
	}
}

// storedNames are the names of all series of a family.
func storedNames(f tree.Family) []string {
	if len(f.Parts) == 0 {
		return []string{f.Name}
	}
	return f.Parts
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

// narrowed are the matchers of a part of a query, without one for the name.
func narrowed(q tree.Query, p tree.Part) []matcher {
	matchers := make([]matcher, 0, len(q.Selector.Matchers)+len(p.Where)+2)
	for _, m := range q.Selector.Matchers {
		matchers = append(matchers, matcher{m.Name, equal, m.Value})
	}
	for _, m := range p.Where {
		matchers = append(matchers, oneOf(m.Label, m.Values))
	}
	if q.Except != nil && len(q.Except.Values) > 0 {
		matchers = append(matchers, noneOf(q.Except.Label, q.Except.Values))
	}
	return matchers
}

// stored selects what a part of a query has under the names.
func stored(q tree.Query, p tree.Part, names ...string) expr {
	return selectSeries(append([]matcher{oneOf(nameLabel, names)}, narrowed(q, p)...)...)
}

// valueSeries selects the series that carry the value of a part of a query.
func valueSeries(q tree.Query, p tree.Part) expr {
	matchers := append([]matcher{{nameLabel, equal, valueName(p.Family)}}, narrowed(q, p)...)
	if onlyBuckets(p.Family) {
		matchers = append(matchers, matcher{bucketLabel, equal, lastBucket})
	}
	return selectSeries(matchers...)
}
