//go:build !race

// The race detector makes pools forget at random, so what they save cannot be
// asserted under it.

package prometheus

import (
	"io"
	"testing"

	"github.com/metertree/metertree/metric"
)

func TestAllocationsDoNotGrowWithSeries(t *testing.T) {
	for name, make := range map[string]func(int) *metric.Family{"counter": largeFamily, "histogram": largeHistogram} {
		t.Run(name, func(t *testing.T) {
			allocations := func(series int) float64 {
				all := families(make(series))
				return testing.AllocsPerRun(20, func() {
					if _, err := Write(t.Context(), io.Discard, all); err != nil {
						t.Fatal(err)
					}
				})
			}
			few, many := allocations(10), allocations(20_000)
			if many > few+2 || many > 10 {
				t.Errorf("%v allocations for 10 series, %v for 20,000", few, many)
			}
		})
	}
}
