package joined

import (
	"fmt"
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// narrow returns the members that a query and one of its parts select by the set's
// label.
func (s *set) narrow(q tree.Query, where metric.Matchers) []member {
	kept := slices.Clone(s.members)
	drop := func(out func(value string) bool) {
		kept = slices.DeleteFunc(kept, func(m member) bool { return out(m.value) })
	}
	for _, m := range q.Selector.Matchers {
		if m.Name == s.label {
			drop(func(value string) bool { return value != m.Value })
		}
	}
	if m, found := where.On(s.label); found {
		drop(func(value string) bool { return !m.Matches(value) })
	}
	if e := q.Except; e != nil && e.Label == s.label {
		drop(func(value string) bool { return slices.Contains(e.Values, value) })
	}
	return kept
}

// without takes the set's label out of a query, for its members do not have it.
func (s *set) without(q tree.Query) tree.Query {
	q.Selector.Matchers = slices.DeleteFunc(slices.Clone(q.Selector.Matchers), func(m tree.Matcher) bool { return m.Name == s.label })
	if q.Except != nil && q.Except.Label == s.label {
		q.Except = nil
	}
	return q
}

// part is a member in place of a part of a query.
type part struct {
	value string
	tree.Part
}

func (s *set) parts(q tree.Query, where metric.Matchers) (parts []part) {
	own := slices.DeleteFunc(slices.Clone(where), func(m metric.Matcher) bool { return m.Label == s.label })
	for _, m := range s.narrow(q, where) {
		parts = append(parts, part{m.value, tree.Part{Family: m.family, Where: own}})
	}
	return parts
}

// over is the query about some of its parts.
func over(q tree.Query, parts []part) tree.Query {
	first := parts[0]
	q.Family, q.Where, q.Selector.Metric = first.Family, first.Where, first.Family.Name
	q.Also = nil
	for _, more := range parts[1:] {
		q.Also = append(q.Also, more.Part)
	}
	return q
}

// plan is what the other source is asked for one query.
type plan struct {
	query tree.Query // as it was asked
	set   *set       // nil where nothing is joined
	// values of the set's label that are asked for one by one, if it is expanded.
	values []string
	// asked are the queries: first the node, then each of the values.
	asked []tree.Query
	err   error
}

func newPlan(q tree.Query, sets map[string]*set) plan {
	p := plan{query: q, set: joinedIn(q, sets)}
	if p.set == nil {
		p.asked = []tree.Query{q}
		return p
	}
	var parts []part
	for _, one := range q.Parts() {
		s := sets[one.Family.Name]
		if s == nil || s.label != p.set.label {
			p.err = fmt.Errorf("%w: %s is joined from several metrics: it cannot be folded together with %s", tree.ErrRequest, p.set.family.Name, one.Family.Name)
			return p
		}
		parts = append(parts, s.parts(q, one.Where)...)
	}
	if len(parts) == 0 {
		return p
	}
	q = p.set.without(q)
	if !p.splits() {
		p.asked = []tree.Query{over(q, parts)}
		return p
	}
	q.By = ""
	p.asked = []tree.Query{over(q, parts)}
	for _, m := range p.set.members {
		own := slices.DeleteFunc(slices.Clone(parts), func(one part) bool { return one.value != m.value })
		if len(own) > 0 {
			p.values, p.asked = append(p.values, m.value), append(p.asked, over(q, own))
		}
	}
	return p
}

// joinedIn is the first joined metric of a query.
func joinedIn(q tree.Query, sets map[string]*set) *set {
	for _, one := range q.Parts() {
		if s := sets[one.Family.Name]; s != nil {
			return s
		}
	}
	return nil
}

// splits reports whether the branches are the members.
func (p plan) splits() bool { return p.set != nil && p.query.By == p.set.label }

// result makes the answer of those to what was asked.
func (p plan) result(results []tree.Result) tree.Result {
	if p.err != nil || len(results) == 0 {
		return tree.Result{Err: p.err, Total: tree.Group{Reading: tree.Reading{Meaning: tree.MeaningNone, Value: tree.NoData}}}
	}
	r := results[0]
	if !p.splits() {
		return r
	}
	for i, member := range results[1:] {
		if member.Err != nil {
			return tree.Result{Err: member.Err}
		}
		group := member.Total
		group.Value = p.values[i]
		if group.Streams > 0 || !group.Reading.Value.IsNaN() {
			r.Groups = append(r.Groups, group)
		}
	}
	r.Arrange(p.query.Family.Fold, p.query.BranchLimit())
	return r
}
