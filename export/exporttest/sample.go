package exporttest

import (
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// newBatch returns a batch of the last minute before now whose memory lasts.
func newBatch(temporality metric.Temporality, now time.Time, families []*metric.Family) *export.Batch {
	return &export.Batch{
		Temporality: temporality,
		Start:       now.Add(-time.Minute),
		Time:        now,
		Families:    slices.Values(families),
	}
}

// Families returns one family, with three series at least, of every kind,
// number and aggregation, ordered by name, with values as they are common. Their
// series began an hour before now.
func Families(now time.Time) iter.Seq[*metric.Family] { return slices.Values(plainFamilies(now)) }

// OddFamilies returns families as Families does, with values that are not finite
// or extreme, distributions of nothing, and label values of any bytes.
func OddFamilies(now time.Time) iter.Seq[*metric.Family] { return slices.Values(oddFamilies(now)) }

// plainValues and oddValues are the values of labels.
var (
	plainValues = []string{"error", "ok", "slow"}
	oddValues   = []string{
		"", " ", "\x00", "\t\r\n", `\`, `"`, `",le="`, ",=}{", "é", "日本", "\u2028", "\uFFFD", "\uFFFDff",
		"caf\xe9", "\xff\xfe", strings.Repeat("long", 256),
	}
	oddFloats = []float64{
		0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64,
		math.SmallestNonzeroFloat64, 1.0 / 3,
	}
	oddInts = []int64{0, math.MaxInt64, math.MinInt64, 1<<53 + 1}
)

// newFamily returns a family under the label l, plain, with a point for each
// value.
func newFamily(d metric.Descriptor, now time.Time, values []string, fill func(i int, p *metric.Point)) *metric.Family {
	keys := []string{"l", "plain"}
	d.Keys = keys
	points := make([]metric.Point, len(values))
	for i, v := range values {
		points[i] = metric.Point{Labels: metric.EncodeLabels(keys, []string{v, "1"}), Start: now.Add(-time.Hour)}
		fill(i, &points[i])
	}
	slices.SortFunc(points, func(a, b metric.Point) int { return strings.Compare(string(a.Labels), string(b.Labels)) })
	return &metric.Family{Descriptor: d, Keys: keys, Points: pointsOf(points)}
}

func plainFamilies(now time.Time) []*metric.Family {
	bounds := []float64{0.1, 1}
	of := func(d metric.Descriptor, fill func(i int, p *metric.Point)) *metric.Family {
		d.Help = "A metric with a \\ and a\nline end in its help."
		return newFamily(d, now, plainValues, fill)
	}
	return []*metric.Family{
		of(metric.Descriptor{Name: "counter_float_seconds_total", Kind: metric.Counter, Number: metric.Float64, Unit: "seconds"},
			func(i int, p *metric.Point) { p.Float = 1.5 * float64(i) }),
		of(metric.Descriptor{Name: "counter_int_total", Kind: metric.Counter},
			func(i int, p *metric.Point) { p.Int = int64(i) }),
		of(metric.Descriptor{Name: "gauge", Kind: metric.Gauge, Number: metric.Float64},
			func(i int, p *metric.Point) { p.Float = -1.5 * float64(i) }),
		of(metric.Descriptor{Name: "histogram_exact", Kind: metric.Histogram, Number: metric.Float64, Aggregation: metric.Exact},
			func(i int, p *metric.Point) {
				p.Exact = &metric.ExactPoint{Values: []float64{3, 1, 2}, Missed: 1, MissedSum: 4}
			}),
		of(metric.Descriptor{Name: "histogram_explicit_seconds", Kind: metric.Histogram, Number: metric.Float64, Unit: "seconds", Bounds: bounds},
			func(i int, p *metric.Point) {
				p.Histogram = metric.HistogramPoint{Bounds: bounds, Counts: []uint64{1, uint64(i), 3}, Sum: 7.5}
				p.Exemplars = []*metric.Exemplar{nil, {
					TraceID: "4bf92f3577b34da6a3ce929d0e0e4736", SpanID: "00f067aa0ba902b7", Value: 0.5, Time: now.Add(-time.Second),
				}, nil}
			}),
		of(metric.Descriptor{Name: "histogram_exponential", Kind: metric.Histogram, Number: metric.Float64,
			Exponential: metric.ExponentialLayout{Size: 160, ZeroThreshold: 1e-9}},
			func(i int, p *metric.Point) {
				p.Exponential = &metric.ExponentialPoint{Scale: 1, ZeroThreshold: 1e-9, Zero: 1, Sum: 9.5,
					PositiveFirst: 2, Positive: []uint64{1, 0, uint64(i)}, NegativeFirst: -3, Negative: []uint64{2}}
			}),
		of(metric.Descriptor{Name: "histogram_extremes", Kind: metric.Histogram, Number: metric.Float64, Aggregation: metric.MinMaxSumCount},
			func(i int, p *metric.Point) { p.Summary = metric.SummaryPoint{Min: 1, Max: 5, Sum: 9, Count: 3} }),
		of(metric.Descriptor{Name: "histogram_sum", Kind: metric.Histogram, Number: metric.Float64, Aggregation: metric.SumAggregation},
			func(i int, p *metric.Point) { p.Histogram = metric.HistogramPoint{Counts: []uint64{3}, Sum: 9} }),
		of(metric.Descriptor{Name: "updown_float", Kind: metric.UpDownCounter, Number: metric.Float64},
			func(i int, p *metric.Point) { p.Float = -0.5 }),
		of(metric.Descriptor{Name: "updown_int", Kind: metric.UpDownCounter},
			func(i int, p *metric.Point) { p.Int = int64(-i) }),
	}
}

func oddFamilies(now time.Time) []*metric.Family {
	float := func(i int) float64 { return oddFloats[i%len(oddFloats)] }
	of := func(d metric.Descriptor, fill func(i int, p *metric.Point)) *metric.Family {
		return newFamily(d, now, oddValues, fill)
	}
	return []*metric.Family{
		of(metric.Descriptor{Name: "odd_counter_total", Kind: metric.Counter},
			func(i int, p *metric.Point) { p.Int, p.Start = oddInts[i%len(oddInts)], time.Time{} }),
		of(metric.Descriptor{Name: "odd_exact", Kind: metric.Histogram, Number: metric.Float64, Aggregation: metric.Exact},
			func(i int, p *metric.Point) { p.Exact = &metric.ExactPoint{Values: oddFloats[:i%len(oddFloats)]} }),
		of(metric.Descriptor{Name: "odd_explicit", Kind: metric.Histogram, Number: metric.Float64, Bounds: []float64{1}},
			func(i int, p *metric.Point) {
				p.Histogram = metric.HistogramPoint{Bounds: []float64{1}, Counts: []uint64{0, 1 << 60}, Sum: float(i)}
			}),
		of(metric.Descriptor{Name: "odd_exponential", Kind: metric.Histogram, Number: metric.Float64,
			Exponential: metric.ExponentialLayout{Size: 1}},
			func(i int, p *metric.Point) { p.Exponential = &metric.ExponentialPoint{Scale: i - 8, Sum: float(i)} }),
		of(metric.Descriptor{Name: "odd_extremes", Kind: metric.Histogram, Number: metric.Float64, Aggregation: metric.MinMaxSumCount},
			func(i int, p *metric.Point) {
				p.Summary = metric.SummaryPoint{Min: float(i), Max: float(i + 1), Sum: float(i + 2), Count: uint64(i % 2)}
			}),
		of(metric.Descriptor{Name: "odd_gauge", Kind: metric.Gauge, Number: metric.Float64},
			func(i int, p *metric.Point) { p.Float = float(i) }),
		of(metric.Descriptor{Name: "odd_updown", Kind: metric.UpDownCounter, Number: metric.Float64},
			func(i int, p *metric.Point) { p.Float = float(i) }),
		newFamily(metric.Descriptor{Name: "plain_beside_odd_total", Kind: metric.Counter}, now, plainValues,
			func(i int, p *metric.Point) { p.Int = 1 }),
	}
}
