package prom_test

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/metertree/metertree/metric"
)

var started = time.Date(2026, 3, 4, 5, 6, 7, 890e6, time.UTC)

// series is a point with its label values, under the family's keys.
type series struct {
	values []string
	metric.Point
}

func familyOf(d metric.Descriptor, keys []string, all ...series) *metric.Family {
	return &metric.Family{Descriptor: d, Keys: keys, Points: func(yield func(*metric.Point) bool) {
		for _, s := range all {
			s.Labels = metric.EncodeLabels(keys, s.values)
			if !yield(&s.Point) {
				return
			}
		}
	}}
}

// wellNamed are families of every kind and aggregation to which no linter
// objects.
func wellNamed() []*metric.Family {
	odd := []string{"", "quote\" back\\slash\nline", "ünï😀", "caf\xe9", "{},= #"}
	var counters []series
	for i, v := range odd {
		counters = append(counters, series{[]string{v, "x"}, metric.Point{Int: int64(i) * 1e12, Start: started}})
	}
	return []*metric.Family{
		familyOf(metric.Descriptor{Name: "calls_total", Kind: metric.Counter, Help: "Calls \\ of\nall \"kinds\"."}, []string{"op", "zone"}, counters...),
		familyOf(metric.Descriptor{Name: "busy_seconds_total", Kind: metric.Counter, Number: metric.Float64, Unit: "seconds", Help: "Work."}, nil,
			series{nil, metric.Point{Float: 0.1}}),
		familyOf(metric.Descriptor{Name: "in_flight", Kind: metric.UpDownCounter, Help: "Under way."}, nil, series{nil, metric.Point{Int: -3}}),
		familyOf(metric.Descriptor{Name: "size_bytes", Kind: metric.Gauge, Unit: "bytes", Help: "Size."}, []string{"v"},
			series{[]string{"inf"}, metric.Point{Float: math.Inf(1)}}, series{[]string{"-inf"}, metric.Point{Float: math.Inf(-1)}},
			series{[]string{"nan"}, metric.Point{Float: math.NaN()}}, series{[]string{"tiny"}, metric.Point{Float: 5e-324}},
			series{[]string{"stale"}, metric.Point{Float: math.Float64frombits(0x7ff0000000000002)}}),
		familyOf(metric.Descriptor{Name: "wait_seconds", Kind: metric.Histogram, Unit: "seconds", Bounds: []float64{.005, 1, 2.5}, Help: "Waits."}, []string{"op"},
			series{[]string{"empty"}, metric.Point{Histogram: metric.HistogramPoint{Bounds: []float64{.005, 1, 2.5}, Counts: make([]uint64, 4)}}},
			series{[]string{"get"}, metric.Point{Start: started, Exemplars: exemplars(4),
				Histogram: metric.HistogramPoint{Bounds: []float64{.005, 1, 2.5}, Counts: []uint64{1, 2, 0, 4}, Sum: 12.5}}},
			series{[]string{"huge"}, metric.Point{
				Histogram: metric.HistogramPoint{Bounds: []float64{1e-9, 1, 1e21}, Counts: []uint64{1 << 52, 12345678901, 99, 1}, Sum: 1e300}}}),
		familyOf(metric.Descriptor{Name: "spread_seconds", Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount, Unit: "seconds", Help: "Spread."}, []string{"op"},
			series{[]string{"get"}, metric.Point{Start: started, Summary: metric.SummaryPoint{Min: .5, Max: 7, Sum: 9.5, Count: 4}}},
			series{[]string{"none"}, metric.Point{}}),
		familyOf(metric.Descriptor{Name: "batch_bytes", Kind: metric.Histogram, Aggregation: metric.Exact, Help: "Batches."}, []string{"op"},
			series{[]string{"get"}, metric.Point{Exact: &metric.ExactPoint{Values: []float64{3, 1, 2}}}},
			series{[]string{"more"}, metric.Point{Exact: &metric.ExactPoint{Values: []float64{1}, Missed: 2, MissedSum: 5}}}),
		familyOf(metric.Descriptor{Name: "sent_bytes", Kind: metric.Histogram, Aggregation: metric.SumAggregation, Help: "Sent."}, nil,
			series{nil, metric.Point{Histogram: metric.HistogramPoint{Counts: []uint64{5}, Sum: 77}}}),
	}
}

