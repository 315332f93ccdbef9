package prom

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"github.com/metertree/metertree/server/internal/promtree"
	"github.com/metertree/metertree/tree"
)

// TreeSourceOptions tune a TreeSource. A zero field takes its default.
type TreeSourceOptions = promtree.Options

// TreeSource is a tree.Source that asks the engine. It is safe for concurrent use.
type TreeSource = promtree.Source

// MetadataLookup returns what is declared about families, by the name each was
// declared under. It may return nil, and must be safe for concurrent use.
type MetadataLookup func(ctx context.Context) map[string]tree.Metadata

// NewTreeSource returns a source over what the engine finds in the queryable.
// metadata may be nil.
func NewTreeSource(engine *promql.Engine, queryable storage.Queryable, metadata MetadataLookup, options TreeSourceOptions) *TreeSource {
	return promtree.New(treeBackend{engine, queryable, metadata}, options)
}

// treeBackend answers from the engine. It implements promtree.Backend.
type treeBackend struct {
	engine    *promql.Engine
	queryable storage.Queryable
	metadata  MetadataLookup
}

// Catalogue implements promtree.Backend.
func (b treeBackend) Catalogue(ctx context.Context, at time.Time) (promtree.Catalogue, error) {
	counts, err := promtree.CountSeries(ctx, b, at)
	if err != nil {
		return promtree.Catalogue{}, err
	}
	found := promtree.Catalogue{Series: counts}
	if b.metadata != nil {
		found.Declared = b.metadata(ctx)
	}
	return found, nil
}

// Instant implements promtree.Backend.
func (b treeBackend) Instant(ctx context.Context, query string, at time.Time) ([]promtree.Sample, error) {
	q, err := b.engine.NewInstantQuery(ctx, b.queryable, nil, query, at)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", query, err)
	}
	defer q.Close() // gives back the memory of the answer, which is copied below
	v, err := q.Exec(ctx).Vector()
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", query, err)
	}
	answer := make([]promtree.Sample, 0, len(v))
	for _, sample := range v {
		if sample.H == nil {
			answer = append(answer, promtree.Sample{Labels: allLabels(sample.Metric), Value: sample.F})
		}
	}
	return answer, nil
}

// Range implements promtree.Backend.
func (b treeBackend) Range(ctx context.Context, query string, w tree.Window) ([]promtree.Series, error) {
	q, err := b.engine.NewRangeQuery(ctx, b.queryable, nil, query, w.Start, w.End, w.Step)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", query, err)
	}
	defer q.Close()
	m, err := q.Exec(ctx).Matrix()
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", query, err)
	}
	answer := make([]promtree.Series, len(m))
	for i, series := range m {
		answer[i].Labels = allLabels(series.Metric)
		answer[i].Points = make([]promtree.Point, len(series.Floats))
		for j, p := range series.Floats {
			answer[i].Points[j] = promtree.Point{Millis: p.T, Value: p.F}
		}
	}
	return answer, nil
}

// allLabels are the labels of a series, its name among them.
func allLabels(ls labels.Labels) []tree.Label {
	out := make([]tree.Label, 0, ls.Len())
	ls.Range(func(l labels.Label) { out = append(out, tree.Label{Name: l.Name, Value: l.Value}) })
	return out
}
