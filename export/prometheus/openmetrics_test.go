package prometheus

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
)

func TestOpenMetrics(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 60e6, time.UTC)
	started := func(p point) point { p.Start = at; return p }
	exemplary := histogramPoint([]float64{.5, 2}, []uint64{1, 2, 4}, 12.5, "get")
	exemplary.Exemplars = []*metric.Exemplar{
		{TraceID: "4bf9", SpanID: "00f0", Value: .25, Time: at}, nil, {TraceID: "q\"\n\\", Value: 7},
	}
	tests := []struct {
		name    string
		created Created
		family  *metric.Family
		want    string
	}{
		{
			name:   "the family of a counter has no _total",
			family: family(metric.Descriptor{Name: "busy_seconds_total", Kind: metric.Counter, Unit: "seconds", Help: "The \"work\" \\ of\nall."}, nil, intPoint(3)),
			want:   "# TYPE busy_seconds counter\n# UNIT busy_seconds seconds\n# HELP busy_seconds The \\\"work\\\" \\\\ of\\nall.\nbusy_seconds_total 3\n",
		},
		{
			name:   "a counter without _total",
			family: family(metric.Descriptor{Name: "calls", Kind: metric.Counter}, nil, started(intPoint(-3))),
			want:   "# TYPE calls unknown\ncalls -3\n",
		},
		{
			name:   "a counter that is none is left out",
			family: family(metric.Descriptor{Name: "c_total", Kind: metric.Counter, Number: metric.Float64}, []string{"v"}, floatPoint(math.NaN(), "a"), floatPoint(-1, "b"), floatPoint(2, "c")),
			want:   "# TYPE c counter\nc_total{v=\"c\"} 2\n",
		},
		{
			name:    "created",
			created: WithCreated,
			family:  family(metric.Descriptor{Name: "c_total", Kind: metric.Counter}, []string{"op"}, started(intPoint(1, "get")), intPoint(2, "put")),
			want:    "# TYPE c counter\nc_total{op=\"get\"} 1\nc_created{op=\"get\"} 1767323045.06\nc_total{op=\"put\"} 2\n",
		},
		{
			name:   "no unit that the name does not end with",
			family: family(metric.Descriptor{Name: "wait_ms", Kind: metric.Gauge, Unit: "seconds"}, nil, floatPoint(1)),
			want:   "# TYPE wait_ms gauge\nwait_ms 1\n",
		},
		{
			name:   "no unit that is the name",
			family: family(metric.Descriptor{Name: "_seconds", Kind: metric.Gauge, Unit: "seconds"}, nil, floatPoint(1)),
			want:   "# TYPE _seconds gauge\n_seconds 1\n",
		},
		{
			name:    "histogram with exemplars",
			created: WithCreated,
			family:  family(metric.Descriptor{Name: "h", Kind: metric.Histogram}, []string{"op"}, started(exemplary)),
			want: "# TYPE h histogram\n" +
				"h_bucket{op=\"get\",le=\"0.5\"} 1 # {trace_id=\"4bf9\",span_id=\"00f0\"} 0.25 1767323045.06\n" +
				"h_bucket{op=\"get\",le=\"2.0\"} 3\n" +
				"h_bucket{op=\"get\",le=\"+Inf\"} 7 # {trace_id=\"q\\\"\\n\\\\\"} 7\n" +
				"h_count{op=\"get\"} 7\nh_sum{op=\"get\"} 12.5\nh_created{op=\"get\"} 1767323045.06\n",
		},
		{
			name: "a histogram of values below zero is in pieces",
			family: family(metric.Descriptor{Name: "h", Kind: metric.Histogram, Bounds: []float64{-1}, Help: "Heat."}, []string{"op"},
				histogramPoint([]float64{-1}, []uint64{0, 3}, 5, "get"), histogramPoint([]float64{-1}, []uint64{2, 3}, -5, "put")),
			want: "# TYPE h_bucket unknown\n# HELP h_bucket Heat.\n" +
				"h_bucket{op=\"get\",le=\"-1.0\"} 0\nh_bucket{op=\"get\",le=\"+Inf\"} 3\n" +
				"h_bucket{op=\"put\",le=\"-1.0\"} 2\nh_bucket{op=\"put\",le=\"+Inf\"} 5\n" +
				"# TYPE h_count gauge\n# HELP h_count Number of values: Heat.\nh_count{op=\"get\"} 3\nh_count{op=\"put\"} 5\n" +
				"# TYPE h_sum gauge\n# HELP h_sum Sum of: Heat.\nh_sum{op=\"get\"} 5\nh_sum{op=\"put\"} -5\n",
		},
		{
			name:   "so is a summary",
			family: family(metric.Descriptor{Name: "s", Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount}, nil, extremesPoint(metric.SummaryPoint{Min: -2, Max: 3, Sum: 1, Count: 2})),
			want: "# TYPE s_count gauge\ns_count 2\n# TYPE s_sum gauge\ns_sum 1\n" +
				"# TYPE s_min gauge\ns_min -2\n# TYPE s_max gauge\ns_max 3\n",
		},
		{
			name: "an exponential one of values below zero has neither sum nor count",
			family: family(metric.Descriptor{Name: "e", Kind: metric.Histogram, Exponential: metric.ExponentialLayout{Size: 4}}, nil,
				point{nil, metric.Point{Exponential: &metric.ExponentialPoint{Negative: []uint64{1}, Sum: -1.5}}}),
			want: "# TYPE e histogram\ne_bucket{le=\"-1.0\"} 1\ne_bucket{le=\"0.0\"} 1\ne_bucket{le=\"+Inf\"} 1\n",
		},
		{
			name:    "a summary with its start",
			created: WithCreated,
			family: family(metric.Descriptor{Name: "s", Kind: metric.Histogram, Aggregation: metric.SumAggregation}, []string{"op"},
				started(histogramPoint(nil, []uint64{2}, 3, "get")), histogramPoint(nil, []uint64{1}, 0, "put")),
			want: "# TYPE s summary\ns_count{op=\"get\"} 2\ns_sum{op=\"get\"} 3\ns_created{op=\"get\"} 1767323045.06\ns_count{op=\"put\"} 1\ns_sum{op=\"put\"} 0\n",
		},
		{
			name:   "a sum that cannot be is left out, and with it the count",
			family: family(metric.Descriptor{Name: "h", Kind: metric.Histogram, Bounds: []float64{1}}, nil, histogramPoint([]float64{1}, []uint64{3, 0}, -5)),
			want:   "# TYPE h histogram\nh_bucket{le=\"1.0\"} 3\nh_bucket{le=\"+Inf\"} 3\n",
		},
		{
			name:   "nothing",
			family: family(metric.Descriptor{Name: "h", Kind: metric.Histogram, Help: "Nothing."}, nil),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := string(writeAs(t, Exposition{Format: OpenMetrics, Created: tt.created}, tt.family))
			if want := tt.want + "# EOF\n"; got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// Two families of one name would be refused, with all others.
func TestOpenMetricsFamiliesHaveNamesOfTheirOwn(t *testing.T) {
	got := string(writeAs(t, Exposition{Format: OpenMetrics},
		family(metric.Descriptor{Name: "x", Kind: metric.Gauge}, nil, floatPoint(1)),
		family(metric.Descriptor{Name: "x_total", Kind: metric.Counter}, nil, intPoint(2)),
		family(metric.Descriptor{Name: "y_total", Kind: metric.Counter}, nil, intPoint(3))))
	want := "# TYPE x gauge\nx 1\n# TYPE x_total unknown\nx_total 2\n# TYPE y counter\ny_total 3\n# EOF\n"
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestExemplarsKeepToTheLimit(t *testing.T) {
	for _, tt := range []struct {
		trace, span         string
		wantTrace, wantSpan int
	}{
		{strings.Repeat("t", 32), strings.Repeat("s", 16), 32, 16},
		{strings.Repeat("t", 50), strings.Repeat("s", 63), 50, 63},
		{strings.Repeat("t", 50), strings.Repeat("s", 64), 50, 0},
		{strings.Repeat("t", 120), "s", 120, 0},
		{strings.Repeat("ü", 120), "", 240, 0},
		{strings.Repeat("t", 121), "", -1, 0},
		{strings.Repeat("\xff", 41), "", -1, 0},
		{"", "s", -1, 0},
	} {
		trace, span, ok := exemplarLabels(&metric.Exemplar{TraceID: tt.trace, SpanID: tt.span})
		if ok != (tt.wantTrace >= 0) || ok && (len(trace) != tt.wantTrace || len(span) != tt.wantSpan) {
			t.Errorf("%d and %d bytes: %q %q %t", len(tt.trace), len(tt.span), trace, span, ok)
		}
	}
}

func TestCanonicalBounds(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.0", 1: "1.0", -10: "-10.0", .005: "0.005", 1e6: "1e+06", 1e-9: "1e-09", 123456: "123456.0", math.Inf(1): "+Inf",
	} {
		if got := string(appendCanonical(nil, v)); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}