// peculiar are families that formats must take, however strange.
func peculiar() []*metric.Family {
	return []*metric.Family{
		familyOf(metric.Descriptor{Name: "plain", Kind: metric.Counter}, nil, series{nil, metric.Point{Int: 7, Start: started}}),
		familyOf(metric.Descriptor{Name: "_total", Kind: metric.Counter}, nil, series{nil, metric.Point{Int: 8}}),
		familyOf(metric.Descriptor{Name: "twice", Kind: metric.Gauge}, nil, series{nil, metric.Point{Float: 1}}),
		familyOf(metric.Descriptor{Name: "twice_total", Kind: metric.Counter}, nil, series{nil, metric.Point{Int: 2}}),
		familyOf(metric.Descriptor{Name: "boundless", Kind: metric.Histogram}, nil,
			series{nil, metric.Point{Histogram: metric.HistogramPoint{Counts: []uint64{3}, Sum: math.Inf(1)}}}),
		familyOf(metric.Descriptor{Name: "nan_sum", Kind: metric.Histogram}, nil,
			series{nil, metric.Point{Histogram: metric.HistogramPoint{Bounds: []float64{1}, Counts: []uint64{3, 1}, Sum: math.NaN()}}}),
		familyOf(metric.Descriptor{Name: "below_zero", Kind: metric.Histogram, Bounds: []float64{-10, 0, 10}}, nil,
			series{nil, metric.Point{Histogram: metric.HistogramPoint{Bounds: []float64{-10, 0, 10}, Counts: []uint64{3, 1, 2, 0}, Sum: -30}}}),
		familyOf(metric.Descriptor{Name: "cold", Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount}, nil,
			series{nil, metric.Point{Summary: metric.SummaryPoint{Min: -7, Max: 1, Sum: -6, Count: 2}}}),
	}
}

// exponentials has histograms at the ends of what native ones can be.
func exponentials() *metric.Family {
	point := func(name string, p metric.ExponentialPoint) series {
		return series{[]string{name}, metric.Point{Exponential: &p, Start: started, Exemplars: exemplars(3)}}
	}
	return familyOf(metric.Descriptor{Name: "adaptive_seconds", Kind: metric.Histogram, Exponential: metric.ExponentialLayout{Size: 160}, Help: "Adaptive."}, []string{"case"},
		point("empty", metric.ExponentialPoint{Scale: 20}),
		point("zeros", metric.ExponentialPoint{Scale: 3, Zero: 9, ZeroThreshold: 1e-6}),
		point("one side", metric.ExponentialPoint{Scale: 3, Sum: 20, PositiveFirst: -3, Positive: []uint64{1, 0, 0, 2, 0, 0, 0, 5, 0, 7}}),
		point("both sides", metric.ExponentialPoint{Scale: 0, Sum: -2, Zero: 1, ZeroThreshold: .25,
			PositiveFirst: 0, Positive: []uint64{1, 2}, NegativeFirst: -1, Negative: []uint64{4, 0, 1}}),
		point("finer", metric.ExponentialPoint{Scale: 12, Sum: 30, PositiveFirst: -17, Positive: slices.Repeat([]uint64{1, 2, 0}, 20), NegativeFirst: 5, Negative: []uint64{3}}),
		point("finest", metric.ExponentialPoint{Scale: 20, Sum: 1, PositiveFirst: -1 << 20, Positive: []uint64{0, 0, 1, 1, 0}}),
		point("coarse", metric.ExponentialPoint{Scale: -4, Sum: 1e9, PositiveFirst: -2, Positive: []uint64{1, 2, 3, 4}}),
		point("too coarse", metric.ExponentialPoint{Scale: -6, Sum: 1e9, PositiveFirst: -2, Positive: []uint64{1, 2, 3, 4}}),
		point("untrimmed", metric.ExponentialPoint{Scale: 9, Sum: 8, PositiveFirst: 100, Positive: append(make([]uint64, 30), 8, 0, 0, 0)}),
	)
}

