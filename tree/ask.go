package tree

import (
	"cmp"
	"context"
	"fmt"

	"github.com/metertree/metertree/metric"
)

// ask is a question about a subject: its value and, with by set, its branches.
type ask struct {
	subject  subject
	matchers []Matcher
	by       string
	except   *Exclusion
	limit    int // as of a Query
	mode     metric.RatioMode
	moment   Moment
	// as is the meaning that a metric's value must have, "" for any.
	as Meaning
}

// amount is the value of a node or branch.
type amount struct {
	Group
	sums metric.RatioSums // of a ratio
	// above and below are the readings of a ratio's sums.
	above, below *Reading
	exceeds      bool // the numerator is more than the denominator
}

// answer is what a source said to an ask.
type answer struct {
	Result
	total    amount
	branches []amount
	other    *amount
	as       Meaning // of the sums of a ratio
}

// put asks the source all questions at once. What goes wrong with one is in its
// answer.
func (t *Tree) put(ctx context.Context, asks []ask) ([]answer, error) {
	queries := make([]Query, 0, len(asks))
	for i := range asks {
		if asks[i].moment.End.IsZero() {
			asks[i].moment.End = t.at
		}
		queries = append(queries, asks[i].queries("")...)
	}
	results, err := t.source.Fold(ctx, queries)
	if err != nil {
		return nil, err
	}
	answers := make([]answer, len(asks))
	for i, a := range asks {
		n := len(a.queries(""))
		answers[i], err = t.take(ctx, a, results[:n])
		if err != nil {
			return nil, err
		}
		results = results[n:]
	}
	return answers, nil
}

// putOne asks one question, whose trouble is the error.
func (t *Tree) putOne(ctx context.Context, a ask) (answer, error) {
	answers, err := t.put(ctx, []ask{a})
	if err != nil {
		return answer{}, err
	}
	return answers[0], answers[0].Err
}

// queries are what the source is asked: for a ratio the denominator, read as the
// meaning or as it comes, and then the numerator, which must be read alike.
func (a ask) queries(as Meaning) []Query {
	if a.subject.ratio == nil {
		q := Part{Family: a.subject.family}.query(a.matchers)
		return []Query{a.complete(q, a.limit, a.as)}
	}
	var queries []Query
	if bottom := a.subject.bottom; bottom.exists() {
		queries = append(queries, a.complete(bottom.query(a.matchers), -1, as))
	}
	if top := a.subject.top; top.exists() {
		queries = append(queries, a.complete(top.query(a.matchers), -1, cmp.Or(as, MeaningRate)))
	}
	return queries
}

func (a ask) complete(q Query, limit int, as Meaning) Query {
	q.By, q.Except, q.Moment, q.Limit, q.As = a.by, a.except, a.moment, limit, as
	return q
}

// take makes an answer of the results of an ask's queries.
func (t *Tree) take(ctx context.Context, a ask, results []Result) (answer, error) {
	if a.subject.ratio == nil {
		return ofMetric(results[0]), nil
	}
	for _, r := range results {
		if r.Err != nil {
			return answer{Result: r}, nil
		}
	}
	as, alike := a.readAs(results)
	if !alike {
		var err error
		if results, err = t.source.Fold(ctx, a.queries(as)); err != nil {
			return answer{}, err
		}
	}
	return a.divide(results, as), nil
}

// readAs is how both sides of a ratio are to be read, and whether they were: where
// there is no history for a rate below, none may be above, and rates are over the
// same time.
func (a *ask) readAs(results []Result) (as Meaning, alike bool) {
	switch {
	case a.subject.bottom.exists() && results[0].Total.Reading.Meaning == MeaningTotal:
		return MeaningTotal, false
	case len(results) == 2 && results[0].Length != results[1].Length && a.subject.bottom.Family.Increases():
		a.moment.Length = results[0].Length
		return MeaningRate, false
	default:
		return MeaningRate, true
	}
}

func ofMetric(r Result) answer {
	answered := answer{Result: r, total: amount{Group: r.Total}}
	for _, g := range r.Groups {
		answered.branches = append(answered.branches, amount{Group: g})
	}
	if r.Other != nil {
		answered.other = &amount{Group: *r.Other}
	}
	return answered
}

// expression is the PromQL of a query's value, or "".
func (t *Tree) expression(q Query) string {
	if querier, ok := t.source.(Querier); ok {
		return querier.Expression(q)
	}
	return ""
}

// fail words an error about a question.
func (a ask) fail(err error) error {
	sel := Selector{Metric: a.subject.name(), Matchers: a.matchers}
	if a.by == "" {
		return fmt.Errorf("reading %s: %w", sel, err)
	}
	return fmt.Errorf("expanding %s by %s: %w", sel, a.by, err)
}
