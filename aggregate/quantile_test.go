package aggregate

import (
	"math"
	"testing"
)

func TestNearestRank(t *testing.T) {
	tests := []struct {
		q    float64
		n    uint64
		want uint64
	}{
		{0, 5, 1}, {0.2, 5, 1}, {0.21, 5, 2}, {0.5, 5, 3}, {0.5, 4, 2}, {1, 5, 5},
		{0.07, 100, 7}, {0.29, 100, 29}, {0.57, 100, 57}, {0.99, 1, 1}, {0.999, 1000, 999},
		{0.9990001, 1000, 1000},
	}
	for _, tt := range tests {
		if got := nearestRank(tt.q, tt.n); got != tt.want {
			t.Errorf("nearestRank(%v, %d) = %d, want %d", tt.q, tt.n, got, tt.want)
		}
	}
}

// TestQuantilesOutOfRange holds for all three distributions.
func TestQuantilesOutOfRange(t *testing.T) {
	explicit := ExplicitState{Bounds: []float64{1, 2}, Counts: []uint64{1, 1, 0}}
	sketch := SketchState{Size: 160, Positive: SketchBuckets{Counts: []uint64{1}}}
	exact := ExactState{Values: []float64{1}}
	exactly := func(s *ExactState) func(float64) float64 {
		return func(q float64) float64 {
			v, err := s.Quantile(q)
			if err != nil {
				t.Error(err)
			}
			return v
		}
	}
	tests := []struct {
		name     string
		quantile func(float64) float64
		empty    bool
	}{
		{"explicit", explicit.Quantile, false}, {"sketch", sketch.Quantile, false}, {"exact", exactly(&exact), false},
		{"empty explicit", (&ExplicitState{}).Quantile, true}, {"empty sketch", (&SketchState{}).Quantile, true},
		{"empty exact", exactly(&ExactState{}), true},
	}
	for _, tt := range tests {
		if got := tt.quantile(-0.1); !math.IsInf(got, -1) {
			t.Errorf("%s: quantile of -0.1 = %v, want -Inf", tt.name, got)
		}
		if got := tt.quantile(1.1); !math.IsInf(got, 1) {
			t.Errorf("%s: quantile of 1.1 = %v, want +Inf", tt.name, got)
		}
		if got := tt.quantile(math.NaN()); !math.IsNaN(got) {
			t.Errorf("%s: quantile of NaN = %v, want NaN", tt.name, got)
		}
		if got := tt.quantile(0.5); math.IsNaN(got) != tt.empty {
			t.Errorf("%s: median = %v", tt.name, got)
		}
	}
}