func exemplars(n int) []*metric.Exemplar {
	all := make([]*metric.Exemplar, n)
	all[0] = &metric.Exemplar{TraceID: strings.Repeat("4b", 16), SpanID: "00f067aa0ba902b7", Value: .004, Time: started}
	all[1] = &metric.Exemplar{TraceID: strings.Repeat("x", 120), SpanID: "too long by far", Value: .5, Time: started}
	all[2] = &metric.Exemplar{TraceID: strings.Repeat("y", 121), Value: 2, Time: started}
	return all
}

// shown is how a label value is exposed.
func shown(value string) string { return strings.ReplaceAll(value, "\xe9", "\uFFFDe9") }

// name returns the key under which a sample is compared.
func name(sample string, keys, values []string, extra ...string) string {
	b := labels.NewScratchBuilder(4)
	b.Add("__name__", sample)
	for i, key := range keys {
		if values[i] != "" {
			b.Add(key, shown(values[i]))
		}
	}
	for i := 0; i < len(extra); i += 2 {
		b.Add(extra[i], extra[i+1])
	}
	b.Sort()
	return b.Labels().String()
}

// expected are the samples that families stand for, in formats that have no
// native histograms.
func expected(families iter.Seq[*metric.Family], quantiles ...float64) map[string]float64 {
	samples := map[string]float64{}
	for f := range families {
		for p := range f.Points {
			values := p.Labels.Values(nil, f.Keys)
			at := func(suffix string, extra ...string) string {
				return name(f.Descriptor.Name+suffix, f.Keys, values, extra...)
			}
			switch {
			case f.Descriptor.Kind == metric.Gauge || f.Descriptor.Kind != metric.Histogram && f.Descriptor.Number == metric.Float64:
				samples[at("")] = p.Float
			case f.Descriptor.Kind != metric.Histogram:
				samples[at("")] = float64(p.Int)
			default:
				expectedOfHistogram(samples, f.Descriptor.Kept(), p, at, quantiles)
			}
		}
	}
	return samples
}

func expectedOfHistogram(samples map[string]float64, kept metric.Aggregation, p *metric.Point, at func(string, ...string) string, quantiles []float64) {
	switch kept {
	case metric.MinMaxSumCount:
		samples[at("_count")], samples[at("_sum")] = float64(p.Summary.Count), p.Summary.Sum
		if p.Summary.Count > 0 {
			samples[at("_min")], samples[at("_max")] = p.Summary.Min, p.Summary.Max
		}
	case metric.Exact:
		samples[at("_count")], samples[at("_sum")] = float64(p.Exact.Count()), p.Exact.Sum()
		sorted := slices.Sorted(slices.Values(p.Exact.Values))
		for _, q := range quantiles {
			if p.Exact.Missed == 0 {
				rank := max(int(math.Ceil(q*float64(len(sorted)))), 1)
				samples[at("_quantile", "quantile", fmt.Sprint(q))] = sorted[rank-1]
			}
		}
	case metric.SumAggregation:
		samples[at("_count")], samples[at("_sum")] = float64(p.Histogram.Count()), p.Histogram.Sum
	default:
		h := p.Buckets()
		samples[at("_count")], samples[at("_sum")] = float64(h.Count()), h.Sum
		var cumulative uint64
		for i, n := range h.Counts {
			cumulative += n
			bound := math.Inf(1)
			if i < len(h.Bounds) {
				bound = h.Bounds[i]
			}
			samples[at("_bucket", "le", formatted(bound))] = float64(cumulative)
		}
	}
}

func formatted(bound float64) string { return strconv.FormatFloat(bound, 'g', -1, 64) }
