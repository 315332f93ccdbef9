package stats

import (
	"cmp"
	"context"
	"iter"
	"net/url"
	"slices"
	"strconv"

	"github.com/metertree/metertree/metric"
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
	// Grade is "good" below 10 values, "questioned" above 100, else "fair".
	Grade string `json:"grade"`
}

// defaultLimit is how many metrics are shown unless ?limit= says otherwise.
const defaultLimit = 50

// Series makes the query "series": how many series each metric has, and how many
// values each of its labels. It takes the parameter limit.
func Series(p Producer) Query {
	return Query{
		Name: "series",
		Help: "Series per metric and values per label, most series first; ?limit=N shows N metrics (default 50, 0 for all).",
		Run: func(ctx context.Context, parameters url.Values) (any, error) {
			limit, err := limitOf(parameters)
			if err != nil {
				return nil, err
			}
			return countSeries(ctx, p, limit)
		},
	}
}

func limitOf(parameters url.Values) (int, error) {
	text := parameters.Get("limit")
	if text == "" {
		return defaultLimit, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 0 {
		return 0, BadParameter("limit %q is not a number of metrics: give one from 0, which means all", text)
	}
	return limit, nil
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
		m.Labels = append(m.Labels, LabelCount{Name: key, Values: n, Grade: grade(n)})
	}
	return m
}

func grade(values int) string {
	switch {
	case values < 10:
		return "good"
	case values > 100:
		return "questioned"
	}
	return "fair"
}
