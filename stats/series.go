package stats

import (
	"cmp"
	"context"
	"iter"
	"net/url"
	"slices"
	"strconv"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

// Producer gives what there is to count; *registry.Registry is one.
type Producer interface {
	Collect(ctx context.Context) iter.Seq[*metric.Family]
}

// SeriesCount is the answer of the query that Series makes.
type SeriesCount struct {
	// TotalSeries and TotalMetrics count everything, shown or not.
	TotalSeries  int `json:"total_series"`
	TotalMetrics int `json:"total_metrics"`
	// Metrics are those with the most series, most first.
	Metrics []MetricCount `json:"metrics"`
	// OtherSeries are those of the metrics that are not shown.
	OtherSeries int `json:"other_series"`
}

// MetricCount is how many series one metric has.
type MetricCount struct {
	Name   string       `json:"name"`
	Kind   string       `json:"kind"`
	Series int          `json:"series"`
	Labels []LabelCount `json:"labels"`
}

// LabelCount is how many values one label of a metric has.
type LabelCount struct {
	Name   string `json:"name"`
	Values int    `json:"values"`
	// Level is good below 10 values, questioned above 100, and watched between.
	Level policy.Level `json:"level"`
}

// maxLimit is the largest ?limit=.
const maxLimit = 1_000_000

// limitParameter says how many rows are shown.
func limitParameter(of, otherwise string) Parameter {
	return Parameter{
		Name: "limit", Default: otherwise, Check: Between(0, maxLimit),
		Help: "how many " + of + " are shown; 0 for all",
	}
}

// limitOf reads the parameter, which was checked. A query that is run by hand may
// be without it, which is 0.
func limitOf(parameters url.Values) int {
	limit, _ := strconv.Atoi(parameters.Get("limit"))
	return limit
}

// Series makes the query "series": how many series each metric has, and how many
// values each of its labels.
func Series(p Producer) Query {
	return Query{
		Name:       "series",
		Help:       "Series per metric and values per label, most series first.",
		Parameters: []Parameter{limitParameter("metrics", "50")},
		Run: func(ctx context.Context, parameters url.Values) (any, error) {
			return countSeries(ctx, p, limitOf(parameters))
		},
	}
}

func countSeries(ctx context.Context, p Producer, limit int) (SeriesCount, error) {
	count := SeriesCount{Metrics: []MetricCount{}}
	for f := range p.Collect(ctx) {
		m := countFamily(ctx, f)
		count.TotalSeries += m.Series
		count.TotalMetrics++
		count.Metrics = append(count.Metrics, m)
	}
	if ctx.Err() != nil {
		return SeriesCount{}, context.Cause(ctx)
	}
	slices.SortFunc(count.Metrics, func(a, b MetricCount) int {
		return cmp.Or(cmp.Compare(b.Series, a.Series), cmp.Compare(a.Name, b.Name))
	})
	if limit > 0 && limit < len(count.Metrics) {
		for _, m := range count.Metrics[limit:] {
			count.OtherSeries += m.Series
		}
		count.Metrics = count.Metrics[:limit]
	}
	return count, nil
}

// checkEvery is after how many series the context is looked at.
const checkEvery = 1024

func countFamily(ctx context.Context, f *metric.Family) MetricCount {
	m := MetricCount{Name: f.Descriptor.Name, Kind: f.Descriptor.Kind.String(), Labels: []LabelCount{}}
	distinct := make([]map[string]struct{}, len(f.Keys))
	for i := range distinct {
		distinct[i] = map[string]struct{}{}
	}
	var values []string
	for p := range f.Points {
		if m.Series%checkEvery == 0 && ctx.Err() != nil {
			break
		}
		m.Series++
		values = p.Labels.Values(values[:0], f.Keys)
		for i, v := range values {
			distinct[i][v] = struct{}{}
		}
	}
	for i, key := range f.Keys {
		n := len(distinct[i])
		m.Labels = append(m.Labels, LabelCount{Name: key, Values: n, Level: policy.Thresholds{}.Level(n)})
	}
	return m
}
