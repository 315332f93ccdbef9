package promtree

import (
	"context"
	"fmt"
	"time"

	"github.com/metertree/metertree/tree"
)

// Leaves implements tree.Source. Current label sets are counted first, which
// costs little, so that the rates of far too many are not asked for.
func (s *Source) Leaves(ctx context.Context, q tree.LeavesQuery) ([]tree.Leaf, error) {
	query := tree.Query{Family: q.Family, Selector: q.Selector, Where: q.Where, Moment: q.Moment}
	e := s.evaluator(s.now(), s.options.Concurrency).of(query)
	l := s.look(query)
	values, streams, counted := leavesExprs(query, q.By, l)
	limit := min(q.Limit, s.options.MaxBranches)
	found, err := e.all(ctx, counted)
	if err != nil {
		return nil, err
	}
	if len(found[0]) > 0 && int(found[0][0].Value) > limit {
		return nil, tooManyLeaves(int(found[0][0].Value), limit, q)
	}
	answers, err := e.all(ctx, values, streams)
	if err == nil && anyNaN(answers[0]) {
		l.skipNaN = true
		values, streams, _ = leavesExprs(query, q.By, l)
		answers, err = e.all(ctx, values, streams)
	}
	if err != nil {
		return nil, err
	}
	if n := len(answers[0]); n > limit {
		return nil, tooManyLeaves(n, limit, q)
	}
	return leavesOf(answers[0], answers[1], q.By), nil
}

// leavesExprs are the values of the leaves, the streams that have one, and how
// many leaves there are at the end of the time.
func leavesExprs(q tree.Query, by []string, l look) (values, streams, counted expr) {
	part := q.Parts()[0]
	series := valueSeries(q, part)
	counted = count.by(count.by(series, by...))
	if q.Family.Increases() {
		series = l.at(series, q.Family)
	} else {
		series = averageOver(series, l.window)
		if l.skipNaN {
			series = numbers(series)
		}
	}
	values = sum.by(series, by...)
	if shapeOf(q.Family) == shapeNative {
		values = histogramCount(values)
	}
	return values, count.by(series, by...), counted
}

func tooManyLeaves(n, limit int, q tree.LeavesQuery) error {
	return fmt.Errorf("%s has %d label sets by %q, more than %d: %w: choose a narrower node, or fewer labels", q.Selector, n, q.By, limit, tree.ErrTooMany)
}

func leavesOf(values, streams []Sample, by []string) []tree.Leaf {
	leaves := make([]tree.Leaf, len(values))
	place := make(map[string]int, len(values))
	var key []byte
	for i, sample := range values {
		leaves[i] = tree.Leaf{Values: valuesOf(sample.Labels, by), Value: sample.Value}
		key = leafKey(key[:0], leaves[i].Values)
		place[string(key)] = i
	}
	for _, sample := range streams {
		key = leafKey(key[:0], valuesOf(sample.Labels, by))
		if i, ok := place[string(key)]; ok {
			leaves[i].Streams = int(sample.Value)
		}
	}
	return leaves
}

func valuesOf(labels []tree.Label, names []string) []string {
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = valueOf(labels, name)
	}
	return values
}

func leafKey(key []byte, values []string) []byte {
	for _, v := range values {
		key = append(append(key, v...), 0xff) // cannot occur in UTF-8
	}
	return key
}

// now is the present, with no more digits than are sent.
func (s *Source) now() time.Time { return s.options.Now().Truncate(time.Millisecond) }
