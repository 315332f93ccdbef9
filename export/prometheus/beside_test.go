package prometheus

import (
	"math"
	"testing"

	"github.com/metertree/metertree/metric"
)

func extremesPoint(s metric.SummaryPoint, values ...string) point {
	return point{values, metric.Point{Summary: s}}
}

func exactPoint(p metric.ExactPoint, values ...string) point {
	return point{values, metric.Point{Exact: &p}}
}

func TestExtremesAreFamiliesOfTheirOwn(t *testing.T) {
	got := write(t,
		family(metric.Descriptor{Name: "w_seconds", Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount, Unit: "seconds", Help: "Waits."}, []string{"op"},
			extremesPoint(metric.SummaryPoint{Min: .5, Max: 7, Sum: 9.5, Count: 4}, "get"),
			extremesPoint(metric.SummaryPoint{Min: 99, Max: 99}, "none"),
			extremesPoint(metric.SummaryPoint{Min: -1, Max: math.Inf(1), Sum: math.NaN(), Count: 2}, "put")),
		family(metric.Descriptor{Name: "x", Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount}, nil, extremesPoint(metric.SummaryPoint{})),
		family(metric.Descriptor{Name: "y", Kind: metric.Gauge}, nil, floatPoint(1)))
	want := `# HELP w_seconds Waits.
# TYPE w_seconds summary
w_seconds_sum{op="get"} 9.5
w_seconds_count{op="get"} 4
w_seconds_sum{op="none"} 0
w_seconds_count{op="none"} 0
w_seconds_sum{op="put"} NaN
w_seconds_count{op="put"} 2
# HELP w_seconds_min Least value of: Waits.
# TYPE w_seconds_min gauge
w_seconds_min{op="get"} 0.5
w_seconds_min{op="put"} -1
# HELP w_seconds_max Greatest value of: Waits.
# TYPE w_seconds_max gauge
w_seconds_max{op="get"} 7
w_seconds_max{op="put"} +Inf
# TYPE x summary
x_sum 0
x_count 0
# TYPE y gauge
y 1
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestSumsOfHistograms(t *testing.T) {
	d := metric.Descriptor{Name: "w", Kind: metric.Histogram, Aggregation: metric.SumAggregation}
	one := histogramPoint(nil, []uint64{4}, 2.5)
	if got, want := write(t, family(d, nil, one)), "# TYPE w summary\nw_sum 2.5\nw_count 4\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestExactQuantiles(t *testing.T) {
	d := metric.Descriptor{Name: "w", Kind: metric.Histogram, Aggregation: metric.Exact, Help: "Waits."}
	exact := func(keys []string) *metric.Family {
		return family(d, keys,
			exactPoint(metric.ExactPoint{Values: []float64{3, 1, 2}}, "all"),
			exactPoint(metric.ExactPoint{Values: []float64{1}, Missed: 1, MissedSum: 4}, "missed"),
			exactPoint(metric.ExactPoint{}, "none"),
			point{[]string{"nil"}, metric.Point{}})
	}
	sums := `# HELP w Waits.
# TYPE w summary
w_sum{op="all"} 6
w_count{op="all"} 3
w_sum{op="missed"} 5
w_count{op="missed"} 2
w_sum{op="none"} 0
w_count{op="none"} 0
`
	if got := write(t, exact([]string{"op"})); got != sums {
		t.Errorf("without quantiles:\n%s\nwant:\n%s", got, sums)
	}
	asked := Exposition{Quantiles: []float64{.99, .5, 0, .5, -1, 1.5, math.NaN()}}
	want := sums + `# HELP w_quantile Quantiles of: Waits.
# TYPE w_quantile gauge
w_quantile{op="all",quantile="0"} 1
w_quantile{op="all",quantile="0.5"} 2
w_quantile{op="all",quantile="0.99"} 3
`
	if got := string(writeAs(t, asked, exact([]string{"op"}))); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	without := family(d, nil, exactPoint(metric.ExactPoint{Values: []float64{7}}))
	if got, want := string(writeAs(t, Exposition{Quantiles: []float64{.5}}, without)),
		"# HELP w Waits.\n# TYPE w summary\nw_sum 7\nw_count 1\n# HELP w_quantile Quantiles of: Waits.\n# TYPE w_quantile gauge\nw_quantile{quantile=\"0.5\"} 7\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// A label of that name twice would make the scrape unreadable.
func TestNoQuantilesBesideALabelOfThatName(t *testing.T) {
	d := metric.Descriptor{Name: "w", Kind: metric.Histogram, Aggregation: metric.Exact}
	got := string(writeAs(t, Exposition{Quantiles: []float64{.5}}, family(d, []string{"quantile"}, exactPoint(metric.ExactPoint{Values: []float64{1}}, "x"))))
	if want := "# TYPE w summary\nw_sum{quantile=\"x\"} 1\nw_count{quantile=\"x\"} 1\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// The values beside a family stay whole when it is handed over in pieces.
func TestManyExtremes(t *testing.T) {
	for _, f := range []Format{Text, OpenMetrics, Protobuf} {
		t.Run(f.String(), func(t *testing.T) {
			const series = 20_000
			d := metric.Descriptor{Name: "w", Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount}
			large := &metric.Family{Descriptor: d, Keys: []string{"op"}, Points: func(yield func(*metric.Point) bool) {
				p := metric.Point{Labels: metric.EncodeLabels([]string{"op"}, []string{"some text, so that messages grow"})}
				for i := range series {
					p.Summary = metric.SummaryPoint{Min: float64(i), Max: float64(2 * i), Count: 1}
					if !yield(&p) {
						return
					}
				}
			}}
			page := writeAs(t, Exposition{Format: f}, large)
			least, greatest := 0, 0
			if f == Protobuf {
				for _, m := range readDelimited(t, page) {
					switch n := len(m[4]); m.text(t, 1) {
					case "w_min":
						least += n
					case "w_max":
						greatest += n
					}
				}
			} else {
				samples, err := readText(string(page))
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range samples {
					switch s.name {
					case "w_min":
						if s.value != float64(least) {
							t.Fatalf("minimum %v, want %d", s.value, least)
						}
						least++
					case "w_max":
						greatest++
					}
				}
			}
			if least != series || greatest != series {
				t.Errorf("%d and %d, want %d of each", least, greatest, series)
			}
		})
	}
}
