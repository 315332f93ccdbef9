package prom

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

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
// metadata may be nil. If the queryable has a Head, as a tsdb.DB does, and there
// are very many series in it, their numbers are known at once and made exact in
// the background: the source must be closed before the queryable then.
func NewTreeSource(engine promql.QueryEngine, queryable storage.Queryable, metadata MetadataLookup, options TreeSourceOptions) *TreeSource {
	b := &treeBackend{engine: engine, queryable: queryable, metadata: metadata, parser: newParser()}
	if db, ok := queryable.(interface{ Head() *tsdb.Head }); ok {
		b.counts = newHeadCounts(db.Head(), func(ctx context.Context, at time.Time, names ...string) (map[string]int, error) {
			return promtree.CountSeries(ctx, b, at, names...)
		})
	}
	return promtree.New(b, options)
}

// maxAnswer is how many series an answer may have.
const maxAnswer = 250_000

// treeBackend answers from the engine. It implements promtree.Backend.
type treeBackend struct {
	engine    promql.QueryEngine
	queryable storage.Queryable
	metadata  MetadataLookup
	parser    parser.Parser
	counts    *headCounts // nil where there is no head to count
	roughly   atomic.Bool // whether the last counts may include ended series
}

// Catalogue implements promtree.Backend.
func (b *treeBackend) Catalogue(ctx context.Context, at time.Time) (found promtree.Catalogue, err error) {
	exact := true
	if b.counts == nil || b.counts.small() {
		found.Series, err = promtree.CountSeries(ctx, b, at)
	} else {
		found.Series, exact, err = b.counts.read(ctx, at)
	}
	if err != nil {
		return promtree.Catalogue{}, err
	}
	b.roughly.Store(!exact)
	if b.metadata != nil {
		found.Declared = b.metadata(ctx)
	}
	return found, nil
}

// Notices implements tree.Noticer.
func (b *treeBackend) Notices() []string {
	if !b.roughly.Load() {
		return nil
	}
	return []string{"there are very many series: until they are counted exactly, which goes on in the background, the numbers of series may include some that ended within the last hours"}
}

// Close ends what goes on in the background.
func (b *treeBackend) Close() {
	if b.counts != nil {
		b.counts.close()
	}
}

// recently is how far back labels are looked for: as far as the engine takes a
// series to be current by default.
const recently = 5 * time.Minute

// LabelNames implements promtree.Backend.
func (b *treeBackend) LabelNames(ctx context.Context, selector string, at time.Time) ([]string, error) {
	matchers, err := b.parser.ParseMetricSelector(selector)
	if err != nil {
		return nil, fmt.Errorf("labels of %s: %w", selector, err)
	}
	q, err := b.queryable.Querier(at.Add(-recently).UnixMilli(), at.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("labels of %s: %w", selector, err)
	}
	defer q.Close()
	names, _, err := q.LabelNames(ctx, nil, matchers...)
	if err != nil {
		return nil, fmt.Errorf("labels of %s: %w", selector, err)
	}
	own := make([]string, len(names))
	for i, name := range names {
		own[i] = strings.Clone(name) // it may be in a file that is mapped into memory
	}
	return own, nil
}

// Instant implements promtree.Backend.
func (b *treeBackend) Instant(ctx context.Context, query string, at time.Time) ([]promtree.Sample, error) {
	q, err := b.engine.NewInstantQuery(ctx, b.queryable, nil, query, at)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", query, err)
	}
	defer q.Close() // gives back the memory of the answer, which is copied below
	v, err := q.Exec(ctx).Vector()
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", query, err)
	}
	if len(v) > maxAnswer {
		return nil, fmt.Errorf("%d series in one answer, more than %d: choose a narrower node, or a label with fewer values", len(v), maxAnswer)
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
func (b *treeBackend) Range(ctx context.Context, query string, w tree.Window) ([]promtree.Series, error) {
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
