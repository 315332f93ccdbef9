package stats

import (
	"cmp"
	"context"
	"net/url"
	"slices"

	"github.com/metertree/metertree/metric"
)

// ValueCount is the answer of the query that Values makes.
type ValueCount struct {
	Metric string `json:"metric"`
	Label  string `json:"label"`
	// TotalSeries and TotalValues count everything, shown or not.
	TotalSeries int `json:"total_series"`
	TotalValues int `json:"total_values"`
	// Values are those with the most series, most first.
	Values []ValueSeries `json:"values"`
	// OtherSeries are those of the values that are not shown.
	OtherSeries int `json:"other_series"`
}

// ValueSeries is how many series of a metric have one value of a label.
type ValueSeries struct {
	Value  string `json:"value"`
	Series int    `json:"series"`
}

// Values makes the query "values": which values of one label of a metric have the
// most series.
func Values(p Producer) Query {
	return Query{
		Name: "values",
		Help: "Series per value of one label of a metric, most series first.",
		Parameters: []Parameter{
			{Name: "metric", Required: true, Help: "the name of the metric"},
			{Name: "label", Required: true, Help: "the name of one of its labels"},
			limitParameter("values", "20"),
		},
		Run: func(ctx context.Context, parameters url.Values) (any, error) {
			return countValues(ctx, p, parameters.Get("metric"), parameters.Get("label"), limitOf(parameters))
		},
	}
}

func countValues(ctx context.Context, p Producer, name, label string, limit int) (ValueCount, error) {
	for f := range p.Collect(ctx) {
		if f.Descriptor.Name != name {
			continue
		}
		at := slices.Index(f.Keys, label)
		if at < 0 {
			return ValueCount{}, BadParameter("label %q is none of metric %s, which has %q", label, name, f.Keys)
		}
		series, total := seriesByValue(ctx, f, at)
		if ctx.Err() != nil {
			break
		}
		return newValueCount(ValueCount{Metric: name, Label: label, TotalSeries: total}, series, limit), nil
	}
	if ctx.Err() != nil {
		return ValueCount{}, context.Cause(ctx)
	}
	return ValueCount{}, BadParameter("metric %q has no series: ask /series for those that have", name)
}

func seriesByValue(ctx context.Context, f *metric.Family, at int) (series map[string]int, total int) {
	series = map[string]int{}
	var values []string
	for p := range f.Points {
		if total++; total%checkEvery == 0 && ctx.Err() != nil {
			break
		}
		values = p.Labels.Values(values[:0], f.Keys)
		series[values[at]]++
	}
	return series, total
}

func newValueCount(count ValueCount, series map[string]int, limit int) ValueCount {
	count.TotalValues = len(series)
	count.Values = make([]ValueSeries, 0, len(series))
	for value, n := range series {
		count.Values = append(count.Values, ValueSeries{value, n})
	}
	slices.SortFunc(count.Values, func(a, b ValueSeries) int {
		return cmp.Or(cmp.Compare(b.Series, a.Series), cmp.Compare(a.Value, b.Value))
	})
	if limit > 0 && limit < len(count.Values) {
		for _, v := range count.Values[limit:] {
			count.OtherSeries += v.Series
		}
		count.Values = slices.Clip(count.Values[:limit])
	}
	return count
}
