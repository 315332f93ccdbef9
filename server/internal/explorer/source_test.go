package explorer

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// sample is a tree.Sample whose labels can be asked for.
type sample tree.Sample

func (s sample) label(name string) string {
	for _, l := range s.Labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// snapshots keeps what the service was at some instants.
type snapshots struct {
	mu sync.Mutex
	of map[int64]instant
}

type instant struct {
	*tree.Snapshot
	samples []sample
}

// at is the service at an instant, to the second.
func (s service) at(t time.Time) instant {
	t = t.Truncate(time.Second)
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	if kept, ok := s.cache.of[t.Unix()]; ok {
		return kept
	}
	if s.cache.of == nil || len(s.cache.of) > 2000 {
		s.cache.of = make(map[int64]instant)
	}
	made := s.build(t)
	s.cache.of[t.Unix()] = made
	return made
}

func (s service) build(t time.Time) instant {
	samples := slices.Clone(s.extra)
	l := lines{samples: &samples, start: float64(s.start.Unix()), x: t.Sub(s.start).Seconds(), failing: t.Sub(s.incident).Seconds()}
	l.http()
	l.storage()
	l.models()
	l.runtime(t)
	l.ratios()
	b := tree.NewSnapshotBuilder()
	for name, md := range serviceMeta {
		b.Declare(name, md)
	}
	for _, sample := range samples {
		b.Add(tree.Sample(sample))
	}
	return instant{b.Build(), samples}
}

func (s service) Families(ctx context.Context) ([]tree.Family, error) {
	return s.at(s.now()).Families(ctx)
}

func (s service) Ratios(ctx context.Context) ([]metric.Ratio, error) {
	return s.at(s.now()).Ratios(ctx)
}

func (s service) Notices() []string { return s.notices }

func (s service) Axes(ctx context.Context, sel tree.Selector) ([]tree.Axis, error) {
	return s.at(s.now()).Axes(ctx, sel)
}

// Expression writes what a server that stores the samples would be asked.
func (s service) Expression(q tree.Query) string {
	var matchers []string
	if len(q.Where) > 0 {
		matchers = append(matchers, q.Where.String())
	}
	for _, m := range q.Selector.Matchers {
		matchers = append(matchers, fmt.Sprintf("%s=%q", m.Name, m.Value))
	}
	name := q.Family.Name
	if q.Quantile != 0 {
		return fmt.Sprintf("histogram_quantile(%v, sum by (le) (rate(%s_bucket{%s}[1m])))", q.Quantile, name, strings.Join(matchers, ","))
	}
	if q.Family.Kind == tree.KindHistogram {
		name += "_count"
	}
	selector := name
	if len(matchers) > 0 {
		selector = name + "{" + strings.Join(matchers, ",") + "}"
	}
	if q.Family.Increases() {
		return "sum(rate(" + selector + "[1m]))"
	}
	return "sum(" + selector + ")"
}

// Fold takes rates from the totals at the end and at the start of the window.
func (s service) Fold(ctx context.Context, queries []tree.Query) ([]tree.Result, error) {
	results := make([]tree.Result, len(queries))
	now := s.now()
	for i, q := range queries {
		if q.Moment.End.IsZero() {
			q.Moment.End = now
		}
		var err error
		if results[i], err = s.fold(ctx, q); err != nil {
			return nil, err
		}
	}
	return results, nil
}

func (s service) fold(ctx context.Context, q tree.Query) (tree.Result, error) {
	length := cmp.Or(q.Moment.Length, rateWindow)
	whole := q
	whole.Moment, whole.Limit, whole.As = tree.Moment{}, -1, ""
	end, err := s.at(q.Moment.End).Fold(ctx, []tree.Query{whole})
	if err != nil {
		return tree.Result{}, err
	}
	start, err := s.at(q.Moment.End.Add(-length)).Fold(ctx, []tree.Query{whole})
	if err != nil {
		return tree.Result{}, err
	}
	r := end[0]
	r.At = q.Moment.End
	if q.As != tree.MeaningTotal {
		old := make(map[string]tree.Group)
		for _, g := range start[0].Groups {
			old[g.Value] = g
		}
		toRate(&r.Total, start[0].Total, length)
		for i := range r.Groups {
			toRate(&r.Groups[i], old[r.Groups[i].Value], length)
		}
	}
	if q.Family.Kind == tree.KindHistogram {
		observed := s.observed(q, length)
		observe(&r.Total, observed[whole.Family.Name], q.Quantile)
		for i := range r.Groups {
			observe(&r.Groups[i], observed["="+r.Groups[i].Value], q.Quantile)
		}
	}
	if q.By != "" {
		r.Arrange(q.Family.Fold, q.BranchLimit())
	}
	return r, nil
}

// observed is what fell into the buckets of a query's node, by the family's name,
// and of its branches, by "=" and their value.
func (s service) observed(q tree.Query, length time.Duration) map[string][]tree.Bucket {
	counts := make(map[string]map[float64]float64)
	count := func(at time.Time, sign float64) {
		for _, sample := range s.at(at).samples {
			if sample.Name != q.Family.Name+"_bucket" || !q.Selects(tree.Part{Where: q.Where}, sample.label) {
				continue
			}
			le, _ := strconv.ParseFloat(sample.label("le"), 64) // as it was written
			for _, key := range []string{q.Family.Name, "=" + sample.label(q.By)} {
				if counts[key] == nil {
					counts[key] = make(map[float64]float64)
				}
				counts[key][le] += sign * sample.Value
			}
		}
	}
	count(q.Moment.End, 1)
	count(q.Moment.End.Add(-length), -1)
	buckets := make(map[string][]tree.Bucket)
	for key, of := range counts {
		for _, le := range slices.Sorted(maps.Keys(of)) {
			buckets[key] = append(buckets[key], tree.Bucket{UpperBound: le, Count: of[le]})
		}
	}
	return buckets
}

func observe(g *tree.Group, buckets []tree.Bucket, quantile float64) {
	g.Reading.Quantiles = tree.QuantilesOf(buckets)
	if quantile != 0 {
		g.Reading.Quantiles = append(g.Reading.Quantiles, tree.Quantile{Q: quantile, Value: tree.Number(tree.BucketQuantile(quantile, buckets))})
	}
}

func toRate(g *tree.Group, before tree.Group, length time.Duration) {
	if g.Reading.Meaning == tree.MeaningTotal {
		g.Reading.Meaning = tree.MeaningRate
		g.Reading.Value = (g.Reading.Value - before.Reading.Value) / tree.Number(length.Seconds())
	}
}

func (s service) Range(ctx context.Context, q tree.Query, w tree.Window) (tree.RangeResult, error) {
	r := tree.RangeResult{Times: w.Instants()}
	lines := make(map[string]int)
	for i, at := range r.Times {
		q.Moment.End = at
		result, err := s.fold(ctx, q)
		if err != nil || result.Err != nil {
			return r, cmp.Or(err, result.Err)
		}
		r.Meaning = result.Total.Reading.Meaning
		r.Total = append(r.Total, pick(result.Total.Reading, q.Quantile))
		r.Others = result.Others
		for _, g := range result.Groups {
			n, ok := lines[g.Value]
			if !ok {
				n = len(r.Lines)
				lines[g.Value] = n
				r.Lines = append(r.Lines, tree.Line{Value: g.Value, Points: slices.Repeat([]tree.Number{tree.NoData}, len(r.Times))})
			}
			r.Lines[n].Points[i] = pick(g.Reading, q.Quantile)
		}
	}
	return r, nil
}

func pick(r tree.Reading, quantile float64) tree.Number {
	if quantile == 0 {
		return r.Value
	}
	for _, q := range r.Quantiles {
		if q.Q == quantile {
			return q.Value
		}
	}
	return tree.NoData
}

// Leaves takes rates from the totals at the ends of the moment, and of gauges what
// they are at its end.
func (s service) Leaves(_ context.Context, q tree.LeavesQuery) ([]tree.Leaf, error) {
	end, start := s.leaves(q, q.Moment.End), s.leaves(q, q.Moment.End.Add(-q.Moment.Length))
	var leaves []tree.Leaf
	for key, leaf := range end {
		if q.Family.Increases() {
			leaf.Value = (leaf.Value - start[key].Value) / q.Moment.Length.Seconds()
		}
		leaves = append(leaves, leaf)
	}
	if q.Limit > 0 && len(leaves) > q.Limit {
		return nil, tree.ErrTooMany
	}
	slices.SortFunc(leaves, func(a, b tree.Leaf) int { return slices.Compare(a.Values, b.Values) })
	return leaves, nil
}

func (s service) leaves(q tree.LeavesQuery, at time.Time) map[string]tree.Leaf {
	name := q.Family.Name
	if q.Family.Kind == tree.KindHistogram {
		name += "_count"
	}
	part := tree.Part{Family: q.Family, Where: q.Where}
	found := make(map[string]tree.Leaf)
	for _, sample := range s.at(at).samples {
		if sample.Name != name || !(tree.Query{Selector: q.Selector}).Selects(part, sample.label) {
			continue
		}
		values := make([]string, len(q.By))
		for i, by := range q.By {
			values[i] = sample.label(by)
		}
		key := fmt.Sprintf("%q", values)
		leaf := found[key]
		found[key] = tree.Leaf{Values: values, Value: leaf.Value + sample.Value, Streams: leaf.Streams + 1}
	}
	return found
}
