package metric

import (
	"math"
	"slices"
	"testing"
)

func TestExponentialBucketsAsExplicitOnes(t *testing.T) {
	for name, test := range map[string]struct {
		point  ExponentialPoint
		bounds []float64
		counts []uint64
	}{
		"empty": {ExponentialPoint{}, nil, []uint64{0}},
		"scale 1 merges pairs": {
			ExponentialPoint{Scale: 1, PositiveFirst: 1, Positive: []uint64{1, 2, 3, 4}},
			[]float64{2, 4, 8}, []uint64{1, 5, 4, 0}},
		"scale -1 has powers of four": {
			ExponentialPoint{Scale: -1, PositiveFirst: -1, Positive: []uint64{1, 2}},
			[]float64{1, 4}, []uint64{1, 2, 0}},
		"both signs and zero": {
			ExponentialPoint{ZeroThreshold: 0.5, Zero: 7, PositiveFirst: 0, Positive: []uint64{1},
				NegativeFirst: 0, Negative: []uint64{2, 3}},
			[]float64{-2, -1, 0.5, 2}, []uint64{3, 2, 7, 1, 0}},
		"beyond the greatest float": {
			ExponentialPoint{Scale: 0, PositiveFirst: 1022, Positive: []uint64{1, 2}},
			[]float64{math.Ldexp(1, 1023)}, []uint64{1, 2}},
	} {
		got := test.point.Explicit()
		if !slices.Equal(got.Bounds, test.bounds) || !slices.Equal(got.Counts, test.counts) {
			t.Errorf("%s: bounds %v counts %v, want %v and %v", name, got.Bounds, got.Counts, test.bounds, test.counts)
		}
		if got.Count() != test.point.Count() {
			t.Errorf("%s: count %d, want %d", name, got.Count(), test.point.Count())
		}
	}
}
