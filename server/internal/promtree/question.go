package promtree

import (
	"github.com/metertree/metertree/tree"
)

// question is a query as it is put to a backend.
type question struct {
	query, node tree.Query // node is the query without its branches
	quantiles   []float64
	look        look
	counts      counting
	// nodeCounts are of the node by itself, where its branches do not tell whether
	// the bounds of histograms differ.
	nodeCounts counting
	// hidden counts the series that are numbers, where the values do not show that
	// others are not: the largest and the smallest of numbers is a number.
	hidden expr
}

// answered is what a query's values are: the node's first, then those of its
// branches, each followed by the quantiles.
type answered [][]Sample

// question prepares a query, or one that is looked at closely.
func (s *Source) question(q tree.Query, closely bool) question {
	asked := question{query: q, node: q, quantiles: quantiles(q), look: s.look(q), counts: newCounting(q)}
	asked.node.By, asked.look.skipNaN = "", false // a fold leaves them out in any case
	if !closely {
		return asked
	}
	if q.By != "" && len(asked.quantiles) > 0 {
		asked.nodeCounts = newCounting(asked.node)
	}
	if fold := q.Family.Fold; !q.Family.Increases() && fold != tree.FoldSum && fold != tree.FoldAvg {
		asked.hidden = numbersExpr(asked.node)
	}
	return asked
}

// numbersExpr counts the series that are numbers.
func numbersExpr(q tree.Query) expr {
	l := look{skipNaN: true}
	return folded(q, count, sum, func(p tree.Part) expr { return l.at(valueSeries(q, p), p.Family) })
}

// countExprs are what is counted.
func (q question) countExprs() []expr {
	return append(append(q.counts.exprs(), q.nodeCounts.exprs()...), q.hidden)
}

// valueExprs are what is read. The node is asked for by itself, so that it can be
// held against its branches.
func (q question) valueExprs() []expr {
	var out []expr
	for _, query := range []tree.Query{q.node, q.query} {
		out = append(out, valueExpr(query, q.look))
		for _, quantile := range q.quantiles {
			out = append(out, quantileExpr(query, quantile, q.look))
		}
		if q.query.By == "" {
			break
		}
	}
	return out
}

// values are the answers without those about quantiles.
func (q question) values(a answered) answered {
	if q.query.By == "" {
		return a[:1]
	}
	return answered{a[0], a[1+len(q.quantiles)]}
}

// result puts together what was counted and read.
func (q question) result(counted [][]Sample, values answered) tree.Result {
	var r tree.Result
	groups := newGroups(q.query.By, len(counted[0]))
	r.MixedBuckets = q.counts.read(counted, groups)
	if q.nodeCounts.sets != nil {
		r.MixedBuckets = q.nodeCounts.read(counted[len(q.counts.sets):], newGroups("", 1))
	}
	node := groups
	if q.query.By != "" {
		node = newGroups("", 1)
		*node.at("") = groups.merge() // what is counted is counted once
	}
	q.read(node, values)
	r.Total = *node.at("")
	r.SkippedNaN = q.hidden != "" && hides(r.Total, counted[len(counted)-1])
	if q.query.By != "" {
		q.read(groups, values[1+len(q.quantiles):])
		r.Groups = groups.list()
	}
	return r
}

// hides reports whether fewer than a node's series were counted.
func hides(node tree.Group, counted []Sample) bool {
	n := 0.0
	for _, sample := range counted {
		n += sample.Value
	}
	return int(n) < node.Streams
}

// read takes values and quantiles into groups.
func (q question) read(groups groupSet, a answered) {
	groups.setValues(a[0], q.query.Family, q.look.as)
	for i, quantile := range q.quantiles {
		groups.setQuantile(a[1+i], quantile)
		if bucketed(q.query.Family) {
			groups.completeQuantiles(i, quantile)
		}
	}
}
