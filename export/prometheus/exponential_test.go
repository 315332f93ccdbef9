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
