package prom

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/metertree/metertree/tree"
)

// TreeSourceOptions tune a TreeSource. A zero field takes its default.
type TreeSourceOptions struct {
	// RateWindow is the range a rate is taken over; it should span at least two
	// scrapes. Default 1m.
	RateWindow time.Duration
	// CacheFor is how long the list of families may be reused. Default 3s, and
	// never less than ten times what reading it took.
	CacheFor time.Duration
	// Timeout bounds the evaluation of one call. Default 20s.
	Timeout time.Duration
	// Concurrency is how many queries one call evaluates at once. Default 4.
	Concurrency int
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

func (o TreeSourceOptions) withDefaults() TreeSourceOptions {
	if o.RateWindow <= 0 {
		o.RateWindow = time.Minute
	}
	if o.CacheFor <= 0 {
		o.CacheFor = 3 * time.Second
	}
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 4
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// MetadataLookup returns what is declared about families, by the name each was
// declared under. It may return nil, and must be safe for concurrent use.
type MetadataLookup func(ctx context.Context) map[string]tree.Metadata

// TreeSource is a tree.Source that asks PromQL. Every number it gives is the
// answer to a PromQL expression, built from matchers and never from text. It is
// safe for concurrent use.
type TreeSource struct {
	engine    *promql.Engine
	queryable storage.Queryable
	metadata  MetadataLookup
	options   TreeSourceOptions

	mu       sync.Mutex // held while the families are read, so that callers share one reading
	families []tree.Family
	readAt   time.Time
	keep     time.Duration // how long families may be reused
}

// NewTreeSource returns a source over what the engine finds in the queryable.
// metadata may be nil.
func NewTreeSource(engine *promql.Engine, queryable storage.Queryable, metadata MetadataLookup, options TreeSourceOptions) *TreeSource {
	return &TreeSource{engine: engine, queryable: queryable, metadata: metadata, options: options.withDefaults()}
}

// Families implements tree.Source.
func (s *TreeSource) Families(ctx context.Context) ([]tree.Family, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	if age := now.Sub(s.readAt); s.families != nil && age >= 0 && age < s.keep {
		return s.families, nil
	}
	began := time.Now()
	named := labels.MustNewMatcher(labels.MatchNotEqual, model.MetricNameLabel, "")
	v, err := s.instant(ctx, aggregate(parser.COUNT, selectSeries(named), model.MetricNameLabel), now)
	if err != nil {
		return nil, fmt.Errorf("counting series: %w", err)
	}
	counts := make(map[string]int, len(v))
	for _, sample := range v {
		counts[sample.Metric.Get(model.MetricNameLabel)] = int(sample.F)
	}
	var meta map[string]tree.Metadata
	if s.metadata != nil {
		meta = s.metadata(ctx)
	}
	s.families, s.readAt = tree.Assemble(counts, meta), now
	s.keep = max(s.options.CacheFor, 10*time.Since(began))
	return s.families, nil
}

// Axes implements tree.Source.
func (s *TreeSource) Axes(ctx context.Context, sel tree.Selector) ([]tree.Axis, error) {
	f, err := s.family(ctx, sel.Metric)
	if err != nil {
		return nil, err
	}
	drop := &parser.AggregateExpr{Op: parser.COUNT, Expr: valueSeries(f, sel), Grouping: ownLabels(f), Without: true}
	v, err := s.instant(ctx, drop, s.options.Now())
	if err != nil {
		return nil, err
	}
	sets := make([][]tree.Label, len(v))
	for i, sample := range v {
		sets[i] = treeLabels(sample.Metric)
	}
	return tree.CountAxes(sel, sets), nil
}

// ownLabels are the labels that tell the series of one stream apart.
func ownLabels(f tree.Family) []string {
	switch f.Kind {
	case tree.KindHistogram:
		return []string{labels.BucketLabel}
	case tree.KindSummary:
		return []string{"quantile"}
	default:
		return nil
	}
}

func (s *TreeSource) family(ctx context.Context, name string) (tree.Family, error) {
	families, err := s.Families(ctx)
	if err != nil {
		return tree.Family{}, err
	}
	for _, f := range families {
		if f.Name == name {
			return f, nil
		}
	}
	return tree.Family{}, fmt.Errorf("metric %q: %w: it may have stopped reporting", name, tree.ErrUnknownMetric)
}

// instant evaluates an expression at one moment.
func (s *TreeSource) instant(ctx context.Context, expr parser.Expr, at time.Time) (promql.Vector, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	text := expr.String()
	q, err := s.engine.NewInstantQuery(ctx, s.queryable, nil, text, at)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", text, err)
	}
	defer q.Close()
	v, err := q.Exec(ctx).Vector()
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", text, err)
	}
	// Copied, because closing the query gives its memory back.
	return append(promql.Vector(nil), v...), nil
}

// over evaluates an expression at regular moments.
func (s *TreeSource) over(ctx context.Context, expr parser.Expr, w tree.Window) (promql.Matrix, func(), error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	text := expr.String()
	q, err := s.engine.NewRangeQuery(ctx, s.queryable, nil, text, w.Start, w.End, w.Step)
	if err != nil {
		cancel()
		return nil, nil, fmt.Errorf("query %s: %w", text, err)
	}
	done := func() { q.Close(); cancel() }
	m, err := q.Exec(ctx).Matrix()
	if err != nil {
		done()
		return nil, nil, fmt.Errorf("query %s: %w", text, err)
	}
	return m, done, nil
}
