package prometheus

import (
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

func TestExponentialHistogramsAreWrittenWithExplicitBuckets(t *testing.T) {
	family := &metric.Family{
		Descriptor: metric.Descriptor{Name: "h", Kind: metric.Histogram, Number: metric.Float64},
		Points: func(yield func(*metric.Point) bool) {
			yield(&metric.Point{Exponential: &metric.ExponentialPoint{
				Scale: 1, PositiveFirst: 0, Positive: []uint64{1, 2, 3}, Sum: 9,
			}})
		},
	}
	var page strings.Builder
	if _, err := Write(t.Context(), &page, slices.Values([]*metric.Family{family})); err != nil {
		t.Fatal(err)
	}
	want := `# TYPE h histogram
h_bucket{le="2"} 3
h_bucket{le="4"} 6
h_bucket{le="+Inf"} 6
h_sum 9
h_count 6
`
	if got := page.String(); got != want {
		t.Errorf("written:\n%s\nwant:\n%s", got, want)
	}
}

func TestSeriesOfAnExponentialFamilyAddUpByBound(t *testing.T) {
	small := &metric.ExponentialPoint{PositiveFirst: 0, Positive: []uint64{2}, Sum: 4}
	great := &metric.ExponentialPoint{PositiveFirst: 2, Positive: []uint64{3}, Sum: 20}
	all := small.Range().Union(great.Range())
	family := &metric.Family{
		Descriptor: metric.Descriptor{Name: "h", Kind: metric.Histogram, Number: metric.Float64, Keys: []string{"k"}},
		Keys:       []string{"k"},
		Points: func(yield func(*metric.Point) bool) {
			for i, p := range []*metric.ExponentialPoint{great, small} {
				p.Family = &all
				if !yield(&metric.Point{Labels: metric.EncodeLabels([]string{"k"}, []string{[]string{"great", "small"}[i]}), Exponential: p}) {
					return
				}
			}
		},
	}
	var page strings.Builder
	if _, err := Write(t.Context(), &page, slices.Values([]*metric.Family{family})); err != nil {
		t.Fatal(err)
	}
	want := `# TYPE h histogram
h_bucket{k="great",le="8"} 3
h_bucket{k="great",le="+Inf"} 3
h_sum{k="great"} 20
h_count{k="great"} 3
h_bucket{k="small",le="2"} 2
h_bucket{k="small",le="4"} 2
h_bucket{k="small",le="8"} 2
h_bucket{k="small",le="+Inf"} 2
h_sum{k="small"} 4
h_count{k="small"} 2
`
	if got := page.String(); got != want {
		t.Errorf("written:\n%s\nwant:\n%s", got, want)
	}
}
